package recurrent

import (
	"fmt"
	"math"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

const family = "recurrent"

// Input positions that the three operators share.
const (
	inX, inW, inR, inB, inLens, inH = 0, 1, 2, 3, 4, 5
	inC, inP                        = 6, 7 // of LSTM
)

// attrs are the attributes that the operators share.
func attrs(more ...op.Attr) []op.Attr {
	return append([]op.Attr{
		{Name: "activation_alpha", Kind: op.Floats},
		{Name: "activation_beta", Kind: op.Floats},
		{Name: "activations", Kind: op.Strs},
		{Name: "clip", Kind: op.Float},
		{Name: "direction", Kind: op.Str, Default: "forward"},
		{Name: "hidden_size", Kind: op.Int},
		{Name: "layout", Kind: op.Int, Default: int64(0)},
	}, more...)
}

// layer is what the attributes of a node say.
type layer struct {
	gates    int // rows of W and R for each hidden unit
	dirs     int
	reversed []bool // by direction
	acts     [][]activation
	clip     float64 // +Inf where there is none
	batch    bool    // the batch axis comes first
}

// newLayer reads a node. defaults are the activation functions of one direction.
func newLayer(n *ir.Node, gates int, defaults ...string) (*layer, error) {
	l := &layer{gates: gates, dirs: 1, clip: math.Inf(1), batch: n.Int("layout", 0) != 0}
	switch d := n.Str("direction", "forward"); d {
	case "forward":
		l.reversed = []bool{false}
	case "reverse":
		l.reversed = []bool{true}
	case "bidirectional":
		l.dirs, l.reversed = 2, []bool{false, true}
	default:
		return nil, fmt.Errorf("direction %q is not known", d)
	}
	if n.Has("clip") {
		if l.clip = n.Float("clip", 0); !(l.clip > 0) {
			return nil, fmt.Errorf("clip is %v", l.clip)
		}
	}
	names, _ := n.Attrs["activations"].([]string)
	if len(names) == 0 {
		for range l.dirs {
			names = append(names, defaults...)
		}
	}
	if len(names) != l.dirs*len(defaults) {
		return nil, fmt.Errorf("%d activations for %d directions of %d", len(names), l.dirs, len(defaults))
	}
	alpha, beta := n.Floats("activation_alpha"), n.Floats("activation_beta")
	take := func(list *[]float64, def float64) float64 {
		if len(*list) == 0 {
			return def
		}
		v := (*list)[0]
		*list = (*list)[1:]
		return v
	}
	for i, name := range names {
		k, ok := kinds[strings.ToLower(name)]
		if !ok {
			return nil, fmt.Errorf("activation %q is not known", name)
		}
		a := activation{kind: k}
		if k.params > 0 {
			a.alpha = take(&alpha, k.alpha)
		}
		if k.params > 1 {
			a.beta = take(&beta, k.beta)
		}
		if i%len(defaults) == 0 {
			l.acts = append(l.acts, nil)
		}
		d := i / len(defaults)
		l.acts[d] = append(l.acts[d], a)
	}
	return l, nil
}

// infer types the outputs: Y, then as many final states as there are outputs.
func infer(gates int, defaults ...string) func(*op.InferCtx) error {
	return func(c *op.InferCtx) error {
		l, err := newLayer(c.Node, gates, defaults...)
		if err != nil {
			return err
		}
		d := c.InType(inX)
		x, r := c.InShape(inX), c.InShape(inR)
		if x != nil && len(x) != 3 || r != nil && len(r) != 3 {
			return fmt.Errorf("X is %v and R %v, both need rank 3", x, r)
		}
		var steps, batch, hidden ir.Dim
		for i, p := range []*ir.Dim{&steps, &batch, &hidden} {
			*p = kernel.Fresh(c.Out(0), i)
		}
		if x != nil {
			if steps, batch = x[0], x[1]; l.batch {
				steps, batch = batch, steps
			}
		}
		if r != nil {
			hidden = r[2]
		}
		if c.Has("hidden_size") {
			h := ir.Static(c.Int("hidden_size", 0))
			if hidden.IsStatic() && !hidden.Equal(h) {
				return fmt.Errorf("hidden_size is %v, R is %v", h, r)
			}
			hidden = h
		}
		if err := fits(l, hidden, x, c.InShape(inW), r, c.InShape(inB)); err != nil {
			return err
		}
		dirs := ir.Static(int64(l.dirs))
		y, state := ir.Shape{steps, dirs, batch, hidden}, ir.Shape{dirs, batch, hidden}
		if l.batch {
			y, state = ir.Shape{batch, steps, dirs, hidden}, ir.Shape{batch, dirs, hidden}
		}
		c.Set(0, d, y)
		for i := 1; i < len(c.Outputs); i++ {
			c.Set(i, d, state.Clone())
		}
		return nil
	}
}

// fits checks the weights' shapes as far as they are known.
func fits(l *layer, hidden ir.Dim, x, w, r, b ir.Shape) error {
	dirs, rows := ir.Static(int64(l.dirs)), hidden.Mul(ir.Static(int64(l.gates)))
	in := ir.Symbol("input")
	if x != nil {
		in = x[2]
	}
	for _, c := range []struct {
		name       string
		have, want ir.Shape
	}{
		{"W", w, ir.Shape{dirs, rows, in}},
		{"R", r, ir.Shape{dirs, rows, hidden}},
		{"B", b, ir.Shape{dirs, rows.Add(rows)}},
	} {
		if c.have == nil {
			continue
		}
		bad := len(c.have) != len(c.want)
		for i := 0; !bad && i < len(c.want); i++ {
			bad = c.have[i].IsStatic() && c.want[i].IsStatic() && !c.have[i].Equal(c.want[i])
		}
		if bad {
			return fmt.Errorf("%s is %v, should be %v", c.name, c.have, c.want)
		}
	}
	return nil
}

// activation is one activation function with its parameters.
type activation struct {
	kind        *kind
	alpha, beta float64
}

func (a activation) at(x float64) float64 { return a.kind.f(x, a.alpha, a.beta) }

func (l *layer) limit(x float64) float64 { return min(max(x, -l.clip), l.clip) }

// operands are the tensors of a node as numbers, time first.
type operands struct {
	x                        []float64
	steps, batch, in, hidden int
	w, r, b, h, c, p         []float64 // b, h, c and p may be nil
	lens                     []int64   // by batch item
	dtype                    tensor.DType
	rows                     int // gates*hidden
	y                        []float64
	finalH, finalC           []float64 // [dirs, batch, hidden]
}

func (l *layer) load(c *op.EvalCtx) (*operands, error) {
	for i := range c.In {
		t := c.Arg(i)
		if t == nil || i == inLens {
			continue
		}
		if !t.DType().IsFloat() || t.DType() != c.Arg(0).DType() {
			return nil, fmt.Errorf("input %d is %v, input 0 %v", i, t.DType(), c.Arg(0).DType())
		}
	}
	x, r := c.Arg(inX), c.Arg(inR)
	if x.Rank() != 3 || r.Rank() != 3 {
		return nil, fmt.Errorf("X is %v and R %v, both need rank 3", x.Shape(), r.Shape())
	}
	o := &operands{steps: x.Shape()[0], batch: x.Shape()[1], in: x.Shape()[2], hidden: r.Shape()[2], dtype: x.DType()}
	if l.batch {
		o.steps, o.batch = o.batch, o.steps
	}
	if c.Has("hidden_size") && c.Int("hidden_size", 0) != int64(o.hidden) {
		return nil, fmt.Errorf("hidden_size is %d, R is %v", c.Int("hidden_size", 0), r.Shape())
	}
	o.rows = l.gates * o.hidden
	state := []int{l.dirs, o.batch, o.hidden}
	if l.batch {
		state = []int{o.batch, l.dirs, o.hidden}
	}
	for _, a := range []struct {
		i     int
		name  string
		shape []int
		dst   *[]float64
	}{
		{inX, "X", x.Shape(), &o.x},
		{inW, "W", []int{l.dirs, o.rows, o.in}, &o.w},
		{inR, "R", []int{l.dirs, o.rows, o.hidden}, &o.r},
		{inB, "B", []int{l.dirs, 2 * o.rows}, &o.b},
		{inH, "initial_h", state, &o.h},
		{inC, "initial_c", state, &o.c},
		{inP, "P", []int{l.dirs, 3 * o.hidden}, &o.p},
	} {
		t := c.Arg(a.i)
		if t == nil {
			continue
		}
		if fmt.Sprint(t.Shape()) != fmt.Sprint(a.shape) {
			return nil, fmt.Errorf("%s is %v, should be %v", a.name, t.Shape(), a.shape)
		}
		*a.dst = t.Float64s()
	}
	if l.batch {
		o.x = swap(o.x, o.batch, o.steps, o.in)
		o.h, o.c = swap(o.h, o.batch, l.dirs, o.hidden), swap(o.c, o.batch, l.dirs, o.hidden)
	}
	o.lens = make([]int64, o.batch)
	for i := range o.lens {
		o.lens[i] = int64(o.steps)
	}
	if t := c.Arg(inLens); t != nil {
		v, err := t.Int64s()
		if err != nil || len(v) != o.batch {
			return nil, fmt.Errorf("sequence_lens is %v%v for a batch of %d", t.DType(), t.Shape(), o.batch)
		}
		for i, n := range v {
			if n < 0 || n > int64(o.steps) {
				return nil, fmt.Errorf("sequence %d has length %d of %d", i, n, o.steps)
			}
		}
		o.lens = v
	}
	size := []int{o.steps, l.dirs, o.batch, max(o.hidden, o.rows)}
	if _, err := tensor.NumElements(size); err != nil {
		return nil, err
	}
	o.y = make([]float64, o.steps*l.dirs*o.batch*o.hidden)
	o.finalH = make([]float64, l.dirs*o.batch*o.hidden)
	o.finalC = make([]float64, l.dirs*o.batch*o.hidden)
	copy(o.finalH, o.h)
	copy(o.finalC, o.c)
	return o, nil
}

// swap exchanges the two outer axes of v, which are of sizes a and b.
func swap(v []float64, a, b, inner int) []float64 {
	if v == nil {
		return nil
	}
	out := make([]float64, len(v))
	for i := range a {
		for j := range b {
			copy(out[(j*a+i)*inner:], v[(i*b+j)*inner:(i*b+j+1)*inner])
		}
	}
	return out
}

// step computes the new state of one sequence: gates are W·x plus its bias, in
// place; h and c are the state, in and out.
type step func(dir int, gates, h, c []float64)

// run steps through all sequences.
func (l *layer) run(c *op.EvalCtx, o *operands, s step) error {
	gates := make([]float64, o.rows)
	for d := range l.dirs {
		w := o.w[d*o.rows*o.in:]
		for b := range o.batch {
			at := (d*o.batch + b) * o.hidden
			h, cell := o.finalH[at:at+o.hidden], o.finalC[at:at+o.hidden]
			for k := range int(o.lens[b]) {
				if err := c.Env.Err(); err != nil {
					return err
				}
				t := k
				if l.reversed[d] {
					t = int(o.lens[b]) - 1 - k
				}
				x := o.x[(t*o.batch+b)*o.in:][:o.in]
				for g := range gates {
					gates[g] = dot(w[g*o.in:][:o.in], x)
					if o.b != nil {
						gates[g] += o.b[d*2*o.rows+g]
					}
				}
				s(d, gates, h, cell)
				copy(o.y[((t*l.dirs+d)*o.batch+b)*o.hidden:], h)
			}
		}
	}
	return l.store(c, o)
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// recurrent is row g of R·h plus its bias.
func (o *operands) recurrent(d, g int, h []float64) float64 {
	v := dot(o.r[(d*o.rows+g)*o.hidden:][:o.hidden], h)
	if o.b != nil {
		v += o.b[d*2*o.rows+o.rows+g]
	}
	return v
}

func (l *layer) store(c *op.EvalCtx, o *operands) (err error) {
	y, yShape := o.y, []int{o.steps, l.dirs, o.batch, o.hidden}
	state := []int{l.dirs, o.batch, o.hidden}
	if l.batch {
		// [steps, dirs*batch…] by way of [dirs, batch] swapped, then steps and batch.
		inner := make([]float64, 0, len(y))
		for t := range o.steps {
			inner = append(inner, swap(y[t*l.dirs*o.batch*o.hidden:][:l.dirs*o.batch*o.hidden], l.dirs, o.batch, o.hidden)...)
		}
		y = swap(inner, o.steps, o.batch, l.dirs*o.hidden)
		yShape = []int{o.batch, o.steps, l.dirs, o.hidden}
		o.finalH, o.finalC = swap(o.finalH, l.dirs, o.batch, o.hidden), swap(o.finalC, l.dirs, o.batch, o.hidden)
		state = []int{o.batch, l.dirs, o.hidden}
	}
	for i, v := range [][]float64{y, o.finalH, o.finalC} {
		shape := state
		if i == 0 {
			shape = yShape
		}
		if i >= len(c.Out) {
			break
		}
		if c.Out[i], err = tensor.FromFloat64s(o.dtype, v, shape...); err != nil {
			return err
		}
	}
	return nil
}

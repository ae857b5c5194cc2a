package recurrent

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// builder makes the body of the Scan that a layer becomes. Constants of the
// outer graph are constants of the body; other values become captured inputs.
type builder struct {
	b        *op.Builder
	g        *ir.Graph
	hidden   int
	dtype    tensor.DType
	limit    float64
	captured []*ir.Value // of the outer graph
	inner    map[*ir.Value]*ir.Value
}

func (s *builder) op(name string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	return s.opN(name, attrs, 1, in...)[0]
}

func (s *builder) opN(name string, attrs ir.Attrs, outs int, in ...*ir.Value) []*ir.Value {
	names := make([]string, outs)
	for i := range names {
		names[i] = name
	}
	n := s.g.AddNode(name, s.b.Name+"/"+name, attrs, in, names...)
	n.Origin, n.By = append([]string{}, s.b.Origin...), "decompose"
	for _, v := range n.Outputs {
		v.DType = s.dtype // what is not of this type is told by inference
	}
	return n.Outputs
}

func (s *builder) constant(t *tensor.Tensor) *ir.Value { return s.g.AddConst("c", t) }

func (s *builder) scalar(v float64) *ir.Value {
	t, err := tensor.FromFloat64s(s.dtype, []float64{v})
	if err != nil {
		s.b.Patch.Fail(err)
		t = tensor.Scalar(float32(v))
	}
	return s.constant(t)
}

func (s *builder) ints(v ...int64) *ir.Value { return s.constant(tensor.Of(v, len(v))) }

func (s *builder) split(v *ir.Value, axis, parts int) []*ir.Value {
	return s.opN("Split", ir.Attrs{"axis": int64(axis), "num_outputs": int64(parts)}, parts, v)
}

// act is an activation function of x, which is clipped before.
func (s *builder) act(a activation, x *ir.Value) *ir.Value {
	if !math.IsInf(s.limit, 1) {
		x = s.op("Clip", nil, x, s.scalar(-s.limit), s.scalar(s.limit))
	}
	return s.plain(a, x)
}

// plain is an activation function of x without clip.
func (s *builder) plain(a activation, x *ir.Value) *ir.Value {
	return a.kind.emit(s, x, a.alpha, a.beta)
}

// outer brings a value of the graph around the body into it.
func (s *builder) outer(v *ir.Value) *ir.Value {
	if w := s.inner[v]; w != nil {
		return w
	}
	var w *ir.Value
	if v.IsConst() {
		w = s.g.AddConst(v.Name, v.Const)
	} else {
		w = s.g.AddInput(v.Name, v.DType, v.Shape) // after the states and slices
		s.captured = append(s.captured, v)
	}
	s.inner[v] = w
	return w
}

// direction is the part of input i of the layer that belongs to direction d,
// without that axis.
func (s *builder) direction(i, d int) *ir.Value { return s.outer(part(s.b, s.b.In(i), d)) }

// part is v at index d of its first axis.
func part(b *op.Builder, v *ir.Value, d int) *ir.Value {
	if v.IsConst() {
		shape, st := v.Const.Shape(), kernel.Strides(v.Const.Shape())
		t, err := kernel.Strided(v.Const, d*st[0], shape[1:], st[1:])
		if err == nil {
			return b.Const(t)
		}
		b.Patch.Fail(err)
	}
	return b.Op("Gather", ir.Attrs{"axis": int64(0)}, v, b.Const(tensor.Scalar(int64(d))))
}

// rows are v from index lo to hi of its first axis.
func (s *builder) rows(v *ir.Value, lo, hi int) *ir.Value {
	if v.IsConst() {
		shape, st := append([]int{}, v.Const.Shape()...), kernel.Strides(v.Const.Shape())
		shape[0] = hi - lo
		t, err := kernel.Strided(v.Const, lo*st[0], shape, st)
		if err == nil {
			return s.constant(t)
		}
		s.b.Patch.Fail(err)
	}
	return s.op("Slice", nil, v, s.ints(int64(lo)), s.ints(int64(hi)), s.ints(0))
}

// transposed exchanges the two axes of a matrix.
func (s *builder) transposed(v *ir.Value) *ir.Value {
	if v.IsConst() {
		t, err := transpose(v.Const)
		if err == nil {
			return s.constant(t)
		}
		s.b.Patch.Fail(err)
	}
	return s.op("Transpose", ir.Attrs{"perm": []int64{1, 0}}, v)
}

func transpose(t *tensor.Tensor) (*tensor.Tensor, error) {
	st := kernel.Strides(t.Shape())
	return kernel.Strided(t, 0, []int{t.Shape()[1], t.Shape()[0]}, []int{st[1], st[0]})
}

// recurrence is the body of one step: the new states, of which the first is also
// the output.
type recurrence func(s *builder, dir int, xw *ir.Value, state []*ir.Value) []*ir.Value

// decompose writes the layer as products over the whole input and one Scan for
// each direction.
func (l *layer) decompose(b *op.Builder, states int, f recurrence) ([]*ir.Value, error) {
	x := b.In(inX)
	if r := b.In(inR).Shape; len(r) != 3 || !r[2].IsStatic() || len(x.Shape) != 3 {
		return nil, fmt.Errorf("the number of hidden units or the rank of the input is not known: %w", op.ErrNoDecomposition)
	}
	if l.batch {
		return timeFirst(b), nil
	}
	h, _ := b.In(inR).Shape[2].Int()
	hidden := int(h)
	lens := l.lengths(b, x)
	initial := make([]*ir.Value, states)
	for i := range initial {
		if initial[i] = b.In(inH + i); initial[i] != nil {
			continue
		}
		initial[i] = zeros(b, x, l.dirs, hidden)
	}
	ys, finals := []*ir.Value{}, make([][]*ir.Value, states)
	for d := range l.dirs {
		out, err := l.scan(b, d, x, lens, initial, hidden, f)
		if err != nil {
			return nil, err
		}
		ys = append(ys, b.Op("Unsqueeze", nil, out[states], b.Ints(1)))
		for i := range finals {
			finals[i] = append(finals[i], b.Op("Unsqueeze", nil, out[i], b.Ints(0)))
		}
	}
	join := func(list []*ir.Value, axis int64) *ir.Value {
		if len(list) == 1 {
			return list[0]
		}
		return b.Op("Concat", ir.Attrs{"axis": axis}, list...)
	}
	out := []*ir.Value{join(ys, 1)}
	for _, v := range finals {
		out = append(out, join(v, 0))
	}
	return out[:min(len(out), len(b.Outputs))], nil
}

// timeFirst is the same layer with time as the first axis, between transpositions.
func timeFirst(b *op.Builder) []*ir.Value {
	attrs := b.Attrs.Clone()
	delete(attrs, "layout")
	in := append([]*ir.Value{}, b.Inputs...)
	for _, i := range []int{inX, inH, inC} {
		if i < len(in) && in[i] != nil {
			in[i] = b.Op("Transpose", ir.Attrs{"perm": []int64{1, 0, 2}}, in[i])
		}
	}
	n := b.Patch.AddN(b.Node.Op, attrs, in, len(b.Outputs), b.Node)
	out := make([]*ir.Value, len(b.Outputs))
	for i, v := range n.Outputs {
		perm := []int64{1, 0, 2}
		if i == 0 {
			perm = []int64{2, 0, 1, 3}
		}
		if b.Out(i) != nil {
			out[i] = b.Op("Transpose", ir.Attrs{"perm": perm}, v)
		}
	}
	return out
}

// lengths is the input with the sequences' lengths, nil where all are full.
func (l *layer) lengths(b *op.Builder, x *ir.Value) *ir.Value {
	lens := b.In(inLens)
	steps, static := x.Shape[0].Int()
	if v, ok := lens.ConstInts(); ok && static {
		full := true
		for _, n := range v {
			full = full && n == steps
		}
		if full {
			return nil
		}
	}
	return lens
}

// zeros is the initial state where none is given.
func zeros(b *op.Builder, x *ir.Value, dirs, hidden int) *ir.Value {
	if batch, ok := x.Shape[1].Int(); ok {
		return b.Const(tensor.New(x.DType, dirs, int(batch), hidden))
	}
	size := b.Op("Slice", nil, b.Op("Shape", nil, x), b.Ints(1), b.Ints(2), b.Ints(0))
	shape := b.Op("Concat", ir.Attrs{"axis": int64(0)}, b.Ints(int64(dirs)), size, b.Ints(int64(hidden)))
	return b.Op("ConstantOfShape", ir.Attrs{"value": tensor.New(x.DType, 1)}, shape)
}

// scan is one direction: its final states, then its output at every step.
func (l *layer) scan(b *op.Builder, d int, x, lens *ir.Value, initial []*ir.Value, hidden int, f recurrence) ([]*ir.Value, error) {
	xw, err := l.project(b, d, x, hidden)
	if err != nil {
		return nil, err
	}
	s := &builder{b: b, g: ir.New(b.Name + "_step"), hidden: hidden, dtype: x.DType, limit: l.clip, inner: map[*ir.Value]*ir.Value{}}
	var in, state []*ir.Value
	for i, v := range initial {
		in = append(in, part(b, v, d))
		state = append(state, s.g.AddInput(fmt.Sprintf("state%d", i), x.DType, nil))
	}
	in = append(in, xw)
	step := s.g.AddInput("x", x.DType, nil)
	var now *ir.Value
	scanned := int64(1)
	if lens != nil {
		in = append(in, clock(b, x, lens.DType))
		now = s.g.AddInput("now", lens.DType, nil)
		scanned++
	}
	next := f(s, d, step, state)
	y := next[0]
	if lens != nil {
		on := s.op("Unsqueeze", nil, s.op("Less", nil, now, s.outer(lens)), s.ints(1))
		y = s.op("Where", nil, on, next[0], s.constant(tensor.New(x.DType)))
		for i := range next {
			next[i] = s.op("Where", nil, on, next[i], state[i])
		}
	}
	s.g.Outputs = append(append(s.g.Outputs, next...), y)
	way := int64(0)
	if l.reversed[d] {
		way = 1
	}
	dirs := make([]int64, scanned)
	for i := range dirs {
		dirs[i] = way
	}
	attrs := ir.Attrs{
		"body": s.g, "num_scan_inputs": scanned, "scan_input_directions": dirs, "scan_output_directions": []int64{way},
		ir.CapturedAttr: int64(len(s.captured)),
	}
	n := b.Patch.AddN("Scan", attrs, append(in, s.captured...), len(next)+1, b.Node)
	return n.Outputs, nil
}

// project is X·Wᵀ plus all biases that can be added ahead of the recurrence.
func (l *layer) project(b *op.Builder, d int, x *ir.Value, hidden int) (*ir.Value, error) {
	w := part(b, b.In(inW), d)
	if w.IsConst() {
		t, err := transpose(w.Const)
		if err != nil {
			return nil, err
		}
		w = b.Const(t)
	} else {
		w = b.Op("Transpose", ir.Attrs{"perm": []int64{1, 0}}, w)
	}
	y := b.Op("MatMul", nil, x, w)
	if b.In(inB) == nil {
		return y, nil
	}
	bias := part(b, b.In(inB), d)
	rows := l.gates * hidden
	// Half of the bias belongs to R·h. GRU's last gate scales its share, where the
	// reset comes after the product.
	held := 0
	if b.Node.Op == "GRU" && b.Int("linear_before_reset", 0) != 0 {
		held = hidden
	}
	if bias.IsConst() {
		v := bias.Const.Float64s()
		sum := make([]float64, rows)
		for i := range sum {
			if sum[i] = v[i]; i < rows-held {
				sum[i] += v[rows+i]
			}
		}
		t, err := tensor.FromFloat64s(x.DType, sum, rows)
		if err != nil {
			return nil, err
		}
		return b.Op("Add", nil, y, b.Const(t)), nil
	}
	slice := func(lo, hi int) *ir.Value {
		return b.Op("Slice", nil, bias, b.Ints(int64(lo)), b.Ints(int64(hi)), b.Ints(0))
	}
	second := slice(rows, 2*rows-held)
	if held > 0 {
		second = b.Op("Concat", ir.Attrs{"axis": int64(0)}, second, b.Const(tensor.New(x.DType, held)))
	}
	return b.Op("Add", nil, y, b.Op("Add", nil, slice(0, rows), second)), nil
}

// clock counts the steps of x: 0, 1, 2, … in the lengths' type.
func clock(b *op.Builder, x *ir.Value, d tensor.DType) *ir.Value {
	if n, ok := x.Shape[0].Int(); ok {
		v := make([]int64, n)
		for i := range v {
			v[i] = int64(i)
		}
		t, err := tensor.FromInt64s(d, v, len(v))
		if err != nil {
			b.Patch.Fail(err)
			return b.Ints(v...)
		}
		return b.Const(t)
	}
	n := b.Op("Gather", ir.Attrs{"axis": int64(0)}, b.Op("Shape", nil, x), b.Const(tensor.Scalar(int64(0))))
	r := b.Op("Range", nil, b.Const(tensor.Scalar(int64(0))), n, b.Const(tensor.Scalar(int64(1))))
	return b.Op("Cast", ir.Attrs{"to": op.ONNXType(d)}, r)
}

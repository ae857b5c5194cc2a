package quantize

import (
	"context"
	"fmt"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// migrations are the shares of a channel's size that are tried to be moved from
// the activations into the weights; "SmoothQuant" calls them α.
var migrations = []float64{0.35, 0.5, 0.65, 0.8, 0.95}

// What smoothing has to leave of the squared error: where it costs nothing, and
// where it costs a pass over the tensor.
const (
	smoothFree = 0.9
	smoothPaid = 0.6
)

// Rows and columns that smoothing is judged by, and the rows without which it is
// not.
const (
	smoothRows    = 384
	smoothColumns = 256
	smoothNeeded  = 8
)

// smooth chooses what to smooth, and how far, by the errors of the single layers;
// nil where that helps none.
func smooth(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, seen map[*ir.Node]*patches) (*smoothing, error) {
	s := &smoother{c: &compensator{ctx, reg, o}, p: NewPlan(g, o)}
	names := map[string]bool{}
	for _, v := range g.Values() {
		names[v.Name] = true
	}
	out := &smoothing{names: map[string]bool{}}
	for _, v := range g.Values() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		readers := s.readers(v, seen)
		if len(readers) == 0 {
			continue
		}
		l, err := s.level(v, readers, seen[readers[0]])
		if err != nil {
			return nil, fmt.Errorf("smoothing of %q: %w", v.Name, err)
		}
		if l == nil {
			continue
		}
		l.name = v.Name + "_smooth"
		for names[l.name] {
			l.name += "_"
		}
		names[l.name], out.names[l.name] = true, true
		out.levels = append(out.levels, l)
	}
	if len(out.levels) == 0 {
		return nil, nil
	}
	return out, nil
}

type smoother struct {
	c *compensator
	p *Plan
}

// readers are the products whose weights smoothing v changes: all that multiply
// its rows by constant weights of their own. None where v is on an integer grid
// before it could be smoothed.
func (s *smoother) readers(v *ir.Value, seen map[*ir.Node]*patches) []*ir.Node {
	from := v.Node()
	for from != nil && s.p.o.Profile.roles[from.Op] == mover {
		from = from.In(0).Node()
	}
	if from == nil || s.p.roles[from] != float || s.p.folded[from] || s.p.sums[from] != nil {
		return nil
	}
	var out []*ir.Node
	for _, u := range v.Uses() {
		n := u.Node
		if u.Index == 0 && s.p.roles[n] == product && (n.Op == "MatMul" || n.Op == "Gemm") && n.In(1).IsConst() && len(n.In(1).Uses()) == 1 && seen[n] != nil {
			out = append(out, n)
		}
	}
	return out
}

// rowsOf are rows to judge by, from all inputs.
func rowsOf(s *patches) []float32 {
	total := 0
	for _, in := range s.inputs {
		total += len(in) / s.width
	}
	step := max(1, (total+smoothRows-1)/smoothRows)
	var out []float32
	at := 0
	for _, in := range s.inputs {
		for r := 0; r < len(in); r += s.width {
			if at%step == 0 {
				out = append(out, in[r:r+s.width]...)
			}
			at++
		}
	}
	return out
}

// level finds how v is best smoothed for its readers; nil where it is not worth it.
func (s *smoother) level(v *ir.Value, readers []*ir.Node, seen *patches) (*level, error) {
	k := seen.width
	for _, n := range readers {
		if w := n.In(1).Const.Shape(); w[1-outputAxis(n)] != k {
			return nil, nil
		}
	}
	rows := rowsOf(seen)
	if len(rows) < smoothNeeded*k {
		return nil, nil
	}
	norm := normBefore(v)
	if len(v.Uses()) > len(readers) || s.p.g.IsOutput(v) {
		norm = nil // others read it as it is
	}
	worth := smoothPaid
	if norm != nil {
		worth = smoothFree
	}
	by, err := s.search(rows, largest(seen), readers, worth)
	if by == nil || err != nil {
		return nil, err
	}
	l := &level{value: v.Name, by: by, products: map[string]*tensor.Tensor{}}
	inverse := make([]float32, k)
	for i, x := range by {
		inverse[i] = 1 / x
	}
	l.inverse = tensor.Of(inverse, k)
	for _, n := range readers {
		l.products[n.Name] = multiplied(n, by)
	}
	if norm != nil {
		for _, c := range norm.Inputs[1:] {
			if c != nil {
				l.norm = append(l.norm, tensor.Of(divide(c.Const.Float32s(), by), k))
			}
		}
	}
	return l, nil
}

// search tries the migrations on rows, whose channels have the sizes act, and gives
// the best of those that leave no more than worth of the squared error; nil where
// none does.
func (s *smoother) search(rows []float32, act []float64, readers []*ir.Node, worth float64) ([]float32, error) {
	k := len(act)
	weights := make([]float64, k)
	var parts []*part
	for _, n := range readers {
		p := newPart(n, k, weights)
		var err error
		if p.want, err = s.c.mul(rows, p.w, len(rows)/k, p.columns, k, false); err != nil {
			return nil, err
		}
		for _, x := range p.want {
			p.power += float64(x) * float64(x)
		}
		if p.power == 0 || math.IsNaN(p.power) || math.IsInf(p.power, 0) {
			return nil, nil
		}
		parts = append(parts, p)
	}
	none, err := s.loss(rows, nil, k, parts)
	if err != nil {
		return nil, err
	}
	var best []float32
	least := none * worth
	for _, a := range migrations {
		by := balance(act, weights, a)
		e, err := s.loss(rows, by, k, parts)
		if err != nil {
			return nil, err
		}
		if e < least {
			least, best = e, by
		}
	}
	return best, nil
}

// largest is the largest magnitude of each channel.
func largest(s *patches) []float64 {
	out := make([]float64, s.width)
	for _, in := range s.inputs {
		for i, x := range in {
			out[i%s.width] = max(out[i%s.width], math.Abs(float64(x)))
		}
	}
	return out
}

// normBefore is the normalisation over the last axis that gives v, with a constant
// scale for each channel; nil where there is none.
func normBefore(v *ir.Value) *ir.Node {
	n := v.Node()
	if n == nil || n.Op != "LayerNormalization" && n.Op != "RMSNormalization" || n.Out(0) != v || len(n.Outputs) != 1 || v.Rank() < 1 {
		return nil
	}
	if axis := int(n.Int("axis", -1)); axis != -1 && axis != v.Rank()-1 {
		return nil
	}
	width, known := v.Shape[v.Rank()-1].Int()
	for _, c := range n.Inputs[1:] {
		if c != nil && (!c.IsConst() || c.DType != tensor.Float32 || !known || c.Const.Len() != int(width)) {
			return nil
		}
	}
	if n.In(1) == nil {
		return nil
	}
	return n
}

// part is some of a product's columns.
type part struct {
	w       []float32 // k rows
	columns int
	want    []float32 // of the rows in floats
	power   float64
}

// newPart takes columns of n's weights, evenly, and widens largest by the largest
// weight of each row.
func newPart(n *ir.Node, k int, largest []float64) *part {
	w, axis := n.In(1).Const, outputAxis(n)
	v, count := w.Float32s(), w.Shape()[axis]
	rowStride, columnStride := count, 1
	if axis == 0 {
		rowStride, columnStride = 1, k
	}
	step := max(1, (count+smoothColumns-1)/smoothColumns)
	p := &part{columns: (count + step - 1) / step}
	p.w = make([]float32, k*p.columns)
	for i := range k {
		for c := range count {
			x := v[i*rowStride+c*columnStride]
			largest[i] = max(largest[i], math.Abs(float64(x)))
			if c%step == 0 {
				p.w[i*p.columns+c/step] = x
			}
		}
	}
	return p
}

// balance is the smoothing that gives the activations' channels the share a of
// their size to the weights: max|x|^a / max|w|^(1-a), in the mean 1. Channels
// without activations or weights stay as they are.
func balance(act, weights []float64, a float64) []float32 {
	by, sum, count := make([]float64, len(act)), 0.0, 0
	for i := range by {
		if act[i] > 0 && weights[i] > 0 {
			by[i] = a*math.Log(act[i]) - (1-a)*math.Log(weights[i])
			sum += by[i]
			count++
		}
	}
	out := make([]float32, len(by))
	for i := range out {
		out[i] = 1
		if act[i] > 0 && weights[i] > 0 {
			out[i] = float32(math.Exp(min(max(by[i]-sum/float64(count), -7), 7)))
		}
	}
	return out
}

// loss is the squared error of the parts, each as a share of what it gives, when
// rows and weights are smoothed and rounded; by nil: not smoothed.
func (s *smoother) loss(rows, by []float32, k int, parts []*part) (float64, error) {
	x := slices.Clone(rows)
	if by != nil {
		x = divide(rows, by)
	}
	lo, hi := extremes(x)
	d, symmetric := s.p.o.activation()
	p := paramsOf(Range{lo, hi}, d, symmetric)
	qlo, qhi := limitsOf(d)
	zero := float64(p.Zero)
	for i, v := range x {
		x[i] = float32(min(max(math.RoundToEven(float64(v/p.Scale))+zero, qlo), qhi)-zero) * p.Scale
	}
	sum := 0.0
	for _, part := range parts {
		w := slices.Clone(part.w)
		for i := range w {
			if by != nil {
				w[i] *= by[i/part.columns]
			}
		}
		m := matrix{v: w, outer: k, channels: part.columns, inner: 1}
		if !s.p.o.PerChannel {
			m = matrix{v: w, outer: 1, channels: 1, inner: len(w)}
		}
		q, scales := quantizeWeights(m, s.p.o.qmax(), s.p.o.Weights == "mse", nil)
		for i := range w {
			w[i] = float32(q[i]) * scales[min(i%part.columns, len(scales)-1)]
		}
		y, err := s.c.mul(x, w, len(x)/k, part.columns, k, false)
		if err != nil {
			return 0, err
		}
		e := 0.0
		for i, v := range y {
			d := float64(v - part.want[i])
			e += d * d
		}
		sum += e / part.power
	}
	return sum, nil
}

// multiplied are n's weights with the rows that read each channel multiplied.
func multiplied(n *ir.Node, by []float32) *tensor.Tensor {
	w, axis := n.In(1).Const, outputAxis(n)
	v := slices.Clone(w.Float32s())
	shape := w.Shape()
	for i := range v {
		row := i / shape[1]
		if axis == 0 {
			row = i % shape[1]
		}
		v[i] *= by[row]
	}
	return tensor.Of(v, shape...)
}

package legalize

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// joiner computes nodes whose tensors have more axes than the target's may have in
// fewer: neighbours that an operator treats alike become one, axes of one element
// that it does not touch are left out. Reshapes stand around what it computes, and
// those that follow one another become one, so that the tensors of many axes are
// never made.
type joiner struct {
	most int  // axes of a tensor
	held bool // tensors of more axes exist; operators do not work on them
	g    *ir.Graph
	reg  *op.Registry
	p    *ir.Patch
}

// many reports whether a tensor of n has more axes than the target's.
func (j *joiner) many(n *ir.Node) bool {
	high := func(v *ir.Value) bool { return v != nil && v.Rank() > j.most }
	return slices.ContainsFunc(n.Inputs, high) || slices.ContainsFunc(n.Outputs, high)
}

// viewing lists the operators that keep all elements in their order.
var viewing = map[string]bool{"Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true, "Identity": true}

// fewer replaces n by what computes it in fewer axes; it reports whether it did.
func (j *joiner) fewer(n *ir.Node) bool {
	if !j.many(n) || len(n.Bodies()) > 0 || n.In(0) == nil || n.Out(0) == nil {
		return false
	}
	for _, v := range slices.Concat(n.Inputs, n.Outputs) {
		if v == nil {
			continue
		}
		if s := source(v, j.most); !j.held && s.Rank() > j.most && (s.Node() == nil && !s.IsConst() || j.g.IsOutput(v)) {
			return false // of the interface
		}
		if v.Shape == nil || slices.ContainsFunc(v.Shape, func(d ir.Dim) bool { return d.Is(0) }) {
			return false
		}
	}
	if viewing[n.Op] {
		return j.viewed(n)
	}
	if d := j.reg.Get(n.Op); d != nil && (d.Family == "arith" || d.Family == "activation" && n.Op != "SwiGLU" || n.Op == "Cast") {
		return len(n.Outputs) == 1 && j.pointwise(n)
	}
	by := joined[n.Op]
	return by != nil && by(j, n)
}

// joined are the operators that work along axes.
var joined = map[string]func(*joiner, *ir.Node) bool{
	"Transpose": (*joiner).transpose, "MatMul": (*joiner).matmul, "Gather": (*joiner).gather, "GatherND": (*joiner).gatherND,
	"Slice": (*joiner).slice, "Pad": (*joiner).pad, "Tile": (*joiner).tile, "Expand": (*joiner).expand, "CumSum": (*joiner).cumSum,
	"Concat": (*joiner).alongAxis, "Split": (*joiner).alongAxis, "Softmax": (*joiner).alongAxis, "LogSoftmax": (*joiner).alongAxis,
	"ArgMax": (*joiner).alongAxis, "ArgMin": (*joiner).alongAxis,
	"ReduceSum": (*joiner).reduce, "ReduceMean": (*joiner).reduce, "ReduceMax": (*joiner).reduce, "ReduceMin": (*joiner).reduce,
	"ReduceProd": (*joiner).reduce, "ReduceL1": (*joiner).reduce, "ReduceL2": (*joiner).reduce, "ReduceSumSquare": (*joiner).reduce,
	"ReduceLogSum": (*joiner).reduce, "ReduceLogSumExp": (*joiner).reduce,
}

// viewed reads what n shows in another shape where that has few axes.
func (j *joiner) viewed(n *ir.Node) bool {
	x, out := source(n.In(0), j.most), n.Out(0)
	if out.Rank() > j.most || x.Rank() > j.most || x.IsConst() {
		return false
	}
	j.back(n, out, x)
	return true
}

// source is what v shows in another shape, as soon as that has few axes; else the
// first of the row.
func source(v *ir.Value, most int) *ir.Value {
	for v.Rank() > most && v.Node() != nil && viewing[v.Node().Op] {
		v = v.Node().In(0)
	}
	return v
}

// as is v in another shape; nil where Reshape cannot be told it.
func (j *joiner) as(n *ir.Node, v *ir.Value, to ir.Shape) *ir.Value {
	if v = source(v, j.most); v.Shape.Equal(to) {
		return v
	}
	sizes, ok := told(to)
	if !ok {
		return nil
	}
	if v.IsConst() {
		dims, _ := to.Ints()
		t, err := v.Const.Reshape(dims...)
		if err != nil {
			j.p.Fail(err)
			return v
		}
		return j.p.Const(v.Name, t)
	}
	return j.p.Add("Reshape", nil, []*ir.Value{v, j.p.Const(n.Name+"_shape", tensor.Of(sizes, len(sizes)))}, n)
}

// told are the sizes that Reshape is given for s: one of them may be open.
func told(s ir.Shape) ([]int64, bool) {
	out, open := make([]int64, len(s)), 0
	for k, d := range s {
		n, ok := d.Int()
		if !ok {
			n = -1
			open++
		}
		out[k] = n
	}
	return out, open <= 1
}

// back makes x, in the shape of out, what out's readers read.
func (j *joiner) back(n *ir.Node, out, x *ir.Value) {
	if y := j.as(n, x, out.Shape); y != nil {
		j.p.Replace(out, y)
	}
}

// fits reports whether tensors of these shapes are within the target's axes, and
// whether Reshape can be told them and those of n's results.
func (j *joiner) fits(n *ir.Node, shapes ...ir.Shape) bool {
	clear := func(s ir.Shape) bool { _, ok := told(s); return ok }
	return !slices.ContainsFunc(shapes, func(s ir.Shape) bool { return len(s) > j.most || !clear(s) }) &&
		!slices.ContainsFunc(n.Outputs, func(v *ir.Value) bool { return v != nil && !clear(v.Shape) })
}

// apart is the kind of an axis that is never joined with another.
const apart = -1

// grouped joins neighbouring axes of one kind and leaves out those of one element
// and kind 0; at is the place of each axis, -1 where it is left out.
func grouped(s ir.Shape, kinds []int) (out ir.Shape, at []int) {
	last := -2
	for k, d := range s {
		switch {
		case kinds[k] == 0 && d.Is(1):
			at = append(at, -1)
			continue
		case kinds[k] == last && last != apart:
			out[len(out)-1] = out[len(out)-1].Mul(d)
		default:
			out = append(out, d)
		}
		last = kinds[k]
		at = append(at, len(out)-1)
	}
	if len(out) == 0 {
		out = ir.Dims(1)
	}
	return out, at
}

// marked are kinds of r axes: the given ones of the one kind, all others of kind 0.
func marked(r int, axes []int, kind int) []int {
	out := make([]int, r)
	for _, a := range axes {
		out[a] = kind
	}
	return out
}

// pointwise joins axes along which the same operands are repeated.
func (j *joiner) pointwise(n *ir.Node) bool {
	to := n.Out(0).Shape
	kinds := make([]int, len(to))
	pad := func(s ir.Shape) ir.Shape { return append(ir.Dims(slices.Repeat([]int{1}, len(to)-len(s))...), s...) }
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		for k, d := range pad(v.Shape) {
			switch {
			case d.Equal(to[k]):
			case d.Is(1):
				kinds[k] |= 1 << i
			default:
				return false
			}
		}
	}
	shapes := make([]ir.Shape, len(n.Inputs))
	for i, v := range n.Inputs {
		if v == nil || v.Rank() == 0 {
			continue
		}
		s := slices.Clone(to)
		for k := range s {
			if kinds[k]&(1<<i) != 0 {
				s[k] = ir.Static(1)
			}
		}
		shapes[i] = joinAs(s, to, kinds)
	}
	if !j.fits(n, shapes...) {
		return false
	}
	in := slices.Clone(n.Inputs)
	for i, v := range n.Inputs {
		if shapes[i] != nil {
			in[i] = j.as(n, v, shapes[i])
		}
	}
	j.back(n, n.Out(0), j.p.Add(n.Op, n.Attrs.Clone(), in, n))
	return true
}

// joinAs joins the axes of s as those of to are joined.
func joinAs(s, to ir.Shape, kinds []int) ir.Shape {
	full, at := grouped(to, kinds)
	out := ir.Dims(slices.Repeat([]int{1}, len(full))...)
	for k, g := range at {
		if g >= 0 {
			out[g] = out[g].Mul(s[k])
		}
	}
	return out
}

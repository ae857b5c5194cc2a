package legalize

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// wider lists, for every element type, those that hold all its values, in the
// order in which they are tried. Integers may wrap around in an operator and are
// cut to their own width behind it, which gives the same bits.
var wider = map[tensor.DType][]tensor.DType{
	tensor.Int2:   {tensor.Int32, tensor.Int8, tensor.Int64},
	tensor.Uint2:  {tensor.Int32, tensor.Uint8, tensor.Int64},
	tensor.Int4:   {tensor.Int32, tensor.Int8, tensor.Int64},
	tensor.Uint4:  {tensor.Int32, tensor.Uint8, tensor.Int64},
	tensor.Int8:   {tensor.Int32, tensor.Int16, tensor.Int64},
	tensor.Uint8:  {tensor.Int32, tensor.Int16, tensor.Int64, tensor.Uint32, tensor.Uint64},
	tensor.Int16:  {tensor.Int32, tensor.Int64},
	tensor.Uint16: {tensor.Int32, tensor.Int64, tensor.Uint32, tensor.Uint64},
	tensor.Int32:  {tensor.Int64},
	tensor.Uint32: {tensor.Int64, tensor.Uint64},

	tensor.Float16: {tensor.Float32}, tensor.BFloat16: {tensor.Float32},
	tensor.Float8E4M3FN: {tensor.Float32, tensor.Float16}, tensor.Float8E4M3FNUZ: {tensor.Float32, tensor.Float16},
	tensor.Float8E5M2: {tensor.Float32, tensor.Float16}, tensor.Float8E5M2FNUZ: {tensor.Float32},
	tensor.Float4E2M1: {tensor.Float32, tensor.Float16}, tensor.Float8E8M0: {tensor.Float32},

	tensor.Bool: {tensor.Uint8, tensor.Int8, tensor.Int32},
}

// exchange is what types are computed in instead of some others.
type exchange map[tensor.DType]tensor.DType

// widener computes nodes in wider element types where a target lacks theirs.
type widener struct {
	reg  *op.Registry
	t    target.Target
	o    target.Options
	cast map[[2]tensor.DType]bool  // whether the target has Cast between two types
	made map[*ir.Value][]*ir.Value // casts made in this round
	own  map[*ir.Node]bool         // casts made in any round
	p    *ir.Patch
}

// widen puts casts around n so that the target can spell it; it reports whether
// it did. Where the target says that it does not compute in n's types at all, n
// is widened even if it must be decomposed after that.
func (w *widener) widen(n *ir.Node) bool {
	if w.own[n] {
		// The target has this cast, though not here: others around it would lead back.
		return false
	}
	d := w.reg.Get(n.Op)
	if d == nil || d.FixedType || n.Op == "Cast" && n.In(0) == nil {
		return false
	}
	for _, v := range n.Attrs {
		switch v.(type) {
		case *ir.Graph, []*ir.Graph:
			return false
		}
	}
	for _, x := range w.candidates(n, d) {
		if trial := w.trial(n, x); trial != nil && w.t.Legal(trial, w.o) == nil {
			w.apply(n, x)
			return true
		}
	}
	if x := w.foreign(n, d); x != nil && w.trial(n, x) != nil {
		w.apply(n, x)
		return true
	}
	return false
}

// types lists the element types of n's tensors that have wider ones.
func types(n *ir.Node, d *op.Def) []tensor.DType {
	var out []tensor.DType
	for _, list := range [][]*ir.Value{n.Inputs, n.Outputs} {
		for _, v := range list {
			if v == nil || wider[v.DType] == nil || slices.Contains(out, v.DType) {
				continue
			}
			// As numbers, truth values can be moved, but not joined.
			if v.DType != tensor.Bool || d.Family == "shape" || d.Family == "index" {
				out = append(out, v.DType)
			}
		}
	}
	return out
}

func (w *widener) candidates(n *ir.Node, d *op.Def) []exchange {
	var out []exchange
	for _, from := range types(n, d) {
		for _, to := range wider[from] {
			out = append(out, exchange{from: to})
		}
	}
	if x := w.foreign(n, d); len(x) > 1 {
		out = append(out, x)
	}
	return out
}

// foreign exchanges all types of n that the target declares not to compute in.
func (w *widener) foreign(n *ir.Node, d *op.Def) exchange {
	typed, ok := w.t.(target.Typed)
	if !ok || n.Op == "Cast" {
		return nil
	}
	var x exchange
	for _, from := range types(n, d) {
		if typed.Computes(from) {
			continue
		}
		for _, to := range wider[from] {
			if typed.Computes(to) {
				if x == nil {
					x = exchange{}
				}
				x[from] = to
				break
			}
		}
	}
	return x
}

// trial is n, alone, with the types exchanged; nil where the target lacks a cast
// for that or n does not follow the types of its inputs.
func (w *widener) trial(n *ir.Node, x exchange) *ir.Node {
	g := ir.New("trial")
	inputs := make([]*ir.Value, len(n.Inputs))
	changed := false
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		to, ok := x[v.DType]
		if !ok {
			to = v.DType
		}
		changed = changed || ok
		switch {
		case v.IsConst() && !ok:
			inputs[i] = g.AddConst(v.Name, v.Const)
		case v.IsConst():
			inputs[i] = g.AddConst(v.Name, tensor.Deferred(to, v.Const.Shape(), func() *tensor.Tensor { return castTo(v.Const, to) }))
		default:
			if ok && !w.casts(v.DType, to) {
				return nil
			}
			inputs[i] = g.AddInput(v.Name, to, v.Shape)
			inputs[i].Content = v.Content
		}
	}
	if !changed {
		return nil
	}
	names := make([]string, len(n.Outputs))
	for i, v := range n.Outputs {
		if v != nil {
			names[i] = v.Name
		}
	}
	trial := g.AddNode(n.Op, n.Name, n.Attrs, inputs, names...)
	for i, v := range n.Outputs {
		if v == nil {
			trial.Outputs[i] = nil
		}
	}
	if w.reg.Infer(trial) != nil {
		return nil
	}
	for i, v := range n.Outputs {
		if v == nil {
			continue
		}
		got := trial.Outputs[i].DType
		to, ok := x[v.DType]
		switch {
		case got == v.DType:
		case !ok || got != to || !w.casts(to, v.DType):
			return nil
		}
	}
	return trial
}

// castTo converts what the types say can be converted.
func castTo(t *tensor.Tensor, d tensor.DType) *tensor.Tensor {
	c, err := t.Cast(d)
	if err != nil {
		return tensor.New(d, t.Shape()...)
	}
	return c
}

// casts asks whether the target has a Cast from one type to the other.
func (w *widener) casts(from, to tensor.DType) bool {
	k := [2]tensor.DType{from, to}
	ok, known := w.cast[k]
	if !known {
		g := ir.New("cast")
		n := g.AddNode("Cast", "cast", ir.Attrs{"to": op.ONNXType(to)}, []*ir.Value{g.AddInput("x", from, ir.Dims(2))}, "y")
		ok = w.reg.Infer(n) == nil && w.t.Legal(n, w.o) == nil
		w.cast[k] = ok
	}
	return ok
}

// apply replaces n by a node that computes in the exchanged types.
func (w *widener) apply(n *ir.Node, x exchange) {
	p := w.p
	inputs := slices.Clone(n.Inputs)
	for i, v := range inputs {
		if v == nil {
			continue
		}
		if to, ok := x[v.DType]; ok {
			inputs[i] = w.widened(n, v, to)
		}
	}
	wide := p.AddN(n.Op, n.Attrs.Clone(), inputs, len(n.Outputs), n)
	for i, v := range n.Outputs {
		switch out := wide.Outputs[i]; {
		case v == nil:
			wide.Outputs[i] = nil
		case out.DType == v.DType:
			p.Replace(v, out)
		default:
			c := p.Add("Cast", ir.Attrs{"to": op.ONNXType(v.DType)}, []*ir.Value{out}, n)
			w.own[c.Node()] = true
			p.Replace(v, c)
		}
	}
}

// widened is v in another type, made once.
func (w *widener) widened(n *ir.Node, v *ir.Value, to tensor.DType) *ir.Value {
	for _, c := range w.made[v] {
		if c.DType == to {
			return c
		}
	}
	var c *ir.Value
	if v.IsConst() {
		t, err := v.Const.Cast(to)
		if err != nil {
			w.p.Fail(err)
			return v
		}
		c = w.p.Const(v.Name, t)
	} else {
		c = w.p.Add("Cast", ir.Attrs{"to": op.ONNXType(to)}, []*ir.Value{v}, n)
		w.own[c.Node()] = true
	}
	w.made[v] = append(w.made[v], c)
	return c
}

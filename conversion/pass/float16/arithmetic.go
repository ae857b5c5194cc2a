package float16

import (
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// fixedInputs are inputs whose element type the operator prescribes.
var fixedInputs = map[string][]int{"Resize": {1, 2}}

// retype moves values between two element types and remembers what it made.
type retype struct {
	g      *ir.Graph
	p      *ir.Patch
	c      *pass.Ctx
	casts  map[castKey]*ir.Value
	consts map[*ir.Value]*ir.Value
}

type castKey struct {
	v *ir.Value
	d tensor.DType
}

func newRetype(g *ir.Graph, c *pass.Ctx) *retype {
	return &retype{g, c.Edit(g), c, map[castKey]*ir.Value{}, map[*ir.Value]*ir.Value{}}
}

// cast gives v in type d, through one shared Cast.
func (r *retype) cast(v *ir.Value, d tensor.DType, n *ir.Node) *ir.Value {
	k := castKey{v, d}
	if r.casts[k] == nil {
		r.casts[k] = r.p.Add("Cast", ir.Attrs{"to": op.ONNXType(d)}, []*ir.Value{v}, n)
	}
	return r.casts[k]
}

// constant gives the constant v in type d, made once.
func (r *retype) constant(v *ir.Value, d tensor.DType) *ir.Value {
	if r.consts[v] == nil {
		t, err := v.Const.Cast(d)
		if err != nil {
			r.p.Fail(err)
			return v
		}
		r.consts[v] = r.p.Const(v.Name+"_"+d.String(), t)
	}
	return r.consts[v]
}

// outputs puts a Cast behind each graph output whose type has changed, so that
// the model's interface stays.
func (r *retype) outputs(was []tensor.DType) {
	for i, v := range r.g.Outputs {
		if v.DType == was[i] {
			continue
		}
		var from []*ir.Node
		if v.Node() != nil {
			from = append(from, v.Node())
		}
		name := v.Name
		w := r.p.Add("Cast", ir.Attrs{"to": op.ONNXType(was[i])}, []*ir.Value{v}, from...)
		r.g.RenameValue(v, name+"_inner")
		r.g.RenameValue(w, name)
		for j, o := range r.g.Outputs {
			if o == v {
				r.g.Outputs[j] = w
			}
		}
	}
}

func types(vs []*ir.Value) []tensor.DType {
	out := make([]tensor.DType, len(vs))
	for i, v := range vs {
		out[i] = v.DType
	}
	return out
}

// arithmetic makes the tensors between layers half precision. Casts at the
// graph's inputs and outputs keep its interface; operators that lack or
// overflow half precision stay in single precision between Casts.
func arithmetic(g *ir.Graph, c *pass.Ctx, o *Options) error {
	r, was := newRetype(g, c), types(g.Outputs)
	var beyond []string
	for _, n := range slices.Clone(g.Nodes) {
		if err := c.Err(); err != nil {
			return err
		}
		keep, why := r.keeps(n, o)
		if why != "" {
			c.Miss(n, "stays in 32 bits: %s", why)
			if keep == overflow {
				beyond = append(beyond, layer(n))
			}
		}
		if keep == no {
			c.Fire()
			r.narrowAttrs(n)
		}
		for i, v := range n.Inputs {
			switch {
			case v == nil || slices.Contains(fixedInputs[n.Op], i) || n.Op == "Cast":
			case keep != no && v.DType == tensor.Float16 && !v.IsConst():
				r.p.SetInput(n, i, r.cast(v, tensor.Float32, n))
			case keep != no && v.DType == tensor.Float16:
				r.p.SetInput(n, i, r.constant(v, tensor.Float32))
			case keep == no && v.DType == tensor.Float32 && v.IsConst():
				r.p.SetInput(n, i, r.constant(v, tensor.Float16))
			case keep == no && v.DType == tensor.Float32:
				r.p.SetInput(n, i, r.cast(v, tensor.Float16, n))
			}
		}
		if err := c.Registry.Infer(n); err != nil {
			return &op.NodeError{Node: n, Err: err}
		}
	}
	r.outputs(was)
	if len(beyond) > 0 {
		f := diag.Warnf("fp16.overflow", "%d layers stay in 32 bits: a value is beyond the range of half precision (65504)", len(beyond))
		f.Layers = beyond
		c.Find(f)
	}
	return r.p.Done()
}

type keepReason uint8

const (
	no keepReason = iota
	asked
	overflow
)

// seen is the name that v was measured under: that of what a Cast made by this
// pass reads.
func (r *retype) seen(v *ir.Value) string {
	if n := v.Node(); n != nil && n.Op == "Cast" && r.casts[castKey{n.In(0), v.DType}] == v {
		return n.In(0).Name
	}
	return v.Name
}

func (r *retype) keeps(n *ir.Node, o *Options) (keepReason, string) {
	if slices.Contains(o.KeepFloat, n.Name) || slices.ContainsFunc(n.Origin, func(s string) bool { return slices.Contains(o.KeepFloat, s) }) {
		return asked, "asked for"
	}
	if slices.Contains(o.KeepOps, n.Op) {
		return asked, n.Op + " loses too much"
	}
	if len(n.Bodies()) > 0 {
		return asked, "it has bodies, which compute as they are"
	}
	if slices.ContainsFunc(slices.Concat(n.Inputs, n.Outputs), (*ir.Value).IsContainer) {
		return asked, "it works on a sequence or an optional value"
	}
	for _, v := range n.Outputs {
		if v != nil && o.Largest[v.Name] > limit/2 {
			return overflow, "its output comes near the largest half-precision number"
		}
	}
	for _, v := range n.Inputs {
		if v != nil && o.Largest[r.seen(v)] > limit/2 {
			return overflow, "its input comes near the largest half-precision number"
		}
	}
	for i, v := range n.Inputs {
		if v == nil || !v.IsConst() || v.DType != tensor.Float32 || slices.Contains(fixedInputs[n.Op], i) || n.Op == "Clip" {
			continue
		}
		if largest, _, _ := survey(v.Const.Bytes()); largest > limit {
			return overflow, "constant " + v.Name + " is beyond 65504"
		}
	}
	return no, ""
}

// narrowAttrs changes the attributes that name single precision.
func (r *retype) narrowAttrs(n *ir.Node) {
	f32 := op.ONNXType(tensor.Float32)
	switch n.Op {
	case "Cast":
		if n.Int("to", 0) == f32 {
			r.p.SetAttr(n, "to", op.ONNXType(tensor.Float16))
		}
	case "ConstantOfShape":
		t := n.Tensor("value")
		if t == nil {
			t = tensor.Of([]float32{0}, 1)
		}
		if t.DType() == tensor.Float32 {
			if h, err := t.Cast(tensor.Float16); err == nil {
				r.p.SetAttr(n, "value", h)
			}
		}
	}
}

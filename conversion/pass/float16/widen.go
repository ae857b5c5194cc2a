package float16

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Widen is widen_float16.
var Widen = &pass.Pass{
	Name:  "widen_float16",
	About: "Computes in 32 bits what the source computes in 16",
	Run: func(g *ir.Graph, c *pass.Ctx) error {
		return widen(g, c, tensor.Float16)
	},
}

// WidenBFloat16 is widen_bfloat16.
var WidenBFloat16 = &pass.Pass{
	Name:  "widen_bfloat16",
	About: "Computes in 32 bits what the source computes in bfloat16",
	Run: func(g *ir.Graph, c *pass.Ctx) error {
		return widen(g, c, tensor.BFloat16)
	},
}

// Interface makes inputs and outputs of a widened graph 32 bits wide, for targets whose
// files have no tensors of type from, and names them.
func Interface(g *ir.Graph, reg *op.Registry, from tensor.DType) ([]string, error) {
	var changed []string
	for _, v := range g.Inputs {
		cast := !slices.ContainsFunc(v.Uses(), func(u ir.Use) bool { return u.Node.Op != "Cast" })
		if v.DType == from && cast && !g.IsOutput(v) {
			v.DType = tensor.Float32
			changed = append(changed, fmt.Sprintf("input %q", v.Name))
		}
	}
	p := g.Edit("widen_interface", reg.Infer)
	for _, v := range g.Outputs {
		if n := v.Node(); v.DType == from && n != nil && n.Op == "Cast" {
			p.SetAttr(n, "to", op.ONNXType(tensor.Float32))
			changed = append(changed, fmt.Sprintf("output %q", v.Name))
		}
	}
	if err := p.Done(); err != nil {
		return nil, err
	}
	return changed, reg.InferGraph(g)
}

// widen turns every tensor of type from into single precision; Casts keep the
// graph's interface. A half-precision constant that is widened by a Cast already
// stays.
func widen(g *ir.Graph, c *pass.Ctx, from tensor.DType) error {
	r, was := newRetype(g, c), types(g.Outputs)
	if err := r.widen(c, from); err != nil {
		return err
	}
	r.outputs(was)
	return r.p.Done()
}

// widenAll is widen of the interface too, as of what a node's body computes: its
// inputs and results change their types with those of the node.
func widenAll(g *ir.Graph, c *pass.Ctx, from tensor.DType) error {
	for _, v := range g.Inputs {
		if v.DType == from {
			v.DType = tensor.Float32
			c.Fire()
		}
	}
	r := newRetype(g, c)
	if err := r.widen(c, from); err != nil {
		return err
	}
	for i, v := range g.Outputs {
		if v.IsConst() && v.DType == from { // nothing computes it
			g.Outputs[i] = r.constant(v, tensor.Float32)
		}
	}
	return r.p.Done()
}

func (r *retype) widen(c *pass.Ctx, from tensor.DType) error {
	f32 := tensor.Float32
	g := r.g
	bits := map[*ir.Value]bool{} // values whose bits are read
	for _, n := range g.Nodes {
		if v := n.In(0); n.Op == "BitCast" && v != nil && v.DType == from {
			bits[v] = true
		}
	}
	for _, n := range slices.Clone(g.Nodes) {
		if err := c.Err(); err != nil {
			return err
		}
		for _, body := range n.Bodies() {
			if err := widenAll(body, c, from); err != nil {
				return err
			}
		}
		if n.Op == "SequenceEmpty" && n.Int("dtype", 1) == op.ONNXType(from) {
			r.p.SetAttr(n, "dtype", op.ONNXType(f32))
			c.Fire()
		}
		switch {
		case n.Op == "BitCast":
			if v := n.In(0); bits[v] && v.DType != from {
				r.p.SetInput(n, 0, r.cast(v, from, n))
			}
		case n.Op == "Cast":
			if n.Int("to", 0) == op.ONNXType(from) {
				r.p.SetAttr(n, "to", op.ONNXType(f32))
				c.Fire()
			}
			if v := n.In(0); from == tensor.BFloat16 && v != nil && v.IsConst() && v.DType == from {
				r.p.SetInput(n, 0, r.constant(v, f32))
			}
		default:
			for i, v := range n.Inputs {
				if v == nil || v.DType != from {
					continue
				}
				c.Fire()
				if !v.IsConst() {
					r.p.SetInput(n, i, r.cast(v, f32, n))
					continue
				}
				r.p.SetInput(n, i, r.constant(v, f32))
			}
			if t := n.Tensor("value"); n.Op == "ConstantOfShape" && t != nil && t.DType() == from {
				r.p.SetAttr(n, "value", tensor.Of(t.Float32s(), t.Shape()...))
				c.Fire()
			}
		}
		if err := c.Registry.Infer(n); err != nil {
			return &op.NodeError{Node: n, Err: err}
		}
	}
	return nil
}

package attention

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var flexAttentionDef = &op.Def{
	Name: "ai.onnx.preview.FlexAttention", Family: "attention",
	Doc:     "Attention whose scores and probabilities are changed by graphs of their own.",
	Inputs:  []op.Param{{Name: "Q"}, {Name: "K"}, {Name: "V"}, {Name: "captured", Optional: true, Variadic: true}},
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: ir.CapturedAttr, Kind: op.Int},
		{Name: "prob_mod", Kind: op.Subgraph},
		{Name: "scale", Kind: op.Float},
		{Name: "score_mod", Kind: op.Subgraph},
		{Name: "softmax_precision", Kind: op.Int},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		d := c.InType(0)
		if !d.IsFloat() || c.InType(1) != d || c.InType(2) != d {
			return fmt.Errorf("Q, K and V are %v, %v and %v, not of one floating-point type", d, c.InType(1), c.InType(2))
		}
		soft, err := flexPrecision(c.Node, d)
		if err != nil {
			return err
		}
		q, k, v := c.InShape(0), c.InShape(1), c.InShape(2)
		if q == nil || k == nil || v == nil {
			c.Set(0, d, nil)
			return nil
		}
		s, err := measure(&ir.Node{Inputs: c.Inputs[:3]})
		if err != nil {
			return err
		}
		if s.flat {
			return fmt.Errorf("Q %v has not four dimensions", q)
		}
		types := []ir.Type{{DType: soft, Shape: ir.Shape{s.batch, s.qHeads, s.q, s.kv}}}
		for _, x := range c.Inputs[3:] {
			if x == nil {
				return fmt.Errorf("a captured input is missing")
			}
			types = append(types, x.Type())
		}
		for _, name := range []string{"score_mod", "prob_mod"} {
			if body := c.Graph(name); body != nil {
				if len(body.Outputs) != 1 {
					return fmt.Errorf("%s has %d outputs, not one", name, len(body.Outputs))
				}
				if err := c.InferBody(body, types, nil); err != nil {
					return err
				}
			}
		}
		c.Set(0, d, ir.Shape{s.batch, s.qHeads, s.q, s.v})
		return nil
	},
	Eval: op.EvalDecomposed,
	Decompose: func(o *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: o}
		for i := range 3 {
			if b.In(i).Shape == nil {
				return nil, fmt.Errorf("input %d of unknown rank: %w", i, op.ErrNoDecomposition)
			}
		}
		s, err := measure(&ir.Node{Inputs: b.Inputs[:3]})
		if err != nil {
			return nil, err
		}
		qh, ok1 := s.qHeads.Int()
		kh, ok2 := s.kvHeads.Int()
		size, ok3 := s.qk.Int()
		if !ok1 || !ok2 || !ok3 && !b.Has("scale") {
			return nil, fmt.Errorf("heads of unknown number or size: %w", op.ErrNoDecomposition)
		}
		soft, err := flexPrecision(b.Node, b.In(0).DType)
		if err != nil {
			return nil, err
		}
		a := &core{B: b, sizes: s, qHeads: qh, kvHeads: kh, soft: soft, scale: b.Float("scale", 1/math.Sqrt(float64(max(size, 1))))}
		a.score, a.probability = a.change("score_mod"), a.change("prob_mod")
		y, _ := a.attend(b.In(0), b.In(1), b.In(2))
		return build.One(y)
	},
}

// change inlines one of the node's graphs; it is nil where there is none.
func (a *core) change(name string) func(*ir.Value) *ir.Value {
	body := a.Graph(name)
	if body == nil {
		return func(x *ir.Value) *ir.Value { return x }
	}
	return func(x *ir.Value) *ir.Value {
		args := append([]*ir.Value{x}, a.Inputs[3:]...)
		return a.Patch.Inline(body, args, a.Node, nil)[0]
	}
}

// flexPrecision is the type of scores and probabilities: 32 bits for narrower
// inputs unless the node says otherwise.
func flexPrecision(n *ir.Node, d tensor.DType) (tensor.DType, error) {
	if n.Int("softmax_precision", 0) == 0 && d != tensor.Float64 {
		return tensor.Float32, nil
	}
	return precision(n, d)
}

package loss

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
)

var attrs = []op.Attr{
	{Name: "ignore_index", Kind: op.Int},
	{Name: "reduction", Kind: op.Str, Default: "mean"},
}

var negativeLogLikelihoodDef = &op.Def{
	Name: "NegativeLogLikelihoodLoss", Family: "loss",
	Doc:     "The negative log-probability of each sample's class, weighted by class; single, summed or averaged.",
	Inputs:  op.Opt(op.In("input", "target"), "weight"),
	Outputs: op.In("loss"),
	Attrs:   attrs,
	Tol:     op.Accumulating,
	Infer:   infer,
	Eval:    op.EvalDecomposed,
	Decompose: func(d *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: d}
		x, target, weight := b.In(0), b.In(1), b.In(2)
		class := target
		var ignored *ir.Value
		if b.Has("ignore_index") {
			ignored = b.Op("Equal", nil, target, b.Scalar(target.DType, float64(b.Int("ignore_index", 0))))
			class = b.Op("Where", nil, ignored, b.Scalar(target.DType, 0), target)
		}
		p := b.Op("GatherElements", ir.Attrs{"axis": int64(1)}, x, b.Unsqueeze(class, 1))
		loss := b.Op("Neg", nil, b.Squeeze(p, 1))
		var share *ir.Value // of each sample in the mean
		if weight != nil {
			share = b.Op("Gather", ir.Attrs{"axis": int64(0)}, weight, class)
			loss = b.Mul(loss, share)
		}
		if ignored != nil {
			zero := b.Scalar(x.DType, 0)
			loss = b.Op("Where", nil, ignored, zero, loss)
			if share == nil {
				share = b.Scalar(x.DType, 1)
			}
			share = b.Op("Where", nil, ignored, zero, share)
		}
		all := ir.Attrs{"keepdims": int64(0)}
		switch b.Str("reduction", "mean") {
		case "none":
		case "sum":
			loss = b.Op("ReduceSum", all, loss)
		default:
			if share == nil {
				loss = b.Op("ReduceMean", all, loss)
			} else {
				loss = b.Div(b.Op("ReduceSum", all.Clone(), loss), b.Op("ReduceSum", all, share))
			}
		}
		return build.One(loss)
	},
}

// infer is the shape of the loss; a second output holds log-probabilities.
func infer(c *op.InferCtx) error {
	xs, ts, ws := c.InShape(0), c.InShape(1), c.InShape(2)
	if xs != nil && len(xs) < 2 {
		return fmt.Errorf("input %v has no axis of classes", xs)
	}
	if xs != nil && ts != nil && len(ts) != len(xs)-1 {
		return fmt.Errorf("target %v does not match input %v", ts, xs)
	}
	if ws != nil && len(ws) != 1 {
		return fmt.Errorf("weights %v are not one for each class", ws)
	}
	if !c.InType(0).IsFloat() || !c.InType(1).IsInt() {
		return fmt.Errorf("input is %v and target %v, not floating-point and integer", c.InType(0), c.InType(1))
	}
	out := ir.Shape{}
	switch r := c.Str("reduction", "mean"); r {
	case "none":
		out = ts.Clone()
	case "sum", "mean":
	default:
		return fmt.Errorf("reduction %q is not one of none, sum, mean", r)
	}
	c.Set(0, c.InType(0), out)
	c.Set(1, c.InType(0), xs.Clone())
	return nil
}

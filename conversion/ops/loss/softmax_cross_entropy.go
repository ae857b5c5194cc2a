package loss

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var softmaxCrossEntropyDef = &op.Def{
	Name: "SoftmaxCrossEntropyLoss", Family: "loss",
	Doc:     "NegativeLogLikelihoodLoss of the LogSoftmax of scores, which is the second output.",
	Inputs:  op.Opt(op.In("scores", "labels"), "weights"),
	Outputs: op.Opt(op.In("output"), "log_prob"),
	Attrs:   attrs,
	Tol:     op.Accumulating,
	Infer:   infer,
	Eval:    op.EvalDecomposed,
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		p := b.Op("LogSoftmax", ir.Attrs{"axis": int64(1)}, b.In(0))
		in := append([]*ir.Value{p}, b.Inputs[1:]...)
		return []*ir.Value{b.Op("NegativeLogLikelihoodLoss", b.Attrs.Clone(), in...), p}, nil
	},
}

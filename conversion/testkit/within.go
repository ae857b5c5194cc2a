package testkit

import (
	"maps"
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Within is a graph that computes g in a body: in both branches of an If, whose
// condition is the input "taken", or in a Loop, whose number of iterations is the input
// "times" and whose results are those of each iteration. What g reads comes from the
// graph around the body, which is inferred.
func Within(t testing.TB, kind string, g *ir.Graph, reg *op.Registry) *ir.Graph {
	t.Helper()
	out := ir.New(kind)
	var in []*ir.Value
	for _, v := range g.Inputs {
		in = append(in, out.AddInput(v.Name, v.DType, v.Shape))
	}
	attrs := ir.Attrs{ir.CapturedAttr: int64(len(in))}
	switch kind {
	case "If":
		in = append([]*ir.Value{out.AddInput("taken", tensor.Bool, ir.Shape{})}, in...)
		attrs["then_branch"], attrs["else_branch"] = g.Clone(), g.Clone()
	case "Loop":
		in = append([]*ir.Value{out.AddInput("times", tensor.Int64, ir.Shape{}), nil}, in...)
		body := g.Clone()
		captured := body.Inputs
		body.Inputs = nil
		body.AddInput("iteration", tensor.Int64, ir.Shape{})
		goes := body.AddInput("goes", tensor.Bool, ir.Shape{})
		body.Inputs = append(body.Inputs, captured...)
		goes = body.AddNode("Identity", "on", nil, []*ir.Value{goes}, "on").Outputs[0]
		body.Outputs = append([]*ir.Value{goes}, body.Outputs...)
		attrs["body"] = body
	default:
		t.Fatalf("%s has no body", kind)
	}
	names := make([]string, len(g.Outputs))
	for i, v := range g.Outputs {
		names[i] = v.Name
	}
	n := out.AddNode(kind, "body", attrs, in, names...)
	out.Outputs = slices.Clone(n.Outputs)
	if err := reg.InferGraph(out); err != nil {
		t.Fatal(err)
	}
	return out
}

// WithinFeeds are the inputs of a graph that Within made of one with these: the branch
// is taken, the loop runs twice.
func WithinFeeds(kind string, feeds map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	out := maps.Clone(feeds)
	if kind == "If" {
		out["taken"] = tensor.Scalar(true)
	} else {
		out["times"] = tensor.Scalar(int64(2))
	}
	return out
}

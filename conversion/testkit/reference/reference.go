package reference

import (
	"context"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// Runner runs calibration graphs.
type Runner struct{ Registry *op.Registry }

var _ quantize.Runner = Runner{}

// Open gives what runs g.
func (r Runner) Open(_ context.Context, g *ir.Graph) (quantize.Running, error) {
	return running{r.Registry, g}, nil
}

type running struct {
	reg *op.Registry
	g   *ir.Graph
}

func (r running) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return Run(r.reg, r.g, in)
}

func (running) Close() error { return nil }

// Run gives g's outputs for inputs in the order of g's inputs.
func Run(reg *op.Registry, g *ir.Graph, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	feeds := map[string]*tensor.Tensor{}
	for i, v := range g.Inputs {
		feeds[v.Name] = in[i]
	}
	return testkit.Eval(reg, g, feeds)
}

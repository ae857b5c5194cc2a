package float16

import (
	"context"
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Run computes one graph: inputs and outputs in the graph's order.
type Run func(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error)

// Watch measures Options.Largest: the largest magnitude of every single
// precision tensor between g's layers over the given inputs. open prepares the
// graph that does so, in which only scalars are outputs; closing is the
// caller's business. g stays as it is.
func Watch(ctx context.Context, g *ir.Graph, reg *op.Registry, inputs [][]*tensor.Tensor, open func(context.Context, *ir.Graph) (Run, error)) (map[string]float64, error) {
	c := g.Clone()
	p := c.Edit("watch_float16", reg.Infer)
	var names []string
	var tops []*ir.Value
	for _, v := range c.Values() {
		if v.IsConst() || v.DType != tensor.Float32 {
			continue
		}
		abs := p.Add("Abs", nil, []*ir.Value{v})
		tops = append(tops, p.Add("ReduceMax", ir.Attrs{"keepdims": int64(0)}, []*ir.Value{abs}))
		names = append(names, v.Name)
	}
	if len(names) == 0 || len(inputs) == 0 {
		return nil, nil
	}
	c.Outputs = tops
	if err := p.Done(); err != nil {
		return nil, fmt.Errorf("watching magnitudes: %w", err)
	}
	run, err := open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("watching magnitudes: %w", err)
	}
	largest := map[string]float64{}
	for _, in := range inputs {
		out, err := run(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("watching magnitudes: %w", err)
		}
		for k, t := range out {
			x := t.Float64s()[0]
			if math.IsNaN(x) {
				x = math.Inf(1)
			}
			largest[names[k]] = max(largest[names[k]], x)
		}
	}
	return largest, nil
}

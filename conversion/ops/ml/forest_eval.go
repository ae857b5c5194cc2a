package ml

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// inferForest gives rows [N,F] a result [N,n_targets] of type d.
func inferForest(c *op.InferCtx, d tensor.DType) error {
	s := c.InShape(0)
	if s == nil {
		s = kernel.FreshShape(c.Out(0), 2)
	}
	n := c.Int("n_targets", 0)
	if len(s) != 2 || n < 0 || n > 1<<31 {
		return fmt.Errorf("input %v with %d targets is not [N,F]", s, n)
	}
	c.Set(0, d, ir.Shape{s[0], ir.Static(n)})
	return nil
}

// evalForest lets the trees vote over each row. extremes says that a target for
// which no leaf counts has the first value of its minimum or maximum, not 0.
func evalForest(c *op.EvalCtx, read func(*ir.Node, int) (*forest, error), extremes bool) error {
	x := c.Arg(0)
	if x == nil || !x.DType().IsFloat() || x.Rank() != 2 {
		return fmt.Errorf("wants rows of features")
	}
	rows, columns := x.Shape()[0], x.Shape()[1]
	f, err := read(c.Node, columns)
	if err != nil {
		return err
	}
	if err := kernel.CheckSize(tensor.Float64, []int{rows, f.width}); err != nil {
		return err
	}
	v, out := x.Float64s(), make([]float64, rows*f.width)
	start := map[int]float64{aggregateMin: math.MaxFloat32, aggregateMax: -math.MaxFloat32}[f.aggregate]
	if x.DType() == tensor.Float64 && start != 0 {
		start = math.Copysign(math.MaxFloat64, start)
	}
	for r := range rows {
		sum := out[r*f.width:][:f.width]
		for i := range sum {
			sum[i] = start
		}
		voted := make([]bool, f.width)
		for _, root := range f.roots {
			leaf, err := f.walk(v[r*columns:][:columns], root)
			if err != nil {
				return err
			}
			for _, w := range f.leaves[leaf] {
				voted[w.target] = true
				f.count(&sum[w.target], w.weight)
			}
		}
		for i := range sum {
			if !voted[i] && !extremes {
				sum[i] = 0
			}
		}
	}
	c.Out[0], err = tensor.FromFloat64s(x.DType(), out, rows, f.width)
	return err
}

// count adds one tree's vote to a target's result.
func (f *forest) count(sum *float64, weight float64) {
	switch f.aggregate {
	case aggregateAverage:
		*sum += weight / float64(len(f.roots))
	case aggregateSum:
		*sum += weight
	case aggregateMin:
		*sum = min(*sum, weight)
	case aggregateMax:
		*sum = max(*sum, weight)
	}
}

// columnsOf is the number of features of rows, and whether it is known.
func columnsOf(x *ir.Value) (int, bool) {
	if x == nil || len(x.Shape) == 0 {
		return math.MaxInt32, false
	}
	n, ok := x.Shape[len(x.Shape)-1].Int()
	if !ok {
		return math.MaxInt32, false
	}
	return int(n), true
}

package random

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var multinomialDef = &op.Def{
	Name: "Multinomial", Doc: "Draws classes by their unnormalised log-probabilities, row by row.", Family: family, FixedType: true,
	Attrs:  []op.Attr{{Name: "dtype", Kind: op.Int, Default: int64(6)}, {Name: "sample_size", Kind: op.Int, Default: int64(1)}, seedAttr},
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		d, err := outType(c.Node, tensor.Int32, indexType)
		if err != nil {
			return err
		}
		s := c.InShape(0)
		if s == nil {
			s = kernel.FreshShape(c.Out(0), 2)
		}
		if k := c.Int("sample_size", 1); len(s) != 2 || k < 0 {
			return fmt.Errorf("input %v with %d samples is not [batch, classes]", s, k)
		}
		c.Set(0, d, ir.Shape{s[0], ir.Static(c.Int("sample_size", 1))})
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		d, err := outType(c.Node, tensor.Int32, indexType)
		if err != nil {
			return err
		}
		x := c.Arg(0)
		if x == nil || !x.DType().IsFloat() || x.Rank() != 2 {
			return fmt.Errorf("wants log-probabilities [batch, classes]")
		}
		samples, classes := c.Int("sample_size", 1), x.Shape()[1]
		if samples < 0 || samples > 1<<31 || classes == 0 {
			return fmt.Errorf("%d samples of %d classes", samples, classes)
		}
		v, r, i := x.Float64s(), generator(c.Node), -1
		c.Out[0], err = draw(d, []int{x.Shape()[0], int(samples)}, func() float64 {
			i++
			row := v[i/int(samples)*classes:][:classes]
			return float64(pick(row, r.Float64()))
		})
		return err
	},
}

func indexType(d tensor.DType) bool { return d == tensor.Int32 || d == tensor.Int64 }

// pick is the class at share u of the total probability.
func pick(logs []float64, u float64) int {
	top, sum := math.Inf(-1), 0.0
	for _, l := range logs {
		top = max(top, l)
	}
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	u *= sum
	for i, l := range logs {
		if u -= math.Exp(l - top); u < 0 {
			return i
		}
	}
	return len(logs) - 1
}

package norm

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var lrnDef = &op.Def{
	Name:    "LRN",
	Family:  "norm",
	Doc:     "Local response normalisation: x/(bias + alpha/size*sum of squares over size neighbouring channels)^beta.",
	Inputs:  op.In("X"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "alpha", Kind: op.Float, Default: 1e-4},
		{Name: "beta", Kind: op.Float, Default: 0.75},
		{Name: "bias", Kind: op.Float, Default: 1.0},
		{Name: "size", Kind: op.Int, Required: true},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		if n := c.Int("size", 0); n < 1 {
			return fmt.Errorf("size %d is not positive", n)
		}
		if s := c.InShape(0); s != nil && len(s) < 2 {
			return fmt.Errorf("input %v has no channel axis", s)
		}
		return sameShape(c)
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if err := floats(x); err != nil {
			return err
		}
		n := int(c.Int("size", 0))
		if n < 1 || x.Rank() < 2 {
			return fmt.Errorf("size %d over input %v", n, x.Shape())
		}
		s := x.Shape()
		inner := 1
		for _, d := range s[2:] {
			inner *= d
		}
		in := x.Float64s()
		y := make([]float64, len(in))
		alpha, beta, bias := c.Float("alpha", 1e-4)/float64(n), c.Float("beta", 0.75), c.Float("bias", 1)
		before, after := (n-1)/2, n/2
		tensor.Parallel(s[0]*s[1], 1+(1<<11)/max(inner, 1), func(lo, hi int) {
			for p := lo; p < hi; p++ {
				ch, base := p%s[1], p-p%s[1]
				first, last := max(0, ch-before), min(s[1]-1, ch+after)
				for i := range inner {
					sum := 0.0
					for q := first; q <= last; q++ {
						v := in[(base+q)*inner+i]
						sum += v * v
					}
					y[p*inner+i] = in[p*inner+i] / math.Pow(bias+alpha*sum, beta)
				}
			}
		})
		var err error
		c.Out[0], err = tensor.FromFloat64s(x.DType(), y, s...)
		return err
	},
	Decompose: decomposeLRN,
}

// decomposeLRN sums the squares by an average pool over the channel axis, which
// it makes a spatial one: the pool counts padding, so it divides by size.
func decomposeLRN(b *op.Builder) ([]*ir.Value, error) {
	x, n := b.In(0), b.Int("size", 1)
	if x.Rank() != 4 {
		return nil, fmt.Errorf("input of rank %d: %w", x.Rank(), op.ErrNoDecomposition)
	}
	square := b.Op("Unsqueeze", nil, b.Op("Mul", nil, x, x), b.Ints(1))
	mean := b.Op("AveragePool", ir.Attrs{
		"kernel_shape":      []int64{n, 1, 1},
		"pads":              []int64{(n - 1) / 2, 0, 0, n / 2, 0, 0},
		"count_include_pad": int64(1),
	}, square)
	mean = b.Op("Squeeze", nil, mean, b.Ints(1))
	sum := b.Op("Mul", nil, mean, b.Scalar(x.DType, b.Float("alpha", 1e-4)))
	sum = b.Op("Add", nil, sum, b.Scalar(x.DType, b.Float("bias", 1)))
	return []*ir.Value{b.Op("Div", nil, x, b.Op("Pow", nil, sum, b.Scalar(x.DType, b.Float("beta", 0.75))))}, nil
}

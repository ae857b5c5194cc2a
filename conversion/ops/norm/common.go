package norm

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// sameShape gives output 0 the type and shape of input 0.
func sameShape(c *op.InferCtx) error {
	c.Set(0, c.InType(0), c.InShape(0).Clone())
	return nil
}

// wantChannels checks that the inputs named by index have one element for each
// of the channels along axis 1 of input 0.
func wantChannels(c *op.InferCtx, inputs ...int) error {
	xs := c.InShape(0)
	if xs == nil {
		return nil
	}
	if len(xs) < 2 {
		return fmt.Errorf("input %v has no channel axis", xs)
	}
	want, ok := xs[1].Int()
	for _, i := range inputs {
		s := c.InShape(i)
		if s == nil {
			continue
		}
		if len(s) != 1 {
			return fmt.Errorf("input %d has shape %v, want one dimension", i, s)
		}
		if n, known := s[0].Int(); ok && known && n != want {
			return fmt.Errorf("input %d has %d elements for %d channels", i, n, want)
		}
	}
	return nil
}

// floats checks that all required tensors are there and floating-point.
func floats(ts ...*tensor.Tensor) error {
	for i, t := range ts {
		if t == nil {
			return fmt.Errorf("lacks input %d", i)
		}
		if !t.DType().IsFloat() {
			return fmt.Errorf("input %d is %v, not floating-point", i, t.DType())
		}
	}
	return nil
}

// standardize replaces v by (v - mean)/sqrt(variance + epsilon) and returns
// mean and 1/sqrt(variance + epsilon).
func standardize(v []float64, epsilon float64) (mean, inverse float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	variance := 0.0
	for _, x := range v {
		variance += (x - mean) * (x - mean)
	}
	inverse = inverseRoot(variance/float64(len(v)), epsilon)
	for i, x := range v {
		v[i] = (x - mean) * inverse
	}
	return mean, inverse
}

// clone copies, because Float64s may alias the tensor.
func clone(t *tensor.Tensor) []float64 { return append([]float64(nil), t.Float64s()...) }

// channelView reshapes a vector of channels so that it broadcasts against a
// tensor of the given rank with channels on axis 1.
func channelView(b *op.Builder, v *ir.Value, rank int) *ir.Value {
	if rank == 2 {
		return v
	}
	axes := make([]int64, rank-2)
	for i := range axes {
		axes[i] = int64(i + 1)
	}
	if v.IsConst() {
		shape := make([]int, rank-1)
		for i := range shape {
			shape[i] = 1
		}
		shape[0] = v.Const.Len()
		if t, err := v.Const.Reshape(shape...); err == nil {
			return b.Const(t)
		}
	}
	return b.Op("Unsqueeze", nil, v, b.Ints(axes...))
}

// reduceForm is (x - mean)/sqrt(variance + epsilon) over axes.
func reduceForm(b *op.Builder, x *ir.Value, epsilon float64, axes *ir.Value) *ir.Value {
	keep := ir.Attrs{"keepdims": int64(1)}
	d := b.Op("Sub", nil, x, b.Op("ReduceMean", keep.Clone(), x, axes))
	variance := b.Op("ReduceMean", keep.Clone(), b.Op("Mul", nil, d, d), axes)
	return b.Op("Div", nil, d, b.Op("Sqrt", nil, b.Op("Add", nil, variance, b.Scalar(x.DType, epsilon))))
}

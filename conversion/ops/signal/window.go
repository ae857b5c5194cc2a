package signal

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// window makes the Def of a window that is a sum of cosines: the sum over k of
// weights[k]*cos(2πkn/N), where N is the window's length, or one less unless it
// is periodic.
func window(name, doc string, weights ...float64) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: family,
		Inputs: op.In("size"), Outputs: op.In("output"),
		Attrs: []op.Attr{
			{Name: "output_datatype", Kind: op.Int, Default: int64(1)},
			{Name: "periodic", Kind: op.Int, Default: int64(1)},
		},
		Infer: func(c *op.InferCtx) error {
			d, err := outputType(c.Node)
			if err != nil {
				return err
			}
			n, ok := one(c, 0)
			if !ok {
				n = kernel.Fresh(c.Out(0), 0)
			}
			if k, static := n.Int(); static && k < 0 {
				return fmt.Errorf("size %d is negative", k)
			}
			c.Set(0, d, ir.Shape{n})
			return nil
		},
		Eval: func(c *op.EvalCtx) error {
			d, err := outputType(c.Node)
			if err != nil {
				return err
			}
			size, err := whole(c, 0)
			if err != nil {
				return err
			}
			c.Out[0], err = sample(d, size, c.Int("periodic", 1) != 0, weights)
			return err
		},
		Decompose: func(b *op.Builder) ([]*ir.Value, error) { return countWindow(b, weights) },
		Tol:       op.Elementwise,
	}
}

func sample(d tensor.DType, size int64, periodic bool, weights []float64) (*tensor.Tensor, error) {
	if size < 0 || size > tensor.MaxElements {
		return nil, fmt.Errorf("size %d is out of range", size)
	}
	if err := kernel.CheckSize(tensor.Float64, []int{int(size)}); err != nil {
		return nil, err
	}
	n := float64(size)
	if !periodic {
		n--
	}
	v := make([]float64, size)
	for i := range v {
		for k, w := range weights {
			v[i] += w * math.Cos(2*math.Pi*float64(k)*float64(i)/n)
		}
	}
	return tensor.FromFloat64s(d, v, int(size))
}

// countWindow is a constant where the size is known, else counts the samples and
// takes their cosines in float32.
func countWindow(b *op.Builder, weights []float64) ([]*ir.Value, error) {
	d, err := outputType(b.Node)
	if err != nil {
		return nil, err
	}
	periodic := b.Int("periodic", 1) != 0
	if size, ok := constant(b.Node, 0); ok {
		t, err := sample(d, size, periodic, weights)
		if err != nil {
			return nil, err
		}
		return []*ir.Value{b.Const(t)}, nil
	}
	in := b.In(0).DType
	if !in.IsInt() {
		return nil, fmt.Errorf("size of %v: %w", in, op.ErrNoDecomposition)
	}
	cast := func(v *ir.Value, to tensor.DType) *ir.Value {
		return b.Op("Cast", ir.Attrs{"to": op.ONNXType(to)}, v)
	}
	f := tensor.Float32
	size := b.Op("Squeeze", nil, b.In(0))
	index := cast(b.Op("Range", nil, b.Scalar(in, 0), size, b.Scalar(in, 1)), f)
	n := cast(size, f)
	if !periodic {
		n = b.Op("Sub", nil, n, b.Scalar(f, 1))
	}
	var sum *ir.Value
	for k, w := range weights {
		if k == 0 {
			sum = b.Scalar(f, w)
			continue
		}
		angle := b.Op("Div", nil, b.Op("Mul", nil, index, b.Scalar(f, 2*math.Pi*float64(k))), n)
		sum = b.Op("Add", nil, sum, b.Op("Mul", nil, b.Op("Cos", nil, angle), b.Scalar(f, w)))
	}
	if d != f {
		sum = cast(sum, d)
	}
	return []*ir.Value{sum}, nil
}

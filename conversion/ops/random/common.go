package random

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// generator is the node's own source of numbers, at its beginning.
func generator(n *ir.Node) *rand.Rand {
	if n.Has("seed") {
		return rand.New(rand.NewPCG(math.Float64bits(n.Float("seed", 0)), 0))
	}
	h := fnv.New64a()
	h.Write([]byte(n.Name))
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// outType is the type that attribute dtype names, def without.
func outType(n *ir.Node, def tensor.DType, ok func(tensor.DType) bool) (tensor.DType, error) {
	if n.Has("dtype") {
		d, err := op.FromONNXType(n.Int("dtype", 0))
		if err != nil {
			return d, err
		}
		def = d
	}
	if def != tensor.Invalid && !ok(def) {
		return def, fmt.Errorf("%v is no type to draw", def)
	}
	return def, nil
}

// draw fills a shape with numbers of next.
func draw(d tensor.DType, shape []int, next func() float64) (*tensor.Tensor, error) {
	if err := kernel.CheckSize(tensor.Float64, shape); err != nil {
		return nil, err
	}
	v := make([]float64, kernel.Product(shape))
	for i := range v {
		v[i] = next()
	}
	return tensor.FromFloat64s(d, v, shape...)
}

var seedAttr = op.Attr{Name: "seed", Kind: op.Float}

// shaped makes the Def of a distribution whose shape is an attribute.
func shaped(name, doc string, attrs []op.Attr, next func(*ir.Node, *rand.Rand) func() float64) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: family, FixedType: true,
		Attrs:  append(attrs, seedAttr, op.Attr{Name: "dtype", Kind: op.Int, Default: int64(1)}, op.Attr{Name: "shape", Kind: op.Ints, Required: true}),
		Inputs: []op.Param{}, Outputs: op.In("output"),
		Infer: func(c *op.InferCtx) error {
			d, shape, err := shapedType(c.Node)
			if err != nil {
				return err
			}
			c.Set(0, d, ir.Dims(shape...))
			return nil
		},
		Eval: func(c *op.EvalCtx) error {
			d, shape, err := shapedType(c.Node)
			if err != nil {
				return err
			}
			c.Out[0], err = draw(d, shape, next(c.Node, generator(c.Node)))
			return err
		},
	}
}

func shapedType(n *ir.Node) (tensor.DType, []int, error) {
	d, err := outType(n, tensor.Float32, tensor.DType.IsFloat)
	if err != nil {
		return d, nil, err
	}
	for _, x := range n.Ints("shape") {
		if x < 0 || x > tensor.MaxElements {
			return d, nil, fmt.Errorf("shape %v is out of range", n.Ints("shape"))
		}
	}
	shape := kernel.ToInts(n.Ints("shape"))
	return d, shape, kernel.CheckSize(tensor.Float64, shape)
}

// like makes the Def of a distribution whose shape is the input's.
func like(name, doc string, attrs []op.Attr, plain string, next func(*ir.Node, *rand.Rand) func() float64) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: family, FixedType: true,
		Attrs:  append(attrs, seedAttr, op.Attr{Name: "dtype", Kind: op.Int}),
		Inputs: op.In("input"), Outputs: op.In("output"),
		Infer: func(c *op.InferCtx) error {
			d, err := outType(c.Node, c.InType(0), tensor.DType.IsFloat)
			if err != nil {
				return err
			}
			c.Set(0, d, c.InShape(0).Clone())
			return nil
		},
		Eval: func(c *op.EvalCtx) error {
			x := c.Arg(0)
			if x == nil {
				return fmt.Errorf("input 0 is missing")
			}
			d, err := outType(c.Node, x.DType(), tensor.DType.IsFloat)
			if err != nil {
				return err
			}
			c.Out[0], err = draw(d, x.Shape(), next(c.Node, generator(c.Node)))
			return err
		},
		Decompose: func(b *op.Builder) ([]*ir.Value, error) {
			shape, ok := b.In(0).Shape.Ints()
			d, err := outType(b.Node, b.In(0).DType, tensor.DType.IsFloat)
			if !ok || err != nil {
				return nil, fmt.Errorf("%s of an unknown shape: %w", name, op.ErrNoDecomposition)
			}
			attrs := b.Attrs.Clone()
			dims := make([]int64, len(shape))
			for i, n := range shape {
				dims[i] = int64(n)
			}
			attrs["dtype"], attrs["shape"] = op.ONNXType(d), dims
			return []*ir.Value{b.Op(plain, attrs)}, nil
		},
	}
}

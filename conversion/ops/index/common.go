package index

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

const family = "index"

func inferSame(c *op.InferCtx) error {
	c.Set(0, c.InType(0), c.InShape(0).Clone())
	return nil
}

func integer(name string, def int64) op.Attr {
	return op.Attr{Name: name, Kind: op.Int, Default: def}
}

// position resolves an index, a negative one from the end, into [0, size).
func position(i int64, size int) (int, error) {
	if i < 0 {
		i += int64(size)
	}
	if i < 0 || i >= int64(size) {
		return 0, fmt.Errorf("index %d is outside a dimension of size %d", i, size)
	}
	return int(i), nil
}

// reductionAttr says how written elements join those that are there.
var reductionAttr = op.Attr{Name: "reduction", Kind: op.Str, Default: "none"}

func checkReduction(n *ir.Node) error {
	if r := n.Str("reduction", "none"); !slices.Contains([]string{"none", "add", "mul", "max", "min"}, r) {
		return fmt.Errorf("reduction %q is not one of none, add, mul, max, min", r)
	}
	return nil
}

// scatter copies data and writes runs of block elements of updates to it: run i
// goes to element at[i]. Later runs win or, with a reduction, join.
func scatter(n *ir.Node, data, updates *tensor.Tensor, at []int, block int) (*tensor.Tensor, error) {
	if data.DType() != updates.DType() {
		return nil, fmt.Errorf("data is %v and updates are %v", data.DType(), updates.DType())
	}
	if len(at)*block != updates.Len() {
		return nil, fmt.Errorf("updates %v do not fit %d indices of %d elements", updates.Shape(), len(at), block)
	}
	if err := checkReduction(n); err != nil {
		return nil, err
	}
	reduction := n.Str("reduction", "none")
	if reduction == "none" {
		return overwrite(data, updates, at, block)
	}
	d := data.DType()
	switch {
	case d.IsFloat():
		return join(at, block, reduction, data.Float64s(), updates.Float64s(),
			func(v []float64) (*tensor.Tensor, error) { return tensor.FromFloat64s(d, v, data.Shape()...) })
	case d == tensor.Uint64:
		return join(at, block, reduction, tensor.View[uint64](data), tensor.View[uint64](updates),
			func(v []uint64) (*tensor.Tensor, error) { return tensor.Of(v, data.Shape()...), nil })
	case d.IsInt() || d == tensor.Bool:
		x, err := data.Int64s()
		if err != nil {
			return nil, err
		}
		y, err := updates.Int64s()
		if err != nil {
			return nil, err
		}
		return join(at, block, reduction, x, y,
			func(v []int64) (*tensor.Tensor, error) { return tensor.Of(v, data.Shape()...).Cast(d) })
	}
	return nil, fmt.Errorf("reduction %q is not defined for %v", reduction, d)
}

// overwrite takes every element from where it comes: data, or updates behind it.
func overwrite(data, updates *tensor.Tensor, at []int, block int) (*tensor.Tensor, error) {
	n := data.Len()
	from := make([]int, n)
	for i := range from {
		from[i] = i
	}
	for i, a := range at {
		for k := range block {
			from[a+k] = n + i*block + k
		}
	}
	x, err := data.Reshape(n)
	if err != nil {
		return nil, err
	}
	y, err := updates.Reshape(updates.Len())
	if err != nil {
		return nil, err
	}
	both, err := kernel.Concat([]int{n + updates.Len()}, 0, x, y)
	if err != nil {
		return nil, err
	}
	return kernel.Take(both, data.Shape(), 1, func(i int) int { return from[i] })
}

func join[T float64 | int64 | uint64](at []int, block int, reduction string, x, y []T, pack func([]T) (*tensor.Tensor, error)) (*tensor.Tensor, error) {
	out := slices.Clone(x)
	f := map[string]func(a, b T) T{
		"add": func(a, b T) T { return a + b },
		"mul": func(a, b T) T { return a * b },
		"max": func(a, b T) T { return max(a, b) },
		"min": func(a, b T) T { return min(a, b) },
	}[reduction]
	for i, a := range at {
		for k := range block {
			out[a+k] = f(out[a+k], y[i*block+k])
		}
	}
	if out == nil {
		out = []T{}
	}
	return pack(out)
}

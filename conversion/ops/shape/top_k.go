package shape

import (
	"cmp"
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var topKDef = &op.Def{
	Name: "TopK", Doc: "Finds the k largest or smallest elements along an axis and their indices.", Family: family,
	Attrs:  []op.Attr{integer("axis", -1), integer("largest", 1), integer("sorted", 1)},
	Inputs: op.In("X", "K"), Outputs: op.In("Values", "Indices"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s == nil {
			c.Set(0, c.InType(0), nil)
			c.Set(1, tensor.Int64, nil)
			return nil
		}
		axis, err := kernel.Axis(c.Int("axis", -1), len(s))
		if err != nil {
			return err
		}
		out := s.Clone()
		if v, ok := c.Content(1); ok && len(v) == 1 {
			out[axis] = v[0]
		} else {
			out[axis] = kernel.Fresh(c.Out(0), axis)
		}
		if n, ok := s[axis].Int(); ok {
			if k, ok := out[axis].Int(); ok && (k < 0 || k > n) {
				return fmt.Errorf("k is %d, but axis %d has %d elements", k, axis, n)
			}
		}
		c.Set(0, c.InType(0), out)
		c.Set(1, tensor.Int64, out.Clone())
		return nil
	},
	Eval:      evalTopK,
	Decompose: decomposeTopK,
	FromONNX: func(s *op.Src) error {
		in := []*ir.Value{s.In(0), s.In(1)}
		if s.Version < 10 {
			k, ok := s.Raw("k")
			n, isInt := k.(int64)
			if !ok || !isInt {
				return fmt.Errorf("lacks required attribute k")
			}
			in[1] = s.IntsConst([]int64{n})
		}
		return s.Lower("TopK", s.AttrsOf("axis", "largest", "sorted"), in...)
	},
}

func evalTopK(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	k, err := oneInt(c, 1)
	if err != nil {
		return err
	}
	axis, err := kernel.Axis(c.Int("axis", -1), x.Rank())
	if err != nil {
		return err
	}
	shape := slices.Clone(x.Shape())
	n := shape[axis]
	if k < 0 || k > int64(n) {
		return fmt.Errorf("k is %d, but axis %d has %d elements", k, axis, n)
	}
	shape[axis] = int(k)
	largest := c.Int("largest", 1) != 0
	var order func(dst []int, at func(int) int)
	switch d := x.DType(); {
	case d.IsFloat():
		order = orderBy(x.Float64s(), largest)
	case d == tensor.Uint64:
		order = orderBy(tensor.View[uint64](x), largest)
	case d.IsInt():
		v, err := x.Int64s()
		if err != nil {
			return err
		}
		order = orderBy(v, largest)
	default:
		return fmt.Errorf("is not defined for %v", d)
	}
	inner := kernel.Product(shape[axis+1:])
	size := kernel.Product(shape)
	src, idx := make([]int, size), make([]int64, size)
	row := make([]int, n)
	for o := range kernel.Product(shape[:axis]) {
		for in := range inner {
			at := func(i int) int { return (o*n+i)*inner + in }
			order(row, at)
			for j, i := range row[:k] {
				to := (o*int(k)+j)*inner + in
				src[to], idx[to] = at(i), int64(i)
			}
		}
	}
	if c.Out[0], err = kernel.Take(x, shape, 1, func(i int) int { return src[i] }); err != nil {
		return err
	}
	if len(c.Out) > 1 {
		c.Out[1] = tensor.Of(idx, shape...)
	}
	return nil
}

// orderBy sorts positions by value, equal ones by position, NaN as the largest.
func orderBy[T cmp.Ordered](v []T, largest bool) func([]int, func(int) int) {
	return func(dst []int, at func(int) int) {
		for i := range dst {
			dst[i] = i
		}
		slices.SortStableFunc(dst, func(a, b int) int {
			x, y := v[at(a)], v[at(b)]
			r := cmp.Compare(x, y)
			switch {
			case x != x && y == y:
				r = 1
			case y != y && x == x:
				r = -1
			}
			if largest {
				return -r
			}
			return r
		})
	}
}

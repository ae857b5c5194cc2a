package linalg

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/tensor"
)

var einsumDef = &op.Def{
	Name: "Einsum", Family: "linalg",
	Doc:       "Sum of products over labelled axes, by Einstein's convention.",
	Inputs:    op.Variadic("Inputs"),
	Outputs:   op.In("Output"),
	Attrs:     []op.Attr{{Name: "equation", Kind: op.Str, Required: true}},
	Tol:       op.Accumulating,
	Infer:     inferEinsum,
	Eval:      evalEinsum,
	Decompose: decomposeEinsum,
}

func inferEinsum(c *op.InferCtx) error {
	ranks := make([]int, len(c.Inputs))
	for i := range c.Inputs {
		s := c.InShape(i)
		if s == nil {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		ranks[i] = len(s)
	}
	e, err := parseEquation(c.Str("equation", ""), ranks)
	if err != nil {
		return err
	}
	size := map[rune]ir.Dim{}
	for i, labels := range e.in {
		for j, l := range labels {
			d := c.InShape(i)[j]
			have, ok := size[l]
			switch {
			case !ok || have.Is(1):
				size[l] = d
			case have.IsStatic() && d.IsStatic() && !have.Equal(d) && !d.Is(1):
				return fmt.Errorf("label %s is both %v and %v", name(l), have, d)
			case !have.IsStatic() && d.IsStatic() && !d.Is(1):
				size[l] = d
			}
		}
	}
	out := ir.Shape{}
	for _, l := range e.out {
		out = append(out, size[l])
	}
	c.Set(0, c.InType(0), out)
	return nil
}

func name(l rune) string {
	if l < 0 {
		return "..."
	}
	return string(l)
}

func evalEinsum(c *op.EvalCtx) error {
	ranks := make([]int, len(c.In))
	for i, t := range c.In {
		if t == nil || t.DType() != c.In[0].DType() {
			return fmt.Errorf("inputs are missing or of different types")
		}
		ranks[i] = t.Rank()
	}
	e, err := parseEquation(c.Str("equation", ""), ranks)
	if err != nil {
		return err
	}
	size := map[rune]int{}
	for i, labels := range e.in {
		for j, l := range labels {
			d := c.In[i].Shape()[j]
			if have, ok := size[l]; ok && have != d && have != 1 && d != 1 {
				return fmt.Errorf("label %s is both %d and %d", name(l), have, d)
			} else if !ok || have == 1 {
				size[l] = d
			}
		}
	}
	shape := make([]int, len(e.out))
	for i, l := range e.out {
		shape[i] = size[l]
	}
	if err := kernel.CheckSize(shape...); err != nil {
		return err
	}
	switch d := c.In[0].DType(); {
	case d.IsFloat():
		in := make([][]float64, len(c.In))
		for i, t := range c.In {
			in[i] = t.Float64s()
		}
		c.Out[0], err = tensor.FromFloat64s(d, sumProducts(e, size, shape, c.In, in), shape...)
	case d.IsInt():
		in := make([][]int64, len(c.In))
		for i, t := range c.In {
			if in[i], err = t.Int64s(); err != nil {
				return err
			}
		}
		c.Out[0], err = tensor.Of(sumProducts(e, size, shape, c.In, in), shape...).Cast(d)
	default:
		err = fmt.Errorf("element type %v is not supported", d)
	}
	return err
}

// sumProducts walks all labels, those of the output outermost.
func sumProducts[T float64 | int64](e *equation, size map[rune]int, shape []int, ts []*tensor.Tensor, in [][]T) []T {
	order := slices.Clone(e.out)
	for _, labels := range e.in {
		for _, l := range labels {
			if !slices.Contains(order, l) {
				order = append(order, l)
			}
		}
	}
	sums := order[len(e.out):]
	inner, outer := 1, 1
	for _, l := range sums {
		inner *= size[l]
	}
	for _, d := range shape {
		outer *= d
	}
	// step[i][j] is how far operand i moves with label order[j].
	step := make([][]int, len(ts))
	for i, t := range ts {
		step[i] = make([]int, len(order))
		s := 1
		for j := t.Rank() - 1; j >= 0; j-- {
			if t.Shape()[j] != 1 {
				step[i][slices.Index(order, e.in[i][j])] += s
			}
			s *= t.Shape()[j]
		}
	}
	out := make([]T, outer)
	tensor.Parallel(outer, 1+(1<<13)/max(inner, 1), func(lo, hi int) {
		at, base, pos := make([]int, len(ts)), make([]int, len(ts)), make([]int, len(sums))
		for o := lo; o < hi; o++ {
			clear(base)
			rest := o
			for j := len(e.out) - 1; j >= 0; j-- {
				p := rest % shape[j]
				rest /= shape[j]
				for i := range base {
					base[i] += p * step[i][j]
				}
			}
			copy(at, base)
			clear(pos)
			var total T
			for range inner {
				v := T(1)
				for i, x := range in {
					v *= x[at[i]]
				}
				total += v
				for j := len(sums) - 1; j >= 0; j-- {
					k := len(e.out) + j
					pos[j]++
					for i := range at {
						at[i] += step[i][k]
					}
					if pos[j] < size[sums[j]] {
						break
					}
					for i := range at {
						at[i] -= pos[j] * step[i][k]
					}
					pos[j] = 0
				}
			}
			out[o] = total
		}
	})
	return out
}

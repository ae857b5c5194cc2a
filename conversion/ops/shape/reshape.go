package shape

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var reshapeDef = &op.Def{
	Name: "Reshape", Doc: "Gives the same elements another shape; 0 copies a dimension, -1 is solved for.", Family: family,
	Attrs:  []op.Attr{integer("allowzero", 0)},
	Inputs: op.In("data", "shape"), Outputs: op.In("reshaped"),
	Infer:    inferReshape,
	Eval:     evalReshape,
	Harmless: []string{"consumed_inputs"},
	FromONNX: func(s *op.Src) error {
		in := []*ir.Value{s.In(0), s.In(1)}
		if s.Version < 5 {
			to, ok := s.Ints("shape")
			if !ok {
				return fmt.Errorf("lacks attribute shape")
			}
			in[1] = s.IntsConst(to)
		}
		return s.Lower("Reshape", s.AttrsOf("allowzero"), in...)
	},
}

func inferReshape(c *op.InferCtx) error {
	x, d := c.InShape(0), c.InType(0)
	to, ok := c.Content(1)
	if !ok {
		rank, known := listLength(c, 1)
		if !known {
			rank = -1
		}
		setUnknown(c, d, rank)
		return nil
	}
	zero := c.Int("allowzero", 0) != 0
	out := make(ir.Shape, len(to))
	solve := -1
	rest := ir.Static(1)   // product of the dims of the result that are not solved
	restX := x.Clone()     // the input's dims without those that 0 copies
	restTo := ir.Static(1) // product of the result's dims that are not copied
	for i, t := range to {
		n, static := t.Int()
		switch {
		case static && n == -1:
			if solve >= 0 {
				return fmt.Errorf("shape %v has more than one -1", ir.Shape(to))
			}
			solve = i
			continue
		case static && n < -1:
			return fmt.Errorf("shape %v has the negative dimension %d", ir.Shape(to), n)
		case static && n == 0 && !zero:
			if x == nil {
				out[i] = kernel.Fresh(c.Out(0), i)
				break
			}
			if i >= len(x) {
				return fmt.Errorf("shape %v copies dimension %d of %v", ir.Shape(to), i, x)
			}
			out[i] = x[i]
			restX[i] = ir.Static(1)
			rest = rest.Mul(out[i])
			continue
		default:
			out[i] = t
		}
		rest = rest.Mul(out[i])
		// Open sizes that are on both sides are left out: quotients of sums are
		// seldom found.
		if j := slices.IndexFunc(restX, func(d ir.Dim) bool { return !d.IsStatic() && d.Equal(out[i]) }); j >= 0 {
			restX[j] = ir.Static(1)
			continue
		}
		restTo = restTo.Mul(out[i])
	}
	total, known := x.NumElements()
	if solve >= 0 {
		out[solve] = kernel.Fresh(c.Out(0), solve)
		if left, ok := restX.NumElements(); ok {
			q, ok := left.Div(restTo)
			if !ok && left.IsStatic() && restTo.IsStatic() && !restTo.Is(0) {
				return fmt.Errorf("%v does not reshape to %v", x, ir.Shape(to))
			}
			if ok {
				out[solve] = q
			} else if k, ok := restTo.Int(); ok && k > 0 {
				out[solve] = left.FloorDiv(k)
			}
		}
	} else if known && total.IsStatic() && rest.IsStatic() && !total.Equal(rest) {
		return fmt.Errorf("%v of %v elements does not reshape to %v", x, total, out)
	}
	c.Set(0, d, out)
	keepContent(c)
	return nil
}

func evalReshape(c *op.EvalCtx) error {
	x, err := c.Need(0)
	if err != nil {
		return err
	}
	to, err := c.Ints64(1)
	if err != nil {
		return err
	}
	shape, err := reshaped(x.Shape(), to, c.Int("allowzero", 0) != 0)
	if err != nil {
		return err
	}
	c.Out[0], err = x.Reshape(shape...)
	return err
}

// reshaped resolves the 0 and -1 of a Reshape.
func reshaped(x []int, to []int64, allowZero bool) ([]int, error) {
	out := make([]int, len(to))
	solve, rest := -1, 1
	for i, t := range to {
		switch {
		case t == -1 && solve < 0:
			solve = i
			continue
		case t < 0:
			return nil, fmt.Errorf("shape %v has a negative dimension", to)
		case t == 0 && !allowZero:
			if i >= len(x) {
				return nil, fmt.Errorf("shape %v copies dimension %d of %v", to, i, x)
			}
			out[i] = x[i]
		case t > tensor.MaxElements:
			return nil, fmt.Errorf("shape %v is too large", to)
		default:
			out[i] = int(t)
		}
		if out[i] != 0 && rest > tensor.MaxElements/out[i] {
			return nil, fmt.Errorf("shape %v is too large", to)
		}
		rest *= out[i]
	}
	if solve >= 0 {
		total := kernel.Product(x)
		if rest == 0 || total%rest != 0 {
			return nil, fmt.Errorf("%v does not reshape to %v", x, to)
		}
		out[solve] = total / rest
	}
	return out, nil
}

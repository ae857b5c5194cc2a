package reduce

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// position makes the Def of an operator that finds the place of an extremum
// along one axis; better tells whether a beats the best so far.
func position(name, doc string, floats func(a, best float64) bool, ints func(a, best int64) bool) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: "reduce",
		Inputs: op.In("data"), Outputs: op.In("reduced"),
		Attrs: []op.Attr{
			{Name: "axis", Kind: op.Int, Default: int64(0)},
			{Name: "keepdims", Kind: op.Int, Default: int64(1)},
			{Name: "select_last_index", Kind: op.Int, Default: int64(0)},
		},
		Infer: func(c *op.InferCtx) error {
			s := c.InShape(0)
			if s == nil {
				c.Set(0, tensor.Int64, nil)
				return nil
			}
			set, err := kernel.AxisSet([]int64{c.Int("axis", 0)}, len(s))
			if err != nil {
				return err
			}
			c.Set(0, tensor.Int64, reducedShape(s, set, c.Int("keepdims", 1) != 0))
			return nil
		},
		Eval:      func(c *op.EvalCtx) error { return evalPosition(c, floats, ints) },
		Decompose: firstOfReversed,
		Tol:       op.Exact,
	}
}

// firstOfReversed finds the last of equal extrema as the first one of the
// reversed axis.
func firstOfReversed(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	if b.Int("select_last_index", 0) == 0 || x.Rank() < 1 {
		return nil, op.ErrNoDecomposition
	}
	axis, err := kernel.Axis(b.Int("axis", 0), x.Rank())
	if err != nil {
		return nil, err
	}
	n, ok := x.Shape[axis].Int()
	if !ok || n == 0 {
		return nil, fmt.Errorf("axis of size %v: %w", x.Shape[axis], op.ErrNoDecomposition)
	}
	back := make([]int64, n)
	for i := range back {
		back[i] = n - 1 - int64(i)
	}
	attrs := b.Attrs.Clone()
	delete(attrs, "select_last_index")
	turned := b.Op("Gather", ir.Attrs{"axis": int64(axis)}, x, b.Ints(back...))
	return []*ir.Value{b.Op("Sub", nil, b.Const(tensor.Scalar(n-1)), b.Op(b.Node.Op, attrs, turned))}, nil
}

func evalPosition(c *op.EvalCtx, floats func(a, best float64) bool, ints func(a, best int64) bool) error {
	t := c.Arg(0)
	if t == nil {
		return fmt.Errorf("input 0 is missing")
	}
	axis, err := kernel.Axis(c.Int("axis", 0), t.Rank())
	if err != nil {
		return err
	}
	if t.Shape()[axis] == 0 {
		return fmt.Errorf("axis %d of shape %v is empty", axis, t.Shape())
	}
	set := make([]bool, t.Rank())
	set[axis] = true
	p := newPlan(t.Shape(), set, c.Int("keepdims", 1) != 0)
	last := c.Int("select_last_index", 0) != 0
	var out []int64
	switch d := t.DType(); {
	case d == tensor.Float32:
		out = run(p, tensor.View[float32](t), func(x float32) float64 { return float64(x) }, best(floats, last))
	case d.IsFloat() || d == tensor.Uint64:
		out = run(p, t.Float64s(), func(x float64) float64 { return x }, best(floats, last))
	case d.IsInt():
		v, err := t.Int64s()
		if err != nil {
			return err
		}
		out = run(p, v, func(x int64) int64 { return x }, best(ints, last))
	default:
		return fmt.Errorf("is not defined for %v", d)
	}
	c.Out[0] = tensor.Of(out, p.shape...)
	return nil
}

// best finds the first or last extremum; the first NaN counts as one, as in
// numpy.
func best[T float64 | int64](better func(a, best T) bool, last bool) func([]T) int64 {
	return func(v []T) int64 {
		at := 0
		for i, x := range v {
			if x != x {
				return int64(i)
			}
			if better(x, v[at]) || last && x == v[at] {
				at = i
			}
		}
		return int64(at)
	}
}

package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var splitDef = &op.Def{
	Name: "SplitToSequence", Doc: "Cuts a tensor along an axis into a sequence of parts.", Family: family,
	Inputs: op.Opt(op.In("input"), "split"), Outputs: op.In("output_sequence"),
	Attrs: []op.Attr{
		{Name: "axis", Kind: op.Int, Default: int64(0)},
		{Name: "keepdims", Kind: op.Int, Default: int64(1)},
	},
	Infer:     inferSplit,
	Eval:      evalSplit,
	Decompose: decomposeSplit,
}

// drops reports whether the parts lose the axis: only where they are single
// slices because no sizes are given.
func drops(n *ir.Node, split bool) bool { return !split && n.Int("keepdims", 1) == 0 }

// sizes are those of the parts of a dimension: given as a list, as one size for
// all but the last, or all 1 where split is nil.
func sizes(dim int64, split []int64, scalar bool) ([]int64, error) {
	step := int64(1)
	switch {
	case split != nil && !scalar:
		left := dim
		for _, s := range split {
			if s < 0 || s > left {
				return nil, fmt.Errorf("sizes %v do not add up to %d", split, dim)
			}
			left -= s
		}
		if left != 0 {
			return nil, fmt.Errorf("sizes %v do not add up to %d", split, dim)
		}
		return split, nil
	case split != nil:
		if len(split) != 1 || split[0] < 1 {
			return nil, fmt.Errorf("cannot split into parts of %v", split)
		}
		step = split[0]
	}
	if (dim+step-1)/step > 1<<24 {
		return nil, fmt.Errorf("cannot split %d into parts of %d", dim, step)
	}
	var out []int64
	for at := int64(0); at < dim; at += step {
		out = append(out, min(step, dim-at))
	}
	return out, nil
}

// parts are the sizes that a node is known to split into.
func parts(n *ir.Node) (axis int, out []int64, known bool, err error) {
	s := n.In(0).Shape
	if s == nil {
		return 0, nil, false, nil
	}
	if axis, err = kernel.Axis(n.Int("axis", 0), len(s)); err != nil {
		return 0, nil, false, err
	}
	var split []int64
	scalar := false
	if v := n.In(1); v != nil {
		if split, known = v.ConstInts(); !known {
			return axis, nil, false, nil
		}
		scalar = v.Rank() == 0
		if split == nil {
			split = []int64{}
		}
	}
	dim, ok := s[axis].Int()
	if !ok {
		return axis, nil, false, nil
	}
	out, err = sizes(dim, split, scalar)
	return axis, out, err == nil, err
}

func inferSplit(c *op.InferCtx) error {
	axis, p, known, err := parts(c.Node)
	if err != nil {
		return err
	}
	t := c.InTyp(0)
	if t.Shape != nil {
		t.Shape = t.Shape.Clone()
		if known && len(p) > 0 {
			t.Shape[axis] = ir.Static(p[0])
			for _, s := range p {
				if s != p[0] {
					t.Shape[axis] = differing(c.Out(0))(axis)
				}
			}
		} else {
			t.Shape[axis] = differing(c.Out(0))(axis)
		}
		if drops(c.Node, c.In(1) != nil) {
			t.Shape = append(t.Shape[:axis:axis], t.Shape[axis+1:]...)
		}
	}
	c.SetType(0, of(t, list(ir.Static(int64(len(p))), known)))
	return nil
}

func evalSplit(c *op.EvalCtx) error {
	x := c.Arg(0)
	axis, err := kernel.Axis(c.Int("axis", 0), x.Rank())
	if err != nil {
		return err
	}
	var split []int64
	scalar := false
	if t := c.Arg(1); t != nil {
		if split, err = t.Int64s(); err != nil {
			return err
		}
		split = append([]int64{}, split...)
		scalar = t.Rank() == 0
	}
	p, err := sizes(int64(x.Shape()[axis]), split, scalar)
	if err != nil {
		return err
	}
	st := kernel.Strides(x.Shape())
	var items []*tensor.Tensor
	at := 0
	for _, n := range p {
		shape, strides := append([]int{}, x.Shape()...), append([]int{}, st...)
		shape[axis] = int(n)
		if drops(c.Node, split != nil) {
			shape = append(shape[:axis], shape[axis+1:]...)
			strides = append(strides[:axis], strides[axis+1:]...)
		}
		y, err := kernel.Strided(x, at*st[axis], shape, strides)
		if err != nil {
			return err
		}
		items = append(items, y)
		at += int(n)
	}
	c.Out[0] = tensor.NewSequence(items...)
	return nil
}

func decomposeSplit(b *op.Builder) ([]*ir.Value, error) {
	axis, p, known, err := parts(b.Node)
	switch {
	case err != nil:
		return nil, err
	case !known || len(p) > 1<<12:
		return nil, fmt.Errorf("the number of parts is not known or too large: %w", op.ErrNoDecomposition)
	}
	items := []*ir.Value{b.In(0)}
	switch {
	case len(p) == 0:
		items = nil
	case len(p) > 1:
		items = b.Patch.AddN("Split", ir.Attrs{"axis": int64(axis)}, []*ir.Value{b.In(0), b.Ints(p...)}, len(p), b.Node).Outputs
	}
	if drops(b.Node, b.In(1) != nil) {
		at := b.Ints(int64(axis))
		items = append([]*ir.Value{}, items...)
		for i, v := range items {
			items[i] = b.Op("Squeeze", nil, v, at)
		}
	}
	v, err := construct(b, items, b.Out(0))
	return []*ir.Value{v}, err
}

package index

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
)

var scatterNDDef = &op.Def{
	Name: "ScatterND", Doc: "Writes slices at lists of indices into the leading dimensions of a copy of data.", Family: family,
	Attrs:  []op.Attr{reductionAttr},
	Inputs: op.In("data", "indices", "updates"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		if err := checkReduction(c.Node); err != nil {
			return err
		}
		s, idx := c.InShape(0), c.InShape(1)
		if s != nil && len(idx) > 0 {
			if k, ok := idx[len(idx)-1].Int(); ok && (k < 1 || k > int64(len(s))) {
				return fmt.Errorf("indices %v do not fit data %v", idx, s)
			}
		}
		return inferSame(c)
	},
	Eval: evalScatterND,
	Tol:  op.Elementwise,

	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		if b.Str("reduction", "none") != "none" {
			return joinedBlocks(b)
		}
		return blocksByPlace(b)
	},
}

// joinedBlocks joins the updates with what is there and overwrites that: for
// constant indices that name no place twice.
func joinedBlocks(d *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: d}
	join := map[string]string{"add": "Add", "mul": "Mul", "max": "Max", "min": "Min"}[b.Str("reduction", "none")]
	data, idx, updates := b.In(0), b.In(1), b.In(2)
	if once, known := distinct(data.Shape, idx); !known || !once {
		return nil, fmt.Errorf("indices that may name a place twice: %w", op.ErrNoDecomposition)
	}
	joined := b.Op(join, nil, b.Op("GatherND", nil, data, idx), updates)
	return build.One(b.Op("ScatterND", nil, data, idx, joined))
}

// distinct reports whether the lists in constant indices into s all differ;
// known is false where the indices or the sizes are not known.
func distinct(s ir.Shape, idx *ir.Value) (once, known bool) {
	v, ok := idx.ConstInts()
	if !ok || len(idx.Shape) == 0 {
		return false, false
	}
	is := idx.Const.Shape()
	k := is[len(is)-1]
	if k < 1 || k > len(s) {
		return false, false
	}
	seen := map[string]bool{}
	for i := 0; i+k <= len(v); i += k {
		key := ""
		for j, x := range v[i : i+k] {
			n, static := s[j].Int()
			if x < 0 && !static {
				return false, false
			}
			if x < 0 {
				x += n
			}
			key += fmt.Sprint(x, " ")
		}
		if seen[key] {
			return false, true
		}
		seen[key] = true
	}
	return true, true
}

func evalScatterND(c *op.EvalCtx) error {
	data, err := arg(c, 0)
	if err != nil {
		return err
	}
	idx, err := intArg(c, 1)
	if err != nil {
		return err
	}
	updates, err := arg(c, 2)
	if err != nil {
		return err
	}
	s, is := data.Shape(), c.Arg(1).Shape()
	if len(is) == 0 {
		return fmt.Errorf("indices are a scalar")
	}
	k := is[len(is)-1]
	if k < 1 || k > len(s) {
		return fmt.Errorf("indices %v do not fit data %v", is, s)
	}
	if want := slices.Concat(is[:len(is)-1], s[k:]); !slices.Equal(updates.Shape(), want) {
		return fmt.Errorf("updates have shape %v, not %v", updates.Shape(), want)
	}
	st := kernel.Strides(s)
	at := make([]int, kernel.Product(is[:len(is)-1]))
	for i := range at {
		for j := range k {
			p, err := position(idx[i*k+j], s[j])
			if err != nil {
				return err
			}
			at[i] += p * st[j]
		}
	}
	c.Out[0], err = scatter(c.Node, data, updates, at, kernel.Product(s[k:]))
	return err
}

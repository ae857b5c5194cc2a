package index

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
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

// maxRounds bounds how often constant indices may name one place.
const maxRounds = 16

// joinedBlocks joins the updates with what is there and overwrites that, for
// constant indices: those that name a place again come in a later round.
func joinedBlocks(d *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: d}
	join := map[string]string{"add": "Add", "mul": "Mul", "max": "Max", "min": "Min"}[b.Str("reduction", "none")]
	data, updates := b.In(0), b.In(2)
	s, ok := data.Shape.Ints()
	v, isConst := b.In(1).ConstInts()
	if !isConst {
		return byMask(d)
	}
	if !ok || join == "" || b.In(1).Rank() < 1 {
		return nil, fmt.Errorf("data of unknown size: %w", op.ErrNoDecomposition)
	}
	is := b.In(1).Const.Shape()
	k := is[len(is)-1]
	if k < 1 || k > len(s) {
		return nil, fmt.Errorf("indices %v do not fit data %v", is, s)
	}
	rounds, err := byRound(v, s[:k])
	if err != nil {
		return nil, err
	}
	if len(rounds) > maxRounds {
		return nil, fmt.Errorf("indices that name a place %d times: %w", len(rounds), op.ErrNoDecomposition)
	}
	rows := []int64{int64(len(v) / k)}
	for _, n := range s[k:] {
		rows = append(rows, int64(n))
	}
	updates = b.Reshape(updates, rows...)
	y := data
	for _, round := range rounds {
		list := make([]int64, 0, len(round)*k)
		for _, i := range round {
			list = append(list, v[int(i)*k:][:k]...)
		}
		at := b.Const(tensor.Of(list, len(round), k))
		part := updates
		if len(rounds) > 1 {
			part = b.Op("Gather", ir.Attrs{"axis": int64(0)}, updates, b.Ints(round...))
		}
		joined := b.Op(join, nil, b.Op("GatherND", nil, y, at), part)
		y = b.Op("ScatterND", nil, y, at, joined)
	}
	if y == data {
		y = b.Op("Identity", nil, y)
	}
	return build.One(y)
}

// byRound divides lists of len(s) indices into rounds without repetition.
func byRound(v []int64, s []int) ([][]int64, error) {
	var rounds [][]int64
	seen := map[string]int{}
	for i := range len(v) / len(s) {
		key := ""
		for j, x := range v[i*len(s):][:len(s)] {
			p, err := position(x, s[j])
			if err != nil {
				return nil, err
			}
			key += fmt.Sprint(p, " ")
		}
		r := seen[key]
		seen[key]++
		if r == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[r] = append(rounds[r], int64(i))
	}
	return rounds, nil
}

func evalScatterND(c *op.EvalCtx) error {
	data, err := c.Need(0)
	if err != nil {
		return err
	}
	idx, err := c.Ints64(1)
	if err != nil {
		return err
	}
	updates, err := c.Need(2)
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

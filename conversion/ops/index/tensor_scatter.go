package index

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
)

var tensorScatterDef = &op.Def{
	Name: "TensorScatter", Doc: "Writes an update into a cache along one axis, from a start of its own for each sample.", Family: family,
	Attrs:  []op.Attr{integer("axis", -2), {Name: "mode", Kind: op.Str, Default: "linear"}},
	Inputs: op.Opt(op.In("past_cache", "update"), "write_indices"), Outputs: op.In("present_cache"),
	Infer: func(c *op.InferCtx) error {
		if _, err := circular(c.Node); err != nil {
			return err
		}
		if s := c.InShape(0); s != nil {
			if _, err := cacheAxis(c.Node, len(s)); err != nil {
				return err
			}
			if u := c.InShape(1); u != nil && len(u) != len(s) {
				return fmt.Errorf("cache %v and update %v differ in rank", s, u)
			}
		}
		return inferSame(c)
	},
	Eval:      evalTensorScatter,
	Decompose: decomposeTensorScatter,
}

func circular(n *ir.Node) (bool, error) {
	switch m := n.Str("mode", "linear"); m {
	case "linear":
		return false, nil
	case "circular":
		return true, nil
	default:
		return false, fmt.Errorf("mode %q is neither linear nor circular", m)
	}
}

// cacheAxis is the sequence axis, which is not that of the batch.
func cacheAxis(n *ir.Node, rank int) (int, error) {
	a, err := kernel.Axis(n.Int("axis", -2), rank)
	if err == nil && a == 0 {
		err = fmt.Errorf("axis %d is the batch", n.Int("axis", -2))
	}
	return a, err
}

func evalTensorScatter(c *op.EvalCtx) error {
	cache, err := c.Need(0)
	if err != nil {
		return err
	}
	update, err := c.Need(1)
	if err != nil {
		return err
	}
	wrap, err := circular(c.Node)
	if err != nil {
		return err
	}
	axis, err := cacheAxis(c.Node, cache.Rank())
	if err != nil {
		return err
	}
	s, u := cache.Shape(), update.Shape()
	for i := range s {
		if len(u) != len(s) || i != axis && u[i] != s[i] {
			return fmt.Errorf("update %v does not fit cache %v along axis %d", u, s, axis)
		}
	}
	start := make([]int64, s[0])
	if c.Arg(2) != nil {
		if start, err = c.Ints64(2); err != nil {
			return err
		}
		if len(start) != s[0] {
			return fmt.Errorf("%d write indices for a batch of %d", len(start), s[0])
		}
	}
	block := kernel.Product(s[axis+1:])
	rows := kernel.Product(u[:axis+1])
	if len(u) > 0 && update.Len() == 0 {
		c.Out[0] = cache
		return nil
	}
	perSample := rows / s[0]
	at := make([]int, rows)
	for i := range at {
		row, col := i/u[axis], i%u[axis]
		w := start[i/perSample]
		to := w + int64(col)
		if wrap {
			if w < 0 || s[axis] == 0 {
				return fmt.Errorf("write index %d is out of range", w)
			}
			to %= int64(s[axis])
		}
		if w < 0 || to < 0 || to >= int64(s[axis]) {
			return fmt.Errorf("write index %d + %d is outside a cache of %d", w, col, s[axis])
		}
		at[i] = (row*s[axis] + int(to)) * block
	}
	c.Out[0], err = overwrite(cache, update, at, block)
	return err
}

// decomposeTensorScatter spreads the target positions over the update's shape
// for ScatterElements.
func decomposeTensorScatter(d *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: d}
	cache, update := b.In(0), b.In(1)
	if update.Rank() < 2 {
		return nil, fmt.Errorf("update of unknown rank: %w", op.ErrNoDecomposition)
	}
	axis, err := cacheAxis(b.Node, update.Rank())
	if err != nil {
		return nil, err
	}
	wrap, err := circular(b.Node)
	if err != nil {
		return nil, err
	}
	column := make([]int64, update.Rank())
	sample := make([]int64, update.Rank())
	for i := range column {
		column[i], sample[i] = 1, 1
	}
	column[axis], sample[0] = -1, -1
	to := b.Reshape(b.Range(b.Size(update, axis)), column...)
	if start := b.In(2); start != nil {
		to = b.Add(to, b.Reshape(start, sample...))
	}
	if wrap {
		to = b.Op("Mod", nil, to, b.Size(cache, axis))
	}
	to = b.Op("Expand", nil, to, b.Op("Shape", nil, update))
	return build.One(b.Op("ScatterElements", ir.Attrs{"axis": int64(axis)}, cache, to, update))
}

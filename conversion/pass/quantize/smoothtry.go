package quantize

import (
	"context"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

const smoothTitle = ", channels smoothed"

// trySmooth tries what there is once more with the channels smoothed that way, one
// of the ways tried, shows to gain by it.
func (t *tryer) trySmooth(ctx context.Context, m *measured, way *Options) error {
	s, err := smooth(ctx, t.g, t.reg, way, m.patches)
	if err != nil || s == nil {
		return err
	}
	smoothed := *way
	smoothed.smooth = s
	if err := m.again(ctx, t.g, t.reg, &smoothed, t.r); err != nil {
		return err
	}
	for i := range t.folds {
		t.folds[i].measure(m)
	}
	for i := range len(t.ways) {
		try := *t.ways[i]
		try.smooth = s
		t.add(t.trials[i].Method+smoothTitle, &try)
	}
	return t.run(ctx)
}

// again measures the tensors that o's smoothing makes on the inputs that were kept.
func (m *measured) again(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner) error {
	copied, err := o.smooth.applied(g, reg)
	if err != nil {
		return err
	}
	p := NewPlan(copied, o)
	values := slices.DeleteFunc(p.values(), func(v *ir.Value) bool { return !o.smooth.names[v.Name] })
	channels := p.channels()
	c := &collector{stats: map[string]*Stats{}, patches: map[string][]*patches{}}
	looked := min(m.looked, len(m.kept))
	if looked > 0 {
		whole, seen := expose(copied, values, channels)
		err := c.pass(ctx, r, whole, listed(m.kept[:looked]), func(out []*tensor.Tensor) error { return c.elements(seen, out) })
		if err != nil {
			return err
		}
	}
	if looked < len(m.kept) {
		tapped, slots, err := tap(copied, reg, values, channels)
		if err != nil {
			return err
		}
		err = c.pass(ctx, r, tapped, listed(m.kept[looked:]), func(out []*tensor.Tensor) error { return c.scalars(slots, out) })
		if err != nil {
			return err
		}
	}
	m.take(c)
	return nil
}

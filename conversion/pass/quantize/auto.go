package quantize

import (
	"context"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// Trial is what one way to choose ranges made of a graph.
type Trial struct {
	Method string  // of Options, or a variation of it
	SQNR   float64 // of the outputs, in dB, mean over inputs and outputs; NaN where the trial did not run
	Pooled float64 // the same of all inputs taken together: those with large outputs weigh most
	Chosen bool

	out bool // too far behind to go on with after the first inputs
}

// candidates are the ways that Auto tries, from those that cut off least: none of
// them is the best for every network. The first wins where nothing can be tried.
var candidates = []struct {
	method  string
	tighten float64
	title   string
}{{"minmax", -headroom, "minmax"}, {"percentile", 0, "percentile"}, {"mse", 0, "mse"}, {"minmax", 0.9, "nearly mean extremes"}, {"minmax", 1, "mean extremes"}}

// headroom is how much farther than they were seen extremes are held to go, as a
// share of their distance from their mean over the inputs: some inputs to come
// will go beyond those few.
const headroom = 0.05

// cuts are where else than everywhere ranges may leave out what is rare, as shares
// of the tensors in their order, from the narrowest. Noise that early layers add
// grows on its way through some networks and is lost in others, and an input
// larger than all others suffers wherever it is cut off.
var cuts = []struct {
	from, to float64
	title    string
}{
	{0, 0.25, " in the first quarter"},
	{0.75, 1, " in the last quarter"},
	{0, 0.5, " in the first half"},
	{0.5, 1, " in the last half"},
	{0, 0.75, " in the first three quarters"},
	{0.25, 1, " in the last three quarters"},
}

// spared times the weight of unusual inputs, in dB: who is so near to the best and
// cuts off in fewer layers is preferred, for inputs larger than any seen here.
const spared = 0.6

// plenty dB leave nothing to be gained from other ways to round weights.
const plenty = 30

// margin in dB: who is so near to the best and cuts off less is preferred, since
// inputs that were not seen here may have larger values.
const margin = 0.05

// enough dB end the trials with the first: an error of a hundredth changes no
// decision.
const enough = 40

// Less than poor dB make it try float layers, which have to be worth so many dB.
const (
	poor  = 15
	worth = 3
)

// Auto measures g as Calibrate does, once for all methods, quantizes a copy of it
// by each and runs the copies on inputs that had no part in the ranges, where
// there are enough. It returns options, with Stats of all inputs, for the method
// whose outputs are nearest to those of g. The trials come in the order in which
// they were made.
func Auto(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner, batches Batches, progress func(done int)) (*Options, []Trial, error) {
	chosen := *o
	chosen.Method = "percentile" // needs whole tensors, as most candidates do
	m, err := measure(ctx, g, reg, &chosen, r, batches, progress, trialBytes)
	if err != nil {
		return nil, nil, err
	}
	chosen.Stats, chosen.Method, chosen.Tighten = m.stats, candidates[0].method, candidates[0].tighten
	if len(m.stats) == 0 {
		return &chosen, nil, nil
	}
	chosen.memo, chosen.headroom = &memo{}, headroom
	t := &tryer{g: g, reg: reg, r: r, folds: m.folds(work(g)), lone: o.Profile.lone}
	for _, c := range candidates {
		try := chosen
		try.Method, try.Tighten, try.Stats = c.method, c.tighten, t.folds[0].stats
		if !slices.ContainsFunc(t.ways, func(o *Options) bool { return alike(g, o, &try) }) {
			t.add(c.title, &try)
		}
	}
	if err := t.run(ctx); err != nil {
		return nil, nil, err
	}
	best, most := t.best()
	if most < plenty {
		if err := t.trySmooth(ctx, m, t.ways[best]); err != nil {
			return nil, nil, err
		}
		best, most = t.best()
	}
	if names := stem(g, &chosen); most < poor && len(names) > 0 {
		// Raw inputs give the first layers ranges that one scale often cannot hold.
		for i := range len(t.ways) {
			try := *t.ways[i]
			try.KeepFloat = append(slices.Clone(try.KeepFloat), names...)
			t.add(t.trials[i].Method+" with the first layers in float", &try)
		}
		if err := t.run(ctx); err != nil {
			return nil, nil, err
		}
		if kept, better := t.best(); better >= most+worth {
			best = kept
		}
	}
	if most > 0 && most < plenty {
		if best, err = t.refine(ctx, best, m.patches); err != nil {
			return nil, nil, err
		}
	}
	t.trials[best].Chosen = true
	way := *t.ways[best]
	way.Stats = m.stats
	return &way, t.trials, nil
}

// refine tries what may make the trial best better: weights rounded so that their
// errors cancel out, and ranges that leave out what is rare in some layers only.
func (t *tryer) refine(ctx context.Context, best int, seen map[*ir.Node]*patches) (int, error) {
	way, cutting := t.ways[best], t.cutting(best)
	rounded, err := compensate(ctx, t.g, t.reg, way, seen)
	if err != nil {
		return 0, err
	}
	suffix := ""
	if from := len(t.ways); len(rounded) > 0 {
		// Other roundings have other corrections.
		try := *way
		try.rounded, try.memo = rounded, &memo{}
		t.add(t.trials[best].Method+compensatedTitle, &try)
		if err := t.run(ctx); err != nil {
			return 0, err
		}
		if t.score(from) >= t.score(best)+margin {
			best, way, suffix = from, &try, compensatedTitle
		}
	}
	if cutting < 0 {
		return best, nil
	}
	title, from, most := t.trials[cutting].Method, len(t.ways), t.score(best)
	for i, c := range cuts {
		try := *t.ways[cutting]
		try.rounded, try.memo, try.cutFrom, try.cutTo = way.rounded, way.memo, c.from, c.to
		if t.add(title+c.title+suffix, &try); i%2 == 0 {
			continue // two at a time
		}
		if err := t.run(ctx); err != nil {
			return 0, err
		}
		most = max(most, t.score(len(t.ways)-1), t.score(len(t.ways)-2))
		least := most - spared*t.lone
		if !t.ways[best].cuts() {
			least = max(least, t.score(best)+margin)
		}
		if narrow := t.first(from, least); narrow >= 0 {
			return narrow, nil
		}
	}
	return best, nil
}

// cutting is the trial best, or, where it cuts nothing off, the best of those that
// do and leave the same layers in float; -1 where there is none.
func (t *tryer) cutting(best int) int {
	found, most := -1, math.Inf(-1)
	for i, o := range t.ways {
		if i == best && o.cuts() {
			return best
		}
		if s := t.score(i); o.cuts() && s > most && len(o.KeepFloat) == len(t.ways[best].KeepFloat) {
			found, most = i, s
		}
	}
	return found
}

// cuts reports whether ranges leave out some of what was seen.
func (o *Options) cuts() bool {
	return o.Method != candidates[0].method || o.Tighten != candidates[0].tighten
}

const compensatedTitle = ", weights rounded together"

// stem names what leads to the first layers that o quantizes the weights of, those
// layers, and what reads them alone: float layers with integers between them would
// lose more than they give. nil where there are few other layers.
func stem(g *ir.Graph, o *Options) []string {
	const layers = 3
	var names []string
	p, products := NewPlan(g, o), 0
	within := map[*ir.Node]bool{}
	for _, n := range g.Nodes {
		outside := func(v *ir.Value) bool { return v != nil && v.Node() != nil && !within[v.Node()] }
		if p.roles[n] == product {
			products++
		}
		if slices.ContainsFunc(n.Inputs, outside) || p.roles[n] == product && products > layers {
			continue
		}
		within[n] = true
		names = append(names, n.Name)
	}
	if products < 4*layers {
		return nil
	}
	return names
}

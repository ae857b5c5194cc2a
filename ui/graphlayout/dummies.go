package graphlayout

import (
	"cmp"
	"slices"
)

// bundle is one tensor on its way down: the edges with one upper node and one source, from those that reach farthest.
type bundle struct {
	edges []int32
	top   int32
	span  int32 // layers to the farthest consumer
}

// insertDummies splits the edges into steps from one layer to the next. All edges of a bundle share one chain of dummies, so
// that a tensor that feeds every one of L layers costs L dummies.
func (w *work) insertDummies() {
	bundles := w.bundles()
	// The shortest first, so that the budget spares the longest only.
	slices.SortStableFunc(bundles, func(a, b bundle) int { return cmp.Compare(a.span, b.span) })
	w.chainOf = make([]int32, len(w.g.Edges))
	for i := range w.chainOf {
		w.chainOf[i] = -1
	}
	next, budget := int32(w.n), w.opts.MaxDummies
	last := make([]int32, w.n) // the bundle that joined a node last, to join it once only
	for i := range last {
		last[i] = -1
	}
	for b, bu := range bundles {
		c := chain{first: next, length: bu.span - 1}
		if int(c.length) > budget {
			w.linkNear(bu)
			continue
		}
		budget -= int(c.length)
		above := bu.top
		for i := range c.length {
			w.layerOf = append(w.layerOf, w.layerOf[bu.top]+1+i)
			w.link(above, next)
			above = next
			next++
		}
		if c.length > 0 {
			w.chains = append(w.chains, c)
		}
		for _, e := range bu.edges {
			low := w.lowerEnd(e)
			span := w.layerOf[low] - w.layerOf[bu.top]
			if span > 1 {
				w.chainOf[e] = int32(len(w.chains) - 1)
			}
			if last[low] == int32(b) {
				continue
			}
			last[low] = int32(b)
			if span == 1 {
				w.link(bu.top, low)
			} else {
				w.link(c.first+span-2, low)
			}
		}
		if b&1023 == 0 && w.stopped() {
			return
		}
	}
	w.down = newAdjacency(len(w.layerOf), w.low, w.high)
	w.up = newAdjacency(len(w.layerOf), w.high, w.low)
}

// linkNear joins a tensor that gets no dummies with its consumers in the next layer only.
func (w *work) linkNear(b bundle) {
	for i, e := range b.edges {
		low := w.lowerEnd(e)
		if w.layerOf[low]-w.layerOf[b.top] == 1 && (i == 0 || w.lowerEnd(b.edges[i-1]) != low) {
			w.link(b.top, low)
		}
	}
}

func (w *work) link(upper, lower int32) {
	w.low = append(w.low, upper)
	w.high = append(w.high, lower)
}

func (w *work) upperEnd(e int32) int32 {
	if w.reversed[e] {
		return int32(w.g.Edges[e].To)
	}
	return int32(w.g.Edges[e].From)
}

func (w *work) lowerEnd(e int32) int32 {
	if w.reversed[e] {
		return int32(w.g.Edges[e].From)
	}
	return int32(w.g.Edges[e].To)
}

// bundles groups the edges that run between different nodes.
func (w *work) bundles() []bundle {
	order := make([]int32, 0, len(w.g.Edges))
	for i := range w.g.Edges {
		if !w.isLoop[i] {
			order = append(order, int32(i))
		}
	}
	same := func(a, b int32) int {
		return cmp.Or(cmp.Compare(w.upperEnd(a), w.upperEnd(b)), cmp.Compare(w.g.Edges[a].Source, w.g.Edges[b].Source),
			cmp.Compare(w.back(a), w.back(b)))
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Or(same(a, b), cmp.Compare(a, b)) })
	var out []bundle
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && same(order[i], order[j]) == 0 {
			j++
		}
		b := bundle{edges: order[i:j], top: w.upperEnd(order[i])}
		for _, e := range b.edges {
			b.span = max(b.span, w.layerOf[w.lowerEnd(e)]-w.layerOf[b.top])
		}
		out = append(out, b)
		i = j
	}
	return out
}

// back is 0 for an edge along the layers and a number of its own for every other.
func (w *work) back(e int32) int32 {
	if w.reversed[e] {
		return e + 1
	}
	return 0
}

package graphlayout

import "math"

// compact gives the blocks coordinates: the longest path over the graph of blocks that must lie side by side packs them
// towards the side of the sweep, then every block moves as close to its other neighbour as there is room.
func (a *aligner) compact() []float64 {
	w := a.w
	vertices := len(w.layerOf)
	right := make([]int32, vertices) // the neighbour in the row, or -1
	waiting := make([]int32, vertices)
	for _, row := range a.rows {
		for i, v := range row {
			right[v] = -1
			if i+1 < len(row) {
				right[v] = row[i+1]
				waiting[a.root[row[i+1]]]++
			}
		}
	}
	xs := make([]float64, vertices)
	order := make([]int32, 0, vertices)
	for v := range int32(vertices) {
		if a.root[v] == v && waiting[v] == 0 {
			order = append(order, v)
		}
	}
	for i := 0; i < len(order); i++ {
		b := order[i]
		for v := b; v >= 0; v = a.next[v] {
			if t := right[v]; t >= 0 {
				rt := a.root[t]
				xs[rt] = max(xs[rt], xs[b]+w.separation(v, t))
				if waiting[rt]--; waiting[rt] == 0 {
					order = append(order, rt)
				}
			}
		}
	}
	for i := len(order) - 1; i >= 0; i-- {
		b := order[i]
		room := math.Inf(1)
		for v := b; v >= 0; v = a.next[v] {
			if t := right[v]; t >= 0 {
				room = min(room, xs[a.root[t]]-w.separation(v, t))
			}
		}
		if !math.IsInf(room, 1) {
			xs[b] = max(xs[b], room)
		}
	}
	for v := range xs {
		if r := a.root[v]; r != int32(v) {
			xs[v] = xs[r]
		}
	}
	if a.fromRight {
		for v := range xs {
			xs[v] = -xs[v]
		}
	}
	return xs
}

// separation is the least distance between the centres of two neighbours in a layer.
func (w *work) separation(u, v int32) float64 {
	gap := float64(w.opts.NodeGap)
	if int(u) >= w.n || int(v) >= w.n {
		gap = float64(w.opts.EdgeGap)
	}
	return (w.across(u)+w.across(v))/2 + gap
}

package graphlayout

import "slices"

// orderLayers finds an order in every layer with few crossings: depth-first search gives the first one, barycentre sweeps
// in both directions improve it, the best is kept.
func (w *work) orderLayers() {
	w.firstOrder()
	if w.stopped() {
		return
	}
	tree := newFenwick(w.widest())
	best := w.countCrossings(tree)
	if best == 0 || w.opts.Sweeps == 0 {
		w.crossings = best
		return
	}
	keep := make([][]int32, len(w.rows))
	for l, row := range w.rows {
		keep[l] = slices.Clone(row)
	}
	key := make([]float64, len(w.layerOf))
	idle := 0
	for sweep := 0; sweep < w.opts.Sweeps && best > 0 && idle < 6; sweep++ {
		if sweep%2 == 0 {
			for l := 1; l < len(w.rows); l++ {
				w.sortRow(l, &w.up, key)
			}
		} else {
			for l := len(w.rows) - 2; l >= 0; l-- {
				w.sortRow(l, &w.down, key)
			}
		}
		if w.stopped() {
			return
		}
		idle++
		if c := w.countCrossings(tree); c < best {
			best, idle = c, 0
			for l, row := range w.rows {
				copy(keep[l], row)
			}
		}
	}
	for l, row := range keep {
		w.setRow(l, row)
	}
	w.crossings = best
}

// firstOrder fills the rows by depth-first search along the edges, longest way down first, so that the trunk of a network
// comes to lie on the left of its side lanes and trees have no crossings.
func (w *work) firstOrder() {
	vertices := len(w.layerOf)
	height := make([]int32, vertices) // edges on the longest way down
	byLayer := w.byLayer()
	for i := len(byLayer) - 1; i >= 0; i-- {
		v := byLayer[i]
		for _, t := range w.down.of(v) {
			height[v] = max(height[v], height[t]+1)
		}
	}
	// A dummy's way down is no more of a trunk than the node it leads to: it comes after the nodes at its side.
	rank := func(v int32) int32 {
		if int(v) >= w.n {
			return height[v] - int32(w.layers)
		}
		return height[v]
	}
	w.rows = make([][]int32, w.layers)
	w.pos = make([]int32, vertices)
	seen := make([]bool, vertices)
	var stack, next []int32
	for _, root := range byLayer {
		if seen[root] || len(w.up.of(root)) > 0 {
			continue
		}
		stack = append(stack[:0], root)
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[v] {
				continue
			}
			seen[v] = true
			l := w.layerOf[v]
			w.pos[v] = int32(len(w.rows[l]))
			w.rows[l] = append(w.rows[l], v)
			next = append(next[:0], w.down.of(v)...)
			slices.SortStableFunc(next, func(a, b int32) int { return int(rank(b)) - int(rank(a)) })
			for i := len(next) - 1; i >= 0; i-- {
				if !seen[next[i]] {
					stack = append(stack, next[i])
				}
			}
			// A constant that hangs above v comes beside what already stands above v.
			for _, u := range w.up.of(v) {
				if !seen[u] && len(w.up.of(u)) == 0 {
					stack = append(stack, u)
				}
			}
		}
	}
}

// byLayer lists all vertices, upper layers first.
func (w *work) byLayer() []int32 {
	ids := make([]int32, len(w.layerOf))
	for i := range ids {
		ids[i] = int32(i)
	}
	return newAdjacency(w.layers, w.layerOf, ids).list
}

func (w *work) widest() int {
	m := 0
	for _, row := range w.rows {
		m = max(m, len(row))
	}
	return m
}

func (w *work) setRow(l int, row []int32) {
	copy(w.rows[l], row)
	for i, v := range w.rows[l] {
		w.pos[v] = int32(i)
	}
}

// sortRow orders layer l by the mean position of the neighbours in the layer before; vertices without any keep their place
// among the rest.
func (w *work) sortRow(l int, side *adjacency, key []float64) {
	row := w.rows[l]
	sorted := true
	prev := -1.0
	for i, v := range row {
		near := side.of(v)
		switch {
		case len(near) > 0:
			sum := 0
			for _, u := range near {
				sum += int(w.pos[u])
			}
			key[v] = float64(sum) / float64(len(near))
		case i == 0:
			key[v] = -1
		default:
			key[v] = key[row[i-1]]
		}
		if key[v] < prev {
			sorted = false
		}
		prev = key[v]
	}
	if sorted {
		return
	}
	slices.SortStableFunc(row, func(a, b int32) int {
		switch {
		case key[a] < key[b]:
			return -1
		case key[a] > key[b]:
			return 1
		}
		return 0
	})
	for i, v := range row {
		w.pos[v] = int32(i)
	}
}

// countCrossings counts, between all neighbouring layers, the pairs of edges that cross, in O(E log V) after Barth, Jünger
// and Mutzel, "Simple and Efficient Bilayer Cross Counting", 2002.
func (w *work) countCrossings(tree *fenwick) int {
	total := 0
	var ends []int32
	for l := 0; l+1 < len(w.rows); l++ {
		ends = ends[:0]
		for _, u := range w.rows[l] {
			from := len(ends)
			for _, t := range w.down.of(u) {
				ends = append(ends, w.pos[t])
			}
			if len(ends)-from > 1 {
				slices.Sort(ends[from:])
			}
		}
		if slices.IsSorted(ends) {
			continue
		}
		for i, p := range ends {
			total += i - tree.upTo(p)
			tree.add(p, 1)
		}
		for _, p := range ends {
			tree.add(p, -1)
		}
	}
	return total
}

// fenwick is a binary indexed tree of counts.
type fenwick struct{ sum []int32 }

func newFenwick(size int) *fenwick { return &fenwick{sum: make([]int32, size+1)} }

func (f *fenwick) add(i, n int32) {
	for i++; int(i) < len(f.sum); i += i & -i {
		f.sum[i] += n
	}
}

// upTo is the sum of the counts at 0…i.
func (f *fenwick) upTo(i int32) int {
	s := int32(0)
	for i++; i > 0; i -= i & -i {
		s += f.sum[i]
	}
	return int(s)
}

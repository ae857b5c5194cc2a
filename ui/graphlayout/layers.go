package graphlayout

// assignLayers gives every node the length of the longest path that leads to it, then pulls inputs and constants down to
// their consumers. Edges that close a cycle are marked reversed and count the other way round.
func (w *work) assignLayers() {
	n, edges := w.n, w.g.Edges
	w.reversed = make([]bool, len(edges))
	w.isLoop = make([]bool, len(edges))
	from, to, id := make([]int32, len(edges)), make([]int32, len(edges)), make([]int32, len(edges))
	waiting := make([]int32, n) // edges into a node whose other end has no layer yet
	for i, e := range edges {
		id[i] = int32(i)
		if e.From == e.To {
			w.isLoop[i] = true
			from[i], to[i] = -1, -1
			continue
		}
		from[i], to[i] = int32(e.From), int32(e.To)
		waiting[e.To]++
	}
	out := newAdjacency(n, from, id)
	in := newAdjacency(n, to, id)

	w.layerOf = make([]int32, n)
	w.topo = make([]int32, 0, n)
	placed := make([]bool, n)
	queue := make([]int32, 0, n)
	for v := range n {
		if waiting[v] == 0 {
			queue = append(queue, int32(v))
		}
	}
	rest := 0 // all nodes before it are placed
	for len(w.topo) < n {
		if len(queue) == 0 {
			queue = append(queue, w.breakCycle(&rest, placed, waiting, in))
		}
		v := queue[0]
		queue = queue[1:]
		placed[v] = true
		w.topo = append(w.topo, v)
		for _, e := range out.of(v) {
			if w.reversed[e] {
				continue
			}
			t := to[e]
			w.layerOf[t] = max(w.layerOf[t], w.layerOf[v]+1)
			if waiting[t]--; waiting[t] == 0 {
				queue = append(queue, t)
			}
		}
		for _, e := range in.of(v) {
			if w.reversed[e] {
				w.layerOf[from[e]] = max(w.layerOf[from[e]], w.layerOf[v]+1)
			}
		}
	}
	w.pullDown(out, in)
	w.dropEmptyLayers()
}

// breakCycle picks the node with which to go on where every node that is left waits for another, and reverses the edges it
// waits for. Among the nodes left it prefers one that the nodes before lead to: the entry of the cycle.
func (w *work) breakCycle(rest *int, placed []bool, waiting []int32, in adjacency) int32 {
	for placed[*rest] {
		*rest++
	}
	pick := int32(*rest)
	for v := *rest; v < w.n; v++ {
		if !placed[v] && int(waiting[v]) < len(in.of(int32(v))) {
			pick = int32(v)
			break
		}
	}
	for _, e := range in.of(pick) {
		if !placed[w.g.Edges[e].From] {
			w.reversed[e] = true
		}
	}
	waiting[pick] = 0
	return pick
}

// pullDown moves inputs and everything computed from constants alone to the layer above their first consumer.
func (w *work) pullDown(out, in adjacency) {
	floats := make([]bool, w.n)
	for _, v := range w.topo {
		floats[v] = w.g.Nodes[v].Kind != Input
		for _, e := range in.of(v) {
			if w.reversed[e] || !floats[w.g.Edges[e].From] {
				floats[v] = false
			}
		}
	}
	for i := len(w.topo) - 1; i >= 0; i-- {
		v := w.topo[i]
		if !floats[v] && (w.g.Nodes[v].Kind != Input || len(in.of(v)) > 0) {
			continue
		}
		lowest := int32(-1)
		for _, e := range out.of(v) {
			if w.reversed[e] {
				continue
			}
			if l := w.layerOf[w.g.Edges[e].To] - 1; lowest < 0 || l < lowest {
				lowest = l
			}
		}
		w.layerOf[v] = max(w.layerOf[v], lowest)
	}
}

func (w *work) dropEmptyLayers() {
	deepest := int32(0)
	for _, l := range w.layerOf {
		deepest = max(deepest, l)
	}
	number := make([]int32, deepest+1)
	for _, l := range w.layerOf {
		number[l] = 1
	}
	next := int32(0)
	for l, used := range number {
		number[l] = next
		next += used
	}
	for v, l := range w.layerOf {
		w.layerOf[v] = number[l]
	}
	w.layers = int(next)
}

package graphlayout

import "context"

// Layout places the nodes of g and routes its edges. It returns ctx.Err() soon after ctx ends and an error that wraps
// ErrGraph where an edge points outside the nodes or a size is not a number. g is not changed.
func Layout(ctx context.Context, g Graph, opts Options) (*Result, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(g.Nodes) == 0 {
		return &Result{Direction: opts.Direction, Pos: []Point{}, Layer: []int32{}, Routes: []Route{}}, nil
	}
	w := &work{ctx: ctx, g: &g, opts: opts, n: len(g.Nodes)}
	for _, step := range []func(){w.assignLayers, w.insertDummies, w.orderLayers, w.placeAcross, w.tighten, w.placeAlong} {
		step()
		if w.stopped() {
			return nil, ctx.Err()
		}
	}
	return w.result(), nil
}

// work is one layout under way. Vertices 0…n-1 are the nodes, those from n on are dummies: places where a long edge passes
// a layer. Inside, layers always run downwards; for Horizontal widths and heights are exchanged at both ends.
type work struct {
	ctx  context.Context
	g    *Graph
	opts Options
	n    int
	done bool

	reversed []bool  // per edge: goes against the layers
	layerOf  []int32 // per vertex
	layers   int
	topo     []int32 // the nodes, each after its predecessors
	isLoop   []bool  // per edge: From equals To

	chainOf []int32   // per edge: its chain, or -1
	chains  []chain   // runs of dummies
	low     []int32   // proper edges, from the upper …
	high    []int32   // … to the lower vertex, always one layer apart
	down    adjacency // per vertex, along low → high
	up      adjacency

	rows      [][]int32 // per layer: its vertices from left to right
	pos       []int32   // per vertex: its index in its row
	crossings int

	x       []float64 // per vertex: centre
	rowTop  []float64 // per layer
	rowSize []float64
}

// chain is the run of dummies that all edges of one tensor share: first is the dummy in the layer under the source's, the
// following ones are numbered consecutively.
type chain struct {
	first  int32
	length int32
}

// stopped asks the context; once it has ended, all steps return early.
func (w *work) stopped() bool {
	if !w.done && w.ctx.Err() != nil {
		w.done = true
	}
	return w.done
}

// across is the extent of node v along its layer, along its extent in the direction of the flow.
func (w *work) across(v int32) float64 {
	if int(v) >= w.n {
		return 1
	}
	if w.opts.Direction == Horizontal {
		return float64(w.g.Nodes[v].H)
	}
	return float64(w.g.Nodes[v].W)
}

func (w *work) along(v int32) float64 {
	if int(v) >= w.n {
		return 0
	}
	if w.opts.Direction == Horizontal {
		return float64(w.g.Nodes[v].W)
	}
	return float64(w.g.Nodes[v].H)
}

// adjacency holds lists of neighbours back to back: those of v are list[start[v]:start[v+1]].
type adjacency struct {
	start []int32
	list  []int32
}

func (a *adjacency) of(v int32) []int32 { return a.list[a.start[v]:a.start[v+1]] }

// newAdjacency collects the values vals under the keys keys; values of one key keep their order. A negative key is skipped.
func newAdjacency(vertices int, keys, vals []int32) adjacency {
	a := adjacency{start: make([]int32, vertices+1)}
	total := 0
	for _, k := range keys {
		if k >= 0 {
			a.start[k+1]++
			total++
		}
	}
	for i := 0; i < vertices; i++ {
		a.start[i+1] += a.start[i]
	}
	a.list = make([]int32, total)
	next := append([]int32(nil), a.start[:vertices]...)
	for i, k := range keys {
		if k >= 0 {
			a.list[next[k]] = vals[i]
			next[k]++
		}
	}
	return a
}

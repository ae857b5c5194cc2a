package graphlayout

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"
)

func layout(t testing.TB, g Graph, opts Options) *Result {
	t.Helper()
	r, err := Layout(context.Background(), g, opts)
	if err != nil {
		t.Fatalf("Layout: %v", err)
	}
	return r
}

// flip exchanges the axes, so that one check serves both directions.
func flip(p Point, d Direction) Point {
	if d == Horizontal {
		return Point{p.Y, p.X}
	}
	return p
}

func checkLayout(t *testing.T, g Graph, r *Result) {
	t.Helper()
	type span struct{ lo, hi float32 }
	at := make([]Point, len(g.Nodes))
	size := make([]Point, len(g.Nodes))
	layers := make(map[int32]span)
	for i, n := range g.Nodes {
		at[i] = flip(r.Pos[i], r.Direction)
		size[i] = flip(Point{n.W, n.H}, r.Direction)
		p := r.Pos[i]
		if p.X < r.Bounds.Min.X || p.Y < r.Bounds.Min.Y || p.X+n.W > r.Bounds.Max.X+0.1 || p.Y+n.H > r.Bounds.Max.Y+0.1 {
			t.Fatalf("node %d at %v size %v×%v lies outside the bounds %v", i, p, n.W, n.H, r.Bounds)
		}
		s, ok := layers[r.Layer[i]]
		if !ok {
			s = span{at[i].Y, at[i].Y + size[i].Y}
		}
		layers[r.Layer[i]] = span{min(s.lo, at[i].Y), max(s.hi, at[i].Y+size[i].Y)}
	}
	if len(layers) != r.Layers {
		t.Errorf("%d layers hold nodes, Layers = %d", len(layers), r.Layers)
	}
	for l := int32(1); int(l) < r.Layers; l++ {
		if layers[l].lo <= layers[l-1].hi {
			t.Fatalf("layer %d starts at %g, layer %d ends at %g", l, layers[l].lo, l-1, layers[l-1].hi)
		}
	}
	rows := make(map[int32][]int)
	for i := range g.Nodes {
		rows[r.Layer[i]] = append(rows[r.Layer[i]], i)
	}
	for l, row := range rows {
		for i, a := range row {
			for _, b := range row[i+1:] {
				if at[a].X < at[b].X+size[b].X && at[b].X < at[a].X+size[a].X {
					t.Fatalf("nodes %d and %d of layer %d overlap: x %g…%g and %g…%g", a, b, l,
						at[a].X, at[a].X+size[a].X, at[b].X, at[b].X+size[b].X)
				}
			}
		}
	}
	for i, e := range g.Edges {
		checkRoute(t, g, r, i, e)
	}
}

func checkRoute(t *testing.T, g Graph, r *Result, i int, e Edge) {
	t.Helper()
	route := r.Routes[i]
	start, end := route.Start, route.Segments[len(route.Segments)-1].To
	for v, p := range map[int]Point{e.From: start, e.To: end} {
		pos, n := r.Pos[v], g.Nodes[v]
		if p.X < pos.X-0.5 || p.X > pos.X+n.W+0.5 || p.Y < pos.Y-0.5 || p.Y > pos.Y+n.H+0.5 {
			t.Fatalf("edge %d (%d→%d): end %v is not at node %d, %v size %v×%v", i, e.From, e.To, p, v, pos, n.W, n.H)
		}
	}
	if route.Back {
		return
	}
	if r.Layer[e.From] >= r.Layer[e.To] {
		t.Fatalf("edge %d runs from layer %d to layer %d", i, r.Layer[e.From], r.Layer[e.To])
	}
	last := flip(start, r.Direction).Y
	for _, s := range route.Segments {
		y := flip(s.To, r.Direction).Y
		if y < last {
			t.Fatalf("edge %d runs against the flow: from %g to %g", i, last, y)
		}
		last = y
	}
}

func TestLayout(t *testing.T) {
	rn, _ := resNet(500)
	var weird builder
	weird.op()
	weird.node(Op, 0, 0, 0, 0)
	weird.node(Constant, 500, 3)
	weird.op(0, 1, 2)
	cases := map[string]Graph{
		"single":       {Nodes: []Node{{W: 10, H: 10}}},
		"loop":         {Nodes: []Node{{W: 10, H: 10}}, Edges: []Edge{{}}},
		"two isolated": {Nodes: make([]Node, 2)},
		"odd sizes":    weird.Graph,
		"resnet":       rn,
		"transformer":  transformer(500),
		"random dag":   forward(random(120, 300, 1)),
		"random":       random(120, 300, 2),
		"dense":        random(30, 900, 3),
		"cycle":        {Nodes: make([]Node, 3), Edges: []Edge{{From: 0, To: 1}, {From: 1, To: 2}, {From: 2, To: 0}}},
	}
	for name, g := range cases {
		for _, d := range []Direction{Vertical, Horizontal} {
			t.Run(name, func(t *testing.T) {
				checkLayout(t, g, layout(t, g, Options{Direction: d}))
				checkLayout(t, g, layout(t, g, Options{Direction: d, MaxDummies: 5}))
			})
		}
	}
}

func TestEmpty(t *testing.T) {
	r := layout(t, Graph{}, Options{})
	if len(r.Pos) != 0 || len(r.Routes) != 0 || r.Bounds != (Rect{}) {
		t.Errorf("an empty graph gave %+v", r)
	}
}

func TestMalformed(t *testing.T) {
	nan := float32(math.NaN())
	for name, g := range map[string]Graph{
		"edge to nowhere":   {Nodes: make([]Node, 1), Edges: []Edge{{To: 1}}},
		"edge from nowhere": {Nodes: make([]Node, 1), Edges: []Edge{{From: -1}}},
		"negative size":     {Nodes: []Node{{W: -1}}},
		"size not a number": {Nodes: []Node{{H: nan}}},
	} {
		if _, err := Layout(context.Background(), g, Options{}); !errors.Is(err, ErrGraph) {
			t.Errorf("%s: error %v, want ErrGraph", name, err)
		}
	}
}

func TestTrunkIsStraight(t *testing.T) {
	g, trunk := resNet(300)
	for _, d := range []Direction{Vertical, Horizontal} {
		r := layout(t, g, Options{Direction: d})
		centre := func(v int) float32 {
			p, s := flip(r.Pos[v], d), flip(Point{g.Nodes[v].W, g.Nodes[v].H}, d)
			return p.X + s.X/2
		}
		want := centre(trunk[0])
		for _, v := range trunk {
			if math.Abs(float64(centre(v)-want)) > 0.01 {
				t.Fatalf("direction %d: node %d of the trunk lies at %g, the first at %g", d, v, centre(v), want)
			}
		}
		if r.Crossings != 0 {
			t.Errorf("%d crossings in a residual network", r.Crossings)
		}
	}
}

// A residual passes its block in a lane of its own: between the bends at its ends it is one straight line.
func TestResidualIsOneLane(t *testing.T) {
	g, _ := resNet(40)
	r := layout(t, g, Options{})
	for i, e := range g.Edges {
		if r.Layer[e.To]-r.Layer[e.From] < 3 {
			continue
		}
		curves := 0
		for _, s := range r.Routes[i].Segments {
			if s.Curve {
				curves++
			}
		}
		if curves > 2 {
			t.Errorf("edge %d→%d bends %d times", e.From, e.To, curves)
		}
	}
}

// A line around a box passes it as closely as the gap allows, however far out others have to go.
func TestLanesHugWhatTheyPass(t *testing.T) {
	var b builder
	start := b.op()
	x := b.op(start)
	var around []int // the edges that pass one small box
	for range 3 {
		gate := b.node(Op, 60, 24, x)
		x = b.node(Op, 50, 24, gate, x)
		around = append(around, len(b.Edges)-1)
		x = b.node(Op, 200, 40, x)
	}
	b.op(x, start)
	r := layout(t, b.Graph, Options{EdgeGap: 10})
	for _, e := range around {
		swing := float32(0)
		for _, s := range r.Routes[e].Segments {
			swing = max(swing, float32(math.Abs(float64(s.To.X-r.Routes[e].Start.X))))
		}
		if want := float32(60/2 + 10 + 1); swing > want+1 {
			t.Errorf("edge %d swings out by %g, want about %g", e, swing, want)
		}
	}
}

func TestConstantsLieAboveTheirConsumer(t *testing.T) {
	var b builder
	x := b.node(Input, 50, 20)
	for range 6 {
		x = b.op(x)
	}
	c := b.node(Constant, 50, 20)
	derived := b.op(c)
	late := b.node(Input, 50, 20)
	use := b.op(x, derived, late)
	r := layout(t, b.Graph, Options{})
	for v, below := range map[int]int32{derived: 1, c: 2, late: 1} {
		if got := r.Layer[use] - r.Layer[v]; got != below {
			t.Errorf("node %d lies %d layers above its consumer, want %d", v, got, below)
		}
	}
}

func TestDummiesAreShared(t *testing.T) {
	var b builder
	mask := b.node(Input, 50, 20)
	x := b.op(mask)
	const layers = 400
	for range layers {
		x = b.op(x, mask)
	}
	w := &work{ctx: context.Background(), g: &b.Graph, opts: Options{}.withDefaults(), n: len(b.Nodes)}
	w.assignLayers()
	w.insertDummies()
	if got := len(w.layerOf) - w.n; got != layers {
		t.Errorf("%d dummies for one tensor over %d layers", got, layers)
	}
}

func TestDeterminism(t *testing.T) {
	for _, g := range []Graph{random(200, 500, 9), transformer(400)} {
		a, b := layout(t, g, Options{}), layout(t, g, Options{})
		if !reflect.DeepEqual(a, b) {
			t.Error("two layouts of one graph differ")
		}
	}
}

// countdown is a context that ends after it has been asked a number of times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestCancel(t *testing.T) {
	g := random(300, 900, 4)
	for left := range 12 {
		ctx := &countdown{Context: context.Background(), left: left}
		if r, err := Layout(ctx, g, Options{}); !errors.Is(err, context.Canceled) || r != nil {
			t.Fatalf("ended after %d questions: result %v, error %v", left, r != nil, err)
		}
	}
}

func TestSweepsReduceCrossings(t *testing.T) {
	g := forward(random(100, 160, 5))
	none, all := layout(t, g, Options{Sweeps: -1}), layout(t, g, Options{})
	if all.Crossings >= none.Crossings {
		t.Errorf("%d crossings after sweeping, %d before", all.Crossings, none.Crossings)
	}
}

// The fast count agrees with the definition.
func TestCountCrossings(t *testing.T) {
	for seed := range uint64(5) {
		g := forward(random(60, 150, seed))
		w := &work{ctx: context.Background(), g: &g, opts: Options{}.withDefaults(), n: len(g.Nodes)}
		w.assignLayers()
		w.insertDummies()
		w.firstOrder()
		want := 0
		for i := range w.low {
			for j := range i {
				a, b := w.low[i], w.low[j]
				if w.layerOf[a] == w.layerOf[b] && (w.pos[a]-w.pos[b])*(w.pos[w.high[i]]-w.pos[w.high[j]]) < 0 {
					want++
				}
			}
		}
		if got := w.countCrossings(newFenwick(w.widest())); got != want {
			t.Errorf("seed %d: %d crossings, want %d", seed, got, want)
		}
	}
}

func TestPrefix(t *testing.T) {
	g, _ := resNet(200)
	part, nodes, edges := Prefix(g, 30)
	if len(part.Nodes) != 30 || len(nodes) != 30 || len(edges) != len(part.Edges) {
		t.Fatalf("%d nodes, %d indices, %d of %d edges", len(part.Nodes), len(nodes), len(edges), len(part.Edges))
	}
	in := make(map[int]bool)
	for _, v := range nodes {
		in[v] = true
	}
	for _, e := range g.Edges {
		if in[e.To] && !in[e.From] {
			t.Errorf("node %d is there without its predecessor %d", e.To, e.From)
		}
	}
	for i, e := range part.Edges {
		whole := g.Edges[edges[i]]
		if nodes[e.From] != whole.From || nodes[e.To] != whole.To {
			t.Errorf("edge %d: %v does not stand for %v", i, e, whole)
		}
	}
	if part, _, _ := Prefix(Graph{Nodes: make([]Node, 1), Edges: []Edge{{To: 5}}}, 3); len(part.Nodes) != 0 {
		t.Error("a malformed graph has a prefix")
	}
}

func BenchmarkResNet10000(b *testing.B) {
	g, _ := resNet(10_000)
	for b.Loop() {
		layout(b, g, Options{})
	}
}

func BenchmarkTransformer10000(b *testing.B) {
	g := transformer(10_000)
	for b.Loop() {
		layout(b, g, Options{})
	}
}

func BenchmarkRandom2000(b *testing.B) {
	g := forward(random(2000, 3000, 1))
	for b.Loop() {
		layout(b, g, Options{})
	}
}

// A line that can go straight on from one of its ends does so.
func TestPieceLinesUpWithAnEnd(t *testing.T) {
	g := Graph{Nodes: make([]Node, 3), Edges: []Edge{{From: 0, To: 1}, {From: 1, To: 2}, {From: 0, To: 2, Source: 1}}}
	w := &work{ctx: context.Background(), g: &g, opts: Options{}.withDefaults(), n: 3}
	w.assignLayers()
	w.insertDummies()
	w.firstOrder()
	for _, mid := range []float64{-500, 500} {
		w.x = []float64{0, mid, 100, 40} // the dummy is vertex 3; the node beside it is far away
		w.pos[1], w.pos[3] = 0, 1
		if mid > 0 {
			w.pos[1], w.pos[3] = 1, 0
		}
		w.rows[1][w.pos[1]], w.rows[1][w.pos[3]] = 1, 3
		w.movePiece(3, 4)
		if w.x[3] != 0 && w.x[3] != 100 {
			t.Errorf("beside a node at %g the line lies at %g, in line with neither end", mid, w.x[3])
		}
	}
}

package graphpaint

import (
	"context"
	"fmt"
	"math"

	"slipway/ui/graphlayout"
)

// Measures of a box in layout units, which are pixels at zoom 1.
const (
	titleSize    = 13
	rowSize      = 11.5
	labelSize    = 10.5
	headerHeight = 24
	rowHeight    = 16
	rowsPad      = 5
	sidePad      = 9
	minWidth     = 52
	maxTitle     = 260
	maxValue     = 230
	corner       = 5
	nameGap      = 7
	layerGap     = 38
	labelPad     = 3
	maxRows      = 8
)

// Options tune Arrange. The zero value stands for the defaults.
type Options struct {
	Direction graphlayout.Direction
	// Fonts measure and draw the text. Default DefaultFonts.
	Fonts *Fonts
}

// Drawing is a scene whose boxes and lines have their places. It never changes and is safe for concurrent use.
type Drawing struct {
	Scene  Scene
	Layout *graphlayout.Result

	fonts  *Fonts
	size   []graphlayout.Point
	title  []string // as drawn
	rows   [][]Row
	byID   map[string]int
	segs   []segment
	labels []label
	hasIn  []bool // an arrow ends at the node's border against the flow
	backs  []int32
	out    lists
	in     lists

	nodeGrid, segGrid, labelGrid grid
}

// Arrange measures the boxes of scene and lays them out. It returns ctx.Err() where ctx ends first, and an error where an
// edge points outside the nodes.
func Arrange(ctx context.Context, scene Scene, opts Options) (*Drawing, error) {
	d := &Drawing{Scene: scene, fonts: opts.Fonts}
	if d.fonts == nil {
		d.fonts = DefaultFonts()
	}
	d.measure()
	g := d.graph()
	gap := float32(layerGap)
	if opts.Direction == graphlayout.Horizontal {
		for _, e := range scene.Edges {
			gap = max(gap, min(d.fonts.face[regular].width(e.Label, labelSize)+30, 140))
		}
	}
	l, err := graphlayout.Layout(ctx, g, graphlayout.Options{Direction: opts.Direction, LayerGap: gap, NodeGap: 22})
	if err != nil {
		return nil, fmt.Errorf("graphpaint: %w", err)
	}
	d.Layout = l
	d.index()
	return d, nil
}

// First is a drawing of the first nodes of scene, at most limit of them, for the time until the whole is laid out. nodes
// gives the index in scene of each node drawn.
func First(ctx context.Context, scene Scene, limit int, opts Options) (d *Drawing, nodes []int, err error) {
	g := graphlayout.Graph{Nodes: make([]graphlayout.Node, len(scene.Nodes))}
	for i, n := range scene.Nodes {
		g.Nodes[i].Kind = n.Kind
	}
	g.Edges = edgesOf(scene)
	_, nodes, edges := graphlayout.Prefix(g, limit)
	index := make(map[int]int, len(nodes))
	part := Scene{Nodes: make([]Node, len(nodes)), Edges: make([]Edge, len(edges))}
	for i, v := range nodes {
		part.Nodes[i] = scene.Nodes[v]
		index[v] = i
	}
	for i, e := range edges {
		part.Edges[i] = scene.Edges[e]
		part.Edges[i].From, part.Edges[i].To = index[part.Edges[i].From], index[part.Edges[i].To]
	}
	d, err = Arrange(ctx, part, opts)
	return d, nodes, err
}

func edgesOf(s Scene) []graphlayout.Edge {
	edges := make([]graphlayout.Edge, len(s.Edges))
	for i, e := range s.Edges {
		edges[i] = graphlayout.Edge{From: e.From, To: e.To, Source: e.Source}
	}
	return edges
}

func (d *Drawing) graph() graphlayout.Graph {
	g := graphlayout.Graph{Nodes: make([]graphlayout.Node, len(d.size)), Edges: edgesOf(d.Scene)}
	for i, s := range d.size {
		g.Nodes[i] = graphlayout.Node{W: s.X, H: s.Y, Kind: d.Scene.Nodes[i].Kind}
	}
	return g
}

func (d *Drawing) measure() {
	n := len(d.Scene.Nodes)
	d.size, d.title, d.rows = make([]graphlayout.Point, n), make([]string, n), make([][]Row, n)
	text, head := &d.fonts.face[regular], &d.fonts.face[bold]
	for i := range d.Scene.Nodes {
		node := &d.Scene.Nodes[i]
		d.title[i] = head.fit(node.Title, titleSize, maxTitle)
		w := max(head.width(d.title[i], titleSize)+2*sidePad, minWidth)
		h := float32(headerHeight)
		if len(node.Rows) > 0 {
			d.rows[i] = d.fitRows(node.Rows)
			nameWidth := d.nameWidth(d.rows[i])
			for _, row := range d.rows[i] {
				w = max(w, nameWidth+text.width(row.Value, rowSize)+2*sidePad)
			}
			h += float32(len(d.rows[i]))*rowHeight + 2*rowsPad
		}
		// Even sizes keep the lines to the middle of a box on whole pixels at zoom 1.
		d.size[i] = graphlayout.Point{X: float32(math.Ceil(float64(w)/2) * 2), Y: h}
	}
}

// fitRows shortens what is too long; where there are too many rows, the last one says how many are left out.
func (d *Drawing) fitRows(rows []Row) []Row {
	left := 0
	if len(rows) > maxRows {
		left = len(rows) - maxRows + 1
		rows = rows[:maxRows-1]
	}
	out := make([]Row, len(rows), len(rows)+1)
	for i, r := range rows {
		out[i] = Row{d.fonts.face[bold].fit(r.Name, rowSize, maxTitle/2), d.fonts.face[regular].fit(r.Value, rowSize, maxValue)}
	}
	if left > 0 {
		out = append(out, Row{"…", fmt.Sprintf("%d more", left)})
	}
	return out
}

// nameWidth is the width of the column of names, with the gap to the values.
func (d *Drawing) nameWidth(rows []Row) float32 {
	w := float32(0)
	for _, r := range rows {
		if r.Name != "" {
			w = max(w, d.fonts.face[bold].width(r.Name, rowSize)+nameGap)
		}
	}
	return w
}

// Bounds is the area that the drawing covers.
func (d *Drawing) Bounds() graphlayout.Rect { return d.Layout.Bounds }

// NodeRect is the place of node i.
func (d *Drawing) NodeRect(i int) graphlayout.Rect {
	p, s := d.Layout.Pos[i], d.size[i]
	return graphlayout.Rect{Min: p, Max: graphlayout.Point{X: p.X + s.X, Y: p.Y + s.Y}}
}

// Index finds a node by its ID, or gives -1.
func (d *Drawing) Index(id string) int {
	if i, ok := d.byID[id]; ok {
		return i
	}
	return -1
}

// NodeAt is the node at p, or -1.
func (d *Drawing) NodeAt(p graphlayout.Point) int {
	for _, i := range d.nodeGrid.at(p) {
		r := d.NodeRect(int(i))
		if p.X >= r.Min.X && p.X < r.Max.X && p.Y >= r.Min.Y && p.Y < r.Max.Y {
			return int(i)
		}
	}
	return -1
}

// NodesIn lists the nodes that overlap area, in ascending order.
func (d *Drawing) NodesIn(area graphlayout.Rect) []int {
	var out []int
	var f finder
	for _, i := range f.find(&d.nodeGrid, area) {
		if overlaps(d.NodeRect(int(i)), area) {
			out = append(out, int(i))
		}
	}
	return sortedInts(out)
}

// Successors lists the nodes that edges from node i lead to, in the order of the edges.
func (d *Drawing) Successors(i int) []int { return d.ends(d.out.of(i), true) }

// Predecessors lists the nodes whose edges lead to node i, in the order of the edges.
func (d *Drawing) Predecessors(i int) []int { return d.ends(d.in.of(i), false) }

func (d *Drawing) ends(edges []int32, to bool) []int {
	out := make([]int, 0, len(edges))
	for _, e := range edges {
		v := d.Scene.Edges[e].From
		if to {
			v = d.Scene.Edges[e].To
		}
		seen := false
		for _, o := range out {
			seen = seen || o == v
		}
		if !seen {
			out = append(out, v)
		}
	}
	return out
}

func overlaps(a, b graphlayout.Rect) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}

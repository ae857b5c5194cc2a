package graphview

import (
	"strings"

	"fyne.io/fyne/v2"

	"slipway/ui/graphlayout"
)

// Node is what can be known of a box on the screen without looking at it.
type Node struct {
	ID, Title, Name string
	// Position and Size are where it is in the widget; they reach beyond the widget where the box does.
	Position fyne.Position
	Size     fyne.Size
	Selected bool
}

func (g *Graph) node(i int) Node {
	n := g.painter.Drawing().Scene.Nodes[i]
	pos, size := g.nodeArea(i)
	return Node{ID: n.ID, Title: n.Title, Name: n.Name, Position: pos, Size: size, Selected: n.ID == g.selected}
}

// NodeAt is the node at a position in the widget.
func (g *Graph) NodeAt(pos fyne.Position) (Node, bool) {
	if g.painter == nil {
		return Node{}, false
	}
	i := g.painter.Drawing().NodeAt(g.toPlace(pos))
	if i < 0 {
		return Node{}, false
	}
	return g.node(i), true
}

// VisibleNodes lists the nodes of which the widget shows at least a part, in the order of the scene.
func (g *Graph) VisibleNodes() []Node {
	if g.painter == nil {
		return nil
	}
	var out []Node
	for _, i := range g.painter.Drawing().NodesIn(g.visible()) {
		out = append(out, g.node(i))
	}
	return out
}

// Find lists the IDs of the nodes in whose title, name or rows query occurs, upper and lower case being the same, in the
// order of the scene. A query in double quotes must be the whole title or name. It neither selects nor highlights.
func (g *Graph) Find(query string) []string {
	query = strings.ToLower(strings.TrimSpace(query))
	exact := len(query) > 2 && query[0] == '"' && query[len(query)-1] == '"'
	if exact {
		query = query[1 : len(query)-1]
	}
	if query == "" {
		return nil
	}
	var out []string
	for i := range g.scene.Nodes {
		n := &g.scene.Nodes[i]
		title, name := strings.ToLower(n.Title), strings.ToLower(n.Name)
		hit := title == query || name == query
		if !exact && !hit {
			hit = strings.Contains(title, query) || strings.Contains(name, query)
			for _, r := range n.Rows {
				hit = hit || strings.Contains(strings.ToLower(r.Name), query) || strings.Contains(strings.ToLower(r.Value), query)
			}
		}
		if hit {
			out = append(out, n.ID)
		}
	}
	return out
}

// walk selects the neighbour in the direction of an arrow key: along the flow a successor or predecessor, across it the
// next box of the same layer. Where nothing is selected it starts with the box closest to the middle.
func (g *Graph) walk(key fyne.KeyName) {
	if g.painter == nil {
		return
	}
	d := g.painter.Drawing()
	at := -1
	if g.selected != "" {
		at = d.Index(g.selected)
	}
	if at < 0 {
		if id, _ := g.anchor(); id != "" {
			g.choose(id)
		}
		return
	}
	forward, back, left, right := fyne.KeyDown, fyne.KeyUp, fyne.KeyLeft, fyne.KeyRight
	if g.direction == graphlayout.Horizontal {
		forward, back, left, right = fyne.KeyRight, fyne.KeyLeft, fyne.KeyUp, fyne.KeyDown
	}
	next := -1
	switch key {
	case forward:
		next = g.closest(at, d.Successors(at))
	case back:
		next = g.closest(at, d.Predecessors(at))
	case left, right:
		next = g.beside(at, key == right)
	}
	if next >= 0 {
		g.choose(d.Scene.Nodes[next].ID)
		g.reveal(next)
	}
}

// across is the coordinate of the middle of node i across the flow.
func (g *Graph) across(i int) float32 {
	r := g.painter.Drawing().NodeRect(i)
	if g.direction == graphlayout.Horizontal {
		return (r.Min.Y + r.Max.Y) / 2
	}
	return (r.Min.X + r.Max.X) / 2
}

// closest is the one of nodes that lies straightest ahead of node i, or -1.
func (g *Graph) closest(i int, nodes []int) int {
	best, reach := -1, float32(0)
	for _, n := range nodes {
		r := g.across(n) - g.across(i)
		if r < 0 {
			r = -r
		}
		if n != i && (best < 0 || r < reach) {
			best, reach = n, r
		}
	}
	return best
}

// beside is the neighbour of node i in its layer, or -1.
func (g *Graph) beside(i int, after bool) int {
	layers := g.painter.Drawing().Layout.Layer
	best := -1
	for n, l := range layers {
		if l != layers[i] || n == i || (g.across(n) > g.across(i)) != after {
			continue
		}
		if best < 0 || (g.across(n) < g.across(best)) == after {
			best = n
		}
	}
	return best
}

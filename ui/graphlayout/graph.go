package graphlayout

import (
	"errors"
	"fmt"
	"math"
)

// Kind says what a node stands for, as far as that decides its layer.
type Kind uint8

// The kinds of nodes. An Input lies directly above its first consumer; a Constant, and every node computed from constants
// alone, lies as low as its consumers allow; Op and Output lie as high as their operands allow.
const (
	Op Kind = iota
	Input
	Output
	Constant
)

// Node is a box to be placed. W and H are its size in layout units and must be finite and not negative.
type Node struct {
	W, H float32
	Kind Kind
}

// Edge joins two nodes, given by their indices in Graph.Nodes. Source identifies the tensor that the edge carries: edges
// with equal From and Source share their way until they part. Parallel edges, loops and cycles are allowed.
type Edge struct {
	From, To int
	Source   int
}

// Graph is what is to be laid out.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

// Direction is the way in which data flows on the drawing.
type Direction uint8

// The directions of a layout.
const (
	Vertical   Direction = iota // from top to bottom
	Horizontal                  // from left to right
)

// Options tune a layout. The zero value stands for the defaults given at each field.
type Options struct {
	Direction Direction
	// NodeGap is the least distance between two boxes of one layer. Default 24.
	NodeGap float32
	// EdgeGap is the least distance between a line that passes a layer and its neighbours there. Default 14.
	EdgeGap float32
	// LayerGap is the least distance between two layers; gaps with far-reaching edges become up to 2.5 times wider. Default 40.
	LayerGap float32
	// Sweeps is the greatest number of barycentre sweeps. Default 24; negative means none.
	Sweeps int
	// MaxDummies bounds the memory that long edges may take. The longest edges beyond it go straight to their consumer,
	// possibly behind boxes. Default 400,000.
	MaxDummies int
}

// Point is a position in layout units; y grows downwards.
type Point struct{ X, Y float32 }

// Rect is an area from Min (inclusive) to Max, in layout units.
type Rect struct{ Min, Max Point }

// W is the width of r.
func (r Rect) W() float32 { return r.Max.X - r.Min.X }

// H is the height of r.
func (r Rect) H() float32 { return r.Max.Y - r.Min.Y }

// Segment is one piece of a Route, ending in To. With Curve it is a cubic Bézier with the control points C1 and C2,
// otherwise a straight line and C1 and C2 are zero.
type Segment struct {
	C1, C2, To Point
	Curve      bool
}

// Route is the way of one edge, from the border of its From node to the border of its To node.
type Route struct {
	Start    Point
	Segments []Segment
	// Back is true for an edge against the direction of the layout, which only cyclic graphs have.
	Back bool
}

// Result is a finished layout. Positions are those of the upper left corners; Bounds starts at the origin and holds all
// boxes and routes. Layers counts the layers, Layer gives that of each node, 0 being the first; Crossings counts the
// crossings of edges between neighbouring layers that are left.
type Result struct {
	Direction Direction
	Pos       []Point
	Layer     []int32
	Routes    []Route
	Bounds    Rect
	Layers    int
	Crossings int
}

// ErrGraph is wrapped by the errors that Layout returns for a graph that is not well formed.
var ErrGraph = errors.New("graphlayout: malformed graph")

func (g *Graph) check() error {
	for i, n := range g.Nodes {
		if !(n.W >= 0) || !(n.H >= 0) || math.IsInf(float64(n.W), 0) || math.IsInf(float64(n.H), 0) {
			return fmt.Errorf("%w: node %d: size %g×%g", ErrGraph, i, n.W, n.H)
		}
	}
	for i, e := range g.Edges {
		if e.From < 0 || e.From >= len(g.Nodes) || e.To < 0 || e.To >= len(g.Nodes) {
			return fmt.Errorf("%w: edge %d: from %d to %d of %d nodes", ErrGraph, i, e.From, e.To, len(g.Nodes))
		}
	}
	if len(g.Nodes) > math.MaxInt32/4 || len(g.Edges) > math.MaxInt32/4 {
		return fmt.Errorf("%w: %d nodes, %d edges: too many", ErrGraph, len(g.Nodes), len(g.Edges))
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.NodeGap <= 0 {
		o.NodeGap = 24
	}
	if o.EdgeGap <= 0 {
		o.EdgeGap = 14
	}
	if o.LayerGap <= 0 {
		o.LayerGap = 40
	}
	switch {
	case o.Sweeps == 0:
		o.Sweeps = 24
	case o.Sweeps < 0:
		o.Sweeps = 0
	}
	if o.MaxDummies <= 0 {
		o.MaxDummies = 400_000
	}
	return o
}

package quantized

import (
	"slices"

	"slipway/conversion/ir"
)

// Graphs are those of g and of the bodies in it, at any depth, that work on quantized
// data: in a body the runtimes compute in integers as they do outside. What a body
// captures, and what is made of its results, they leave alone.
func Graphs(g *ir.Graph) []*ir.Graph {
	var out []*ir.Graph
	if slices.ContainsFunc(g.Nodes, Data) {
		out = append(out, g)
	}
	for _, n := range g.Nodes {
		for _, body := range n.Bodies() {
			out = append(out, Graphs(body)...)
		}
	}
	return out
}

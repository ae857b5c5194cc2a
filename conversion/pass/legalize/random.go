package legalize

import (
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
)

// drawing warns of g's operators that draw random numbers: every runtime draws
// others, with a seed or without.
func drawing(g *ir.Graph, reg *op.Registry, t target.Target) diag.List {
	var names, layers []string
	for _, n := range g.Nodes {
		if d := reg.Get(n.Op); d != nil && (d.Family == "random" || n.Op == "Dropout" && n.In(2) != nil) {
			names, layers = append(names, n.Op), append(layers, layersOf(n)...)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	slices.Sort(layers)
	f := diag.Warnf("graph.random", "%v: %s draws other numbers than the source's runtime, whatever the seed; results cannot be compared",
		slices.Compact(names), t.Info().Title)
	f.Layers = slices.Compact(layers)
	return diag.List{f.Suggest("export the model for inference, or make the noise an input")}
}

package randomgraph

import (
	"maps"
	"slices"
)

// generators has one generator for every operator that graphs are drawn from.
var generators = map[string]generator{}

func init() {
	for _, family := range []map[string]generator{elementwise, linear, windows, norms, reductions, moves, indices, quantized, images, recurrent, signals, fused, attention, detection, control} {
		maps.Copy(generators, family)
	}
}

// Names lists the operators that graphs are drawn from, sorted.
func Names() []string { return slices.Sorted(maps.Keys(generators)) }

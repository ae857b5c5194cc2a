package random

import (
	"math/rand/v2"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var randomUniformDef = shaped("RandomUniform", "Draws evenly between two limits.", uniformAttrs(), uniform)

func uniformAttrs() []op.Attr {
	return []op.Attr{{Name: "low", Kind: op.Float, Default: 0.0}, {Name: "high", Kind: op.Float, Default: 1.0}}
}

func uniform(n *ir.Node, r *rand.Rand) func() float64 {
	low, high := n.Float("low", 0), n.Float("high", 1)
	return func() float64 { return low + (high-low)*r.Float64() }
}

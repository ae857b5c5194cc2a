package random

import (
	"math/rand/v2"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var randomNormalDef = shaped("RandomNormal", "Draws from a normal distribution.", normalAttrs(), normal)

func normalAttrs() []op.Attr {
	return []op.Attr{{Name: "mean", Kind: op.Float, Default: 0.0}, {Name: "scale", Kind: op.Float, Default: 1.0}}
}

func normal(n *ir.Node, r *rand.Rand) func() float64 {
	mean, scale := n.Float("mean", 0), n.Float("scale", 1)
	return func() float64 { return mean + scale*r.NormFloat64() }
}

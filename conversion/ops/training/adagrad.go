package training

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var adagradDef = optimiser("Adagrad", "Makes a step whose length falls with the sum of squared gradients.", 1,
	[]op.Attr{number("decay_factor", 0), number("epsilon", 1e-6), number("norm_coefficient", 0)},
	func(n *ir.Node, r, t, x, grad float64, state []float64) float64 {
		r /= 1 + t*n.Float("decay_factor", 0)
		g := n.Float("norm_coefficient", 0)*x + grad
		state[0] += g * g
		return x - r*g/(math.Sqrt(state[0])+n.Float("epsilon", 1e-6))
	})

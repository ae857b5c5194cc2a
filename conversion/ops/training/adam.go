package training

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var adamDef = optimiser("Adam", "Makes a step along averaged gradients, divided by their averaged size.", 2,
	[]op.Attr{number("alpha", 0.9), number("beta", 0.999), number("epsilon", 1e-6), number("norm_coefficient", 0), number("norm_coefficient_post", 0)},
	func(n *ir.Node, r, t, x, grad float64, state []float64) float64 {
		a, b := n.Float("alpha", 0.9), n.Float("beta", 0.999)
		g := n.Float("norm_coefficient", 0)*x + grad
		state[0] = a*state[0] + (1-a)*g
		state[1] = b*state[1] + (1-b)*g*g
		if t > 0 {
			r *= math.Sqrt(1-math.Pow(b, t)) / (1 - math.Pow(a, t))
		}
		x -= r * state[0] / (math.Sqrt(state[1]) + n.Float("epsilon", 1e-6))
		return (1 - n.Float("norm_coefficient_post", 0)) * x
	})

package training

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var momentumDef = optimiser("Momentum", "Makes a step of gradient descent with momentum, standard or Nesterov's.", 1,
	[]op.Attr{
		{Name: "alpha", Kind: op.Float, Required: true},
		{Name: "beta", Kind: op.Float, Required: true},
		{Name: "mode", Kind: op.Str, Required: true},
		{Name: "norm_coefficient", Kind: op.Float, Required: true},
	},
	func(n *ir.Node, r, t, x, grad float64, state []float64) float64 {
		a, b := n.Float("alpha", 0), n.Float("beta", 0)
		if t <= 0 {
			b = 1
		}
		g := n.Float("norm_coefficient", 0)*x + grad
		state[0] = a*state[0] + b*g
		if n.Str("mode", "standard") == "nesterov" {
			return x - r*(g+a*state[0])
		}
		return x - r*state[0]
	})

package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var linearRegressorDef = lowered("LinearRegressor", "Adds up the columns, each times its coefficient.", op.In("X"), op.In("Y"),
	func(l *lowering) []*ir.Value {
		w, b, targets := l.list("coefficients"), l.list("intercepts"), int(l.Int("targets", 1))
		if len(b) == 0 && targets > 0 {
			b = make([]float64, targets)
		}
		if len(b) != targets {
			l.fail("%d intercepts for %d targets", len(b), targets)
		}
		return []*ir.Value{l.after(l.linear(l.rows(0), w, b))}
	})

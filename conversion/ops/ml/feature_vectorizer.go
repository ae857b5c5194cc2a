package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var featureVectorizerDef = lowered("FeatureVectorizer", "Puts the columns of all inputs next to each other.", op.Variadic("X"), op.In("Y"),
	func(l *lowering) []*ir.Value {
		widths, _ := l.Ints("inputdimensions")
		if len(widths) != len(l.Inputs) {
			l.fail("%d widths for %d inputs", len(widths), len(l.Inputs))
		}
		var columns []*ir.Value
		for i := range l.Inputs {
			x := l.rows(i)
			if n, ok := columnsOf(x); l.err == nil && ok && int64(n) != widths[i] {
				l.fail("input %d has %d columns, not %d", i, n, widths[i])
			}
			columns = append(columns, x)
		}
		return []*ir.Value{l.beside(columns...)}
	})

package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var normalizerDef = lowered("Normalizer", "Divides each row by its largest element, the sum of its magnitudes or its length.", op.In("X"), op.In("Y"),
	func(l *lowering) []*ir.Value {
		rank := 2
		if x := l.In(0); x != nil && x.Shape != nil {
			rank = len(x.Shape)
		}
		x := l.rows(0)
		reduce, kind := "", l.Str("norm", "MAX")
		switch kind {
		case "MAX":
			reduce = "ReduceMax"
		case "L1":
			reduce = "ReduceL1"
		case "L2":
			reduce = "ReduceL2"
		default:
			l.fail("norm %s is not known", kind)
		}
		size := l.op(reduce, nil, x, l.IntsConst([]int64{1}))
		one := l.op("Where", nil, l.op("Equal", nil, size, l.number(0)), l.number(1), size) // a row of zeros stays
		y := l.op("Div", nil, x, one)
		if rank == 1 {
			y = l.op("Squeeze", nil, y, l.IntsConst([]int64{0}))
		}
		return []*ir.Value{y}
	})

package ml

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var imputerDef = lowered("Imputer", "Puts other numbers in the place of missing ones, one for all columns or one each.", op.In("X"), op.In("Y"),
	func(l *lowering) []*ir.Value {
		x := l.In(0)
		if x == nil || !x.DType.IsReal() {
			l.fail("wants numbers")
			return nil
		}
		var missing, instead *ir.Value
		if x.DType.IsInt() {
			v, _ := l.Ints("imputed_value_int64s")
			l.list("imputed_value_floats")
			l.Float("replaced_value_float", 0)
			if len(v) == 0 {
				l.fail("lacks what to put in")
			}
			old := l.Const(tensor.Of([]int64{l.Int("replaced_value_int64", 0)}, 1))
			missing, instead = l.op("Equal", nil, x, l.cast(x.DType, old)), l.cast(x.DType, l.IntsConst(v))
		} else {
			v, old := l.list("imputed_value_floats"), l.Float("replaced_value_float", 0)
			l.Ints("imputed_value_int64s")
			l.Int("replaced_value_int64", 0)
			if len(v) == 0 {
				l.fail("lacks what to put in")
			}
			if math.IsNaN(old) {
				missing = l.op("IsNaN", nil, x)
			} else {
				missing = l.op("Equal", nil, x, l.cast(x.DType, l.number(old)))
			}
			instead = l.cast(x.DType, l.numbers(v, len(v)))
		}
		return []*ir.Value{l.op("Where", nil, missing, instead, x)}
	})

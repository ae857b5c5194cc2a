package reduce

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var reduceLogSumDef = func() *op.Def {
	d := reduction("ReduceLogSum", "Takes the logarithm of the sum along the axes.", 18, folds{
		floats: func(v []float64) float64 { return math.Log(sum(v)) },
	})
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		return []*ir.Value{widely(b, func(x *ir.Value) *ir.Value {
			return b.Op("Log", nil, again(b, "ReduceSum", x))
		})}, nil
	}
	return d
}()

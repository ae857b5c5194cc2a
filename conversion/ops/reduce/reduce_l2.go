package reduce

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var reduceL2Def = func() *op.Def {
	d := reduction("ReduceL2", "Takes the Euclidean norm along the axes.", 18, folds{
		floats: func(v []float64) float64 { return math.Sqrt(sumSquare(v)) },
		ints:   func(v []int64) int64 { return int64(math.Sqrt(float64(sumSquare(v)))) },
		uints:  func(v []uint64) uint64 { return uint64(math.Sqrt(float64(sumSquare(v)))) },
	})
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		if t := b.In(0).DType; !t.IsFloat() {
			return nil, fmt.Errorf("ReduceL2 of %v: %w", t, op.ErrNoDecomposition)
		}
		return []*ir.Value{widely(b, func(x *ir.Value) *ir.Value {
			return b.Op("Sqrt", nil, again(b, "ReduceSumSquare", x))
		})}, nil
	}
	return d
}()

package reduce

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var argMinDef = func() *op.Def {
	d := position("ArgMin", "Finds the index of the smallest element along an axis.",
		func(a, best float64) bool { return a < best }, func(a, best int64) bool { return a < best })
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		if t := b.In(0).DType; !t.IsFloat() {
			return nil, fmt.Errorf("ArgMin of %v: %w", t, op.ErrNoDecomposition)
		}
		return []*ir.Value{b.Op("ArgMax", b.Attrs.Clone(), b.Op("Neg", nil, b.In(0)))}, nil
	}
	return d
}()

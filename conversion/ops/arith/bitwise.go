package arith

import (
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

// bitwise makes the Def of a function of the bits of two integers. The narrower
// types are widened with their sign, which such a function keeps.
func bitwise(name, doc string, i64 func(a, b int64) int64, u64 func(a, b uint64) uint64) *op.Def {
	d := binary(name, doc, &numeric{i64: kernel.RowOf(i64), u64: kernel.RowOf(u64)}, nil)
	d.FromONNX, d.Tol = nil, op.Exact
	return d
}

package arith

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var bitwiseXorDef = func() *op.Def {
	d := bitwise("BitwiseXor", "Keeps the bits that one of two integers has.",
		func(a, b int64) int64 { return a ^ b }, func(a, b uint64) uint64 { return a ^ b })
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		either := b.Op("BitwiseOr", nil, b.In(0), b.In(1))
		return []*ir.Value{b.Op("Sub", nil, either, b.Op("BitwiseAnd", nil, b.In(0), b.In(1)))}, nil
	}
	return d
}()

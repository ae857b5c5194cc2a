package arith

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var bitwiseNotDef = func() *op.Def {
	d := unary("BitwiseNot", "Turns every bit of an integer over.", nil, nil,
		func(x int64) int64 { return ^x }, func(x uint64) uint64 { return ^x })
	d.Harmless, d.Tol = nil, op.Exact
	d.Decompose = func(b *op.Builder) ([]*ir.Value, error) {
		// ^x is -1-x; in an unsigned type -1 is the number of which all bits are set.
		t := b.In(0).DType
		if !t.IsInt() {
			return nil, fmt.Errorf("BitwiseNot of %v: %w", t, op.ErrNoDecomposition)
		}
		ones, err := tensor.Scalar(int64(-1)).Cast(t)
		if err != nil {
			return nil, err
		}
		return []*ir.Value{b.Op("Sub", nil, b.Const(ones), b.In(0))}, nil
	}
	return d
}()

package arith

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var bitShiftDef = func() *op.Def {
	left := bitwise("BitShift", "", func(a, b int64) int64 { return a << b }, func(a, b uint64) uint64 { return a << b })
	d := bitwise("BitShift", "Shifts the bits of unsigned integers LEFT or RIGHT, filling with zeros.",
		func(a, b int64) int64 { return a >> b }, func(a, b uint64) uint64 { return a >> b })
	right := d.Eval
	d.Attrs = []op.Attr{{Name: "direction", Kind: op.Str, Required: true}}
	d.Eval = func(c *op.EvalCtx) error {
		for i := range c.In {
			if t := c.Arg(i); t != nil && !t.DType().IsUnsigned() {
				return fmt.Errorf("is not defined for %v", t.DType())
			}
		}
		switch dir := c.Str("direction", ""); dir {
		case "LEFT":
			return left.Eval(c)
		case "RIGHT":
			return right(c)
		default:
			return fmt.Errorf("direction %q is neither LEFT nor RIGHT", dir)
		}
	}
	d.Decompose, d.FixedType = shiftByPowers, true
	return d
}()

// shiftByPowers multiplies or divides by constant powers of two.
func shiftByPowers(b *op.Builder) ([]*ir.Value, error) {
	n, ok := b.In(1).ConstInts()
	if !ok {
		return nil, fmt.Errorf("BitShift by what is not constant: %w", op.ErrNoDecomposition)
	}
	t := b.In(1).DType
	powers := make([]uint64, len(n))
	kernel.Map(powers, n, func(n int64) uint64 { return 1 << uint64(n) })
	name := "Mul"
	if b.Str("direction", "") == "RIGHT" {
		name = "Div"
		for i, p := range n {
			if uint64(p) >= uint64(t.Bits()) {
				return nil, fmt.Errorf("BitShift by %d of %v: %w", n[i], t, op.ErrNoDecomposition)
			}
		}
	}
	c, err := tensor.Of(powers, b.In(1).Const.Shape()...).Cast(t)
	if err != nil {
		return nil, err
	}
	return []*ir.Value{b.Op(name, nil, b.In(0), b.Const(c))}, nil
}

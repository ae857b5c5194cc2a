package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// bitCastDef's attribute to is a TensorProto.DataType number: see op.ONNXType.
var bitCastDef = &op.Def{
	Name: "BitCast", Doc: "Takes the bits of elements for those of another type of the same width.", Family: family,
	Attrs:  []op.Attr{{Name: "to", Kind: op.Int, Required: true}},
	Inputs: op.In("input"), Outputs: op.In("output"),
	FixedType: true,
	Infer: func(c *op.InferCtx) error {
		d, err := bitCastType(c.Node, c.InType(0))
		if err != nil {
			return err
		}
		c.Set(0, d, c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		d, err := bitCastType(c.Node, x.DType())
		if err != nil {
			return err
		}
		if d == tensor.Bool {
			for _, v := range x.Bytes() {
				if v > 1 {
					return fmt.Errorf("%d is not the byte of a truth value", v)
				}
			}
		}
		c.Out[0], err = tensor.FromBytes(d, x.Shape(), x.Bytes())
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		from := b.In(0).DType
		d, err := bitCastType(b.Node, from)
		switch {
		case err != nil:
			return nil, err
		case d == from:
			return one(b.Op("Identity", nil, b.In(0)))
		case from.IsInt() && d.IsInt():
			// Between integers Cast keeps the low bits, which are all of them.
			return one(b.Op("Cast", ir.Attrs{"to": op.ONNXType(d)}, b.In(0)))
		}
		return nil, fmt.Errorf("BitCast from %v to %v: %w", from, d, op.ErrNoDecomposition)
	},
}

func bitCastType(n *ir.Node, from tensor.DType) (tensor.DType, error) {
	to, err := op.FromONNXType(n.Int("to", 0))
	if err != nil {
		return to, err
	}
	if from != tensor.Invalid && (from.Bits() == 0 || from.Bits() != to.Bits()) {
		return to, fmt.Errorf("%v and %v differ in width", from, to)
	}
	return to, nil
}

package arith

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var whereDef = &op.Def{
	Name: "Where", Doc: "Takes elements of X where the condition holds and of Y elsewhere.", Family: "arith",
	Inputs: op.In("condition", "X", "Y"), Outputs: op.In("output"),
	Infer: inferWhere,
	Eval: func(c *op.EvalCtx) error {
		cond, x, y := c.Arg(0), c.Arg(1), c.Arg(2)
		if cond == nil || x == nil || y == nil {
			return fmt.Errorf("needs three inputs, has %d", len(c.In))
		}
		if cond.DType() != tensor.Bool {
			return fmt.Errorf("condition is %v, not bool", cond.DType())
		}
		shape, err := kernel.BroadcastShape(cond.Shape(), x.Shape(), y.Shape())
		if err != nil {
			return err
		}
		c.Out[0], err = kernel.Select(shape, cond, x, y)
		return err
	},
}

func inferWhere(c *op.InferCtx) error {
	d, e := c.InType(1), c.InType(2)
	if d == tensor.Invalid {
		d = e
	}
	if e != tensor.Invalid && d != e {
		return fmt.Errorf("element types differ: %v and %v", d, e)
	}
	if err := setBroadcast(c, d); err != nil {
		return err
	}
	cond, ok := c.In(0).ConstInts()
	x, okX := c.Content(1)
	y, okY := c.Content(2)
	if !ok || !okX || !okY || c.Out(0) == nil || len(c.Out(0).Shape) > 1 {
		return nil
	}
	n := max(len(cond), len(x), len(y))
	if min(len(cond), len(x), len(y)) == 0 {
		return nil
	}
	out := make([]ir.Dim, n)
	for i := range out {
		pick := y
		if cond[min(i, len(cond)-1)] != 0 {
			pick = x
		}
		out[i] = pick[min(i, len(pick)-1)]
	}
	c.SetContent(0, out)
	return nil
}

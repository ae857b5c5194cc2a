package arith

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var divDef = func() *op.Def {
	d := binary("Div", "Divides the first tensor by the second elementwise; integers truncate toward zero.", divRows, divDims)
	d.Eval = func(c *op.EvalCtx) error {
		if err := checkDivisor(c); err != nil {
			return err
		}
		return evalNumeric(c, divRows)
	}
	return d
}()

// checkDivisor refuses an integer divisor that holds a zero.
func checkDivisor(c *op.EvalCtx) error {
	a, b, err := operands(c)
	if err != nil || !b.DType().IsInt() {
		return err
	}
	v, err := b.Int64s()
	if err != nil {
		return err
	}
	if i := slices.Index(v, 0); i >= 0 && a.Len() > 0 {
		return fmt.Errorf("integer division by zero at element %d of the divisor", i)
	}
	return nil
}

// divDims truncates toward zero for numbers; sizes with symbols are taken to be
// positive, for which that is the floor.
func divDims(a, b ir.Dim) (ir.Dim, bool) {
	k, ok := b.Int()
	if !ok {
		return a.Div(b)
	}
	if n, ok := a.Int(); ok && k != 0 {
		return ir.Static(n / k), true
	}
	if k <= 0 {
		return ir.Dim{}, false
	}
	return a.FloorDiv(k), true
}

package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var cumProdDef = func() *op.Def {
	d := cumulative("CumProd", "Multiplies elements along an axis, each with all before it.", 1,
		func(a, b float64) float64 { return a * b }, func(a, b int64) int64 { return a * b })
	d.Decompose = productChain
	return d
}()

// maxChain bounds the products that a decomposition writes one after the other.
const maxChain = 64

// productChain splits along the axis, multiplies part by part and joins again.
func productChain(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	no := func(why string) ([]*ir.Value, error) {
		return nil, fmt.Errorf("CumProd %s: %w", why, op.ErrNoDecomposition)
	}
	a, ok := b.In(1).ConstInts()
	if !ok || len(a) != 1 {
		return no("along an axis that is not constant")
	}
	axis, err := kernel.Axis(a[0], x.Rank())
	if x.Rank() < 0 || err != nil {
		return no("of unknown rank")
	}
	n, ok := x.Shape[axis].Int()
	if !ok || n < 1 || n > maxChain {
		return no(fmt.Sprintf("over %v elements", x.Shape[axis]))
	}
	part := func(i int64) *ir.Value {
		return b.Op("Slice", nil, x, b.Ints(i), b.Ints(i+1), b.Ints(int64(axis)))
	}
	at := func(i int64) int64 {
		if b.Int("reverse", 0) != 0 {
			return n - 1 - i
		}
		return i
	}
	exclusive := b.Int("exclusive", 0) != 0
	list := make([]*ir.Value, n)
	product := part(at(0))
	if exclusive {
		one, err := tensor.FromFloat64s(x.DType, []float64{1})
		if err != nil {
			return nil, err
		}
		product = b.Op("Expand", nil, b.Const(one), b.Op("Shape", nil, product))
	}
	for i := range n {
		if i > 0 {
			next := at(i)
			if exclusive {
				next = at(i - 1)
			}
			product = b.Op("Mul", nil, product, part(next))
		}
		list[at(i)] = product
	}
	return one(b.Op("Concat", ir.Attrs{"axis": int64(axis)}, list...))
}

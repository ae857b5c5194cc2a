package legalize

import (
	"slices"

	"slipway/conversion/ir"
)

// matmul joins the axes before those of the matrices. Where operands are repeated along
// axes that lie between one another, they are repeated first.
func (j *joiner) matmul(n *ir.Node) bool {
	a, b, y := n.In(0).Shape, n.In(1).Shape, n.Out(0).Shape
	if len(a) < 2 || len(b) < 2 {
		return false
	}
	to := y[:len(y)-2]
	if j.product(n, a, b, to, 0) {
		return true
	}
	for _, s := range []ir.Shape{to, a, b} {
		if !s.IsStatic() {
			return false
		}
	}
	return j.product(n, a, b, to, 2) || j.product(n, a, b, to, 1) || j.product(n, a, b, to, 3)
}

// product is matmul with the operands repeated before it whose bits are set.
func (j *joiner) product(n *ir.Node, a, b, to ir.Shape, repeated int) bool {
	kinds := make([]int, len(to))
	each := func(s ir.Shape, bit int) ir.Shape {
		p := append(ir.Dims(slices.Repeat([]int{1}, len(to)-len(s)+2)...), s[:len(s)-2]...)
		for k := range to {
			if !p[k].Equal(to[k]) && repeated&bit == 0 {
				kinds[k] |= bit
			}
		}
		if repeated&bit != 0 {
			return to
		}
		return p
	}
	pa, pb := each(a, 1), each(b, 2)
	sa, sb := append(joinAs(pa, to, kinds), a[len(a)-2:]...), append(joinAs(pb, to, kinds), b[len(b)-2:]...)
	if !j.fits(n, sa, sb) {
		return false
	}
	var in [2]*ir.Value
	for i, s := range []ir.Shape{sa, sb} {
		v := n.In(i)
		if full := append(slices.Clone(to), v.Shape[v.Rank()-2:]...); repeated&(1<<i) != 0 && !v.Shape.Equal(full) {
			sizes, _ := full.Ints()
			v = j.p.Add("Expand", nil, []*ir.Value{v, j.ints(n, sizes...)}, n)
		}
		in[i] = j.as(n, v, s)
	}
	return j.replace(n, nil, in[0], in[1])
}

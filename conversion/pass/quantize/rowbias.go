package quantize

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// rowBehind is the addition that alone reads what a MatMul gives and adds a
// constant row to it, and which of its operands the row is; nil where there is
// none.
func (p *Plan) rowBehind(n *ir.Node) (sum *ir.Node, at int) {
	v := n.Out(0)
	if n.Op != "MatMul" || !n.In(1).IsConst() || n.In(1).Rank() != 2 || !p.g.SingleUse(v) {
		return nil, 0
	}
	u := v.Uses()[0]
	if u.Node.Op != "Add" || len(u.Node.Inputs) != 2 || !u.Node.Out(0).Shape.Equal(v.Shape) {
		return nil, 0
	}
	b := u.Node.In(1 - u.Index)
	if !b.IsConst() || b.DType != tensor.Float32 || b.Rank() < 1 || !b.Const.Finite() {
		return nil, 0
	}
	cols := n.In(1).Const.Shape()[1]
	if shape := b.Const.Shape(); b.Const.Len() != cols || shape[len(shape)-1] != cols {
		return nil, 0
	}
	return u.Node, 1 - u.Index
}

// correctRow moves the row that sum adds by d.
func (r *rewrite) correctRow(sum *ir.Node, at int, d []float32) {
	b := sum.In(at)
	row := slices.Clone(b.Const.Float32s())
	for i := range row {
		row[i] += d[i]
	}
	r.p.SetInput(sum, at, r.p.Const(b.Name+"_corrected", tensor.Of(row, b.Const.Shape()...)))
}

// rowBias stores the row that an Addition alone adds to what the MatMul n gives
// as 32-bit integers with scale s_in*s_w: ONNX Runtime makes a Gemm of both, and
// computes it in integers only if all of it is there as integers. A row that does
// not fit stays as it is.
func (r *rewrite) rowBias(n *ir.Node, scales []float32, in float32) {
	sum, at := r.rowBehind(n)
	if sum == nil || !r.o.Profile.rowsInt32 || !r.o.biasInt32() {
		return
	}
	b := sum.In(at)
	row := b.Const.Float32s()
	q, s := make([]int32, len(row)), make([]float32, len(row))
	for i, x := range row {
		s[i] = in * scales[min(i, len(scales)-1)]
		v := math.RoundToEven(float64(x) / float64(s[i]))
		if math.IsNaN(v) || math.Abs(v) > math.MaxInt32 {
			return
		}
		q[i] = int32(v)
	}
	if len(scales) == 1 {
		s = s[:1]
	}
	r.p.SetInput(sum, at, r.dequantized(n, b.Name, tensor.Of(q, len(q)), s, 0))
}

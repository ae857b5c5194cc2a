package quantize

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// rowBias stores the row that an Addition alone adds to what the MatMul n gives
// as 32-bit integers with scale s_in*s_w: ONNX Runtime makes a Gemm of both, and
// computes it in integers only if all of it is there as integers. A row that does
// not fit stays as it is.
func (r *rewrite) rowBias(n *ir.Node, scales []float32, in float32) {
	if n.Op != "MatMul" || !r.o.Profile.rowsInt32 || !r.o.biasInt32() || !r.g.SingleUse(n.Out(0)) {
		return
	}
	u := n.Out(0).Uses()[0]
	if u.Node.Op != "Add" || len(u.Node.Inputs) != 2 || !u.Node.Out(0).Shape.Equal(n.Out(0).Shape) {
		return
	}
	b, cols := u.Node.In(1-u.Index), n.In(1).Shape[1]
	if !b.IsConst() || b.DType != tensor.Float32 || b.Rank() < 1 || !b.Shape[b.Rank()-1].Equal(cols) {
		return
	}
	row := b.Const.Float32s()
	if k, _ := cols.Int(); int(k) != len(row) {
		return
	}
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
	r.p.SetInput(u.Node, 1-u.Index, r.dequantized(n, b.Name, tensor.Of(q, len(q)), s, 0))
}

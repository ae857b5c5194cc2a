package ncnn

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var linalgOps = map[string]spelling{"Gemm": gemm, "MatMul": matmul}

// gemm is a product of rows and constant weights.
func gemm(e *emitter, n *ir.Node) string {
	w := packed(n.In(1))
	if w == nil {
		return "needs constant weights"
	}
	if n.Int("transA", 0) != 0 {
		return "does not transpose its input"
	}
	s := w.t.Shape()
	k, outs := s[0], s[1]
	transposed := n.Int("transB", 0) != 0
	if transposed {
		k, outs = outs, k
	}
	bias, why := biasOf(n.In(2), outs)
	if why != "" {
		return why
	}
	if c := n.In(2); c != nil && c.Rank() == 2 && full(c)[0] != 1 {
		return "adds one row only"
	}
	alpha, beta := float32(n.Float("alpha", 1)), float32(n.Float("beta", 1))
	if bias != nil && beta != 1 {
		v := bias.floats()
		c := make([]float32, len(v))
		for j, x := range v {
			c[j] = x * beta
		}
		bias = plain(c)
	}
	return e.inner(n, n.In(0), w, k, outs, transposed, alpha, bias)
}

// inner writes y = alpha*x*W + bias for rows of k elements: InnerProduct for one
// row, Gemm for several.
func (e *emitter) inner(n *ir.Node, x *ir.Value, w *constant, k, outs int, transposed bool, alpha float32, bias *constant) string {
	rows := count(full(x)) / k
	axis := 1
	var o order
	if transposed {
		axis = 0
	} else {
		o = func(t *tensor.Tensor) (*tensor.Tensor, error) { return t.Transposed(1, 0) }
	}
	quantized := w.scales != nil && (w.axis == axis || len(w.scales) == 1) && step(x) > 0 && alpha == 1
	last := n
	if sum, c := e.biasBehind(n, outs); sum != nil && bias == nil {
		bias, last = c, sum
		e.skip[sum] = true
	}
	if rows > 1 {
		e.also = last.Origin
		if quantized {
			return e.timesRows(last.Out(0), x, w, o, []int{rows, outs, k}, bias)
		}
		return e.rowsTimes(last.Out(0), x, w, o, []int{rows, outs, k}, alpha, bias)
	}
	params := []param{num(0, outs), num(1, flag(bias != nil)), num(2, k*outs)}
	if quantized {
		params = append(params, num(8, 2))
	}
	act, y := e.fused(last)
	if last != n {
		e.also = slices.Concat(e.also, last.Origin)
	}
	l := e.addN("InnerProduct", []*blob{e.as(x, k)}, [][]int{{outs}}, append(params, act...)...)
	l.data = e.weights(w, o, bias, quantized, outs, step(x))
	if alpha != 1 {
		l.data[0] = w.weights(o, alpha)
	}
	e.set(y, l.out[0])
	return ""
}

// rowsTimes is Gemm, whose kernels take all rows at once, where InnerProduct
// takes one after the other. size are rows, outputs and inputs.
func (e *emitter) rowsTimes(y, x *ir.Value, w *constant, o order, size []int, alpha float32, bias *constant) string {
	rows, outs, k := size[0], size[1], size[2]
	row := -1 // no addend
	if bias != nil {
		row = 4 // one for each column
	}
	l := e.addN("Gemm", []*blob{e.as(x, rows, k)}, [][]int{{rows, outs}},
		num(10, row), num(2, 0), num(3, 1), num(4, 0), num(5, 1), num(6, 1), num(7, rows), num(8, outs), num(9, k))
	l.data = append([]chunk{w.weights(o, alpha)}, addend(bias, outs)...)
	e.set(y, l.out[0])
	return ""
}

// timesRows is Gemm in 8 bits. It has a scale for each row of a constant first
// factor, one for all of a constant second one: so the weights stand first, and
// the result is transposed. It quantizes x by x's own largest magnitude and so keeps
// what calibration would cut off. size are rows, outputs and inputs.
func (e *emitter) timesRows(y, x *ir.Value, w *constant, o order, size []int, bias *constant) string {
	rows, outs, k := size[0], size[1], size[2]
	column := -1 // no addend
	if bias != nil {
		column = 1 // one for each row of the weights
	}
	l := e.addN("Gemm", []*blob{e.as(x, rows, k)}, [][]int{{rows, outs}},
		num(10, column), num(2, 0), num(3, 1), num(4, 1), num(5, 0), num(6, 1), num(7, outs), num(8, rows), num(9, k), num(14, 1), num(18, 2))
	l.data = append([]chunk{w.integers(o)}, addend(bias, outs)...)
	l.data = append(l.data, rawOf(w.inverse(outs)))
	e.set(y, l.out[0])
	return ""
}

// addend is Gemm's constant addend: unlike other layers' biases it has a tag.
func addend(bias *constant, n int) []chunk {
	if bias == nil {
		return nil
	}
	return []chunk{piece(tagFloat32, func() *tensor.Tensor { return tensor.Of(spread(bias.floats(), n), n) }, nil)}
}

// biasBehind finds the addition of a constant row that alone reads n's result.
func (e *emitter) biasBehind(n *ir.Node, outs int) (*ir.Node, *constant) {
	v := n.Out(0)
	if e.g == nil || !e.g.SingleUse(v) {
		return nil, nil
	}
	u := v.Uses()[0]
	if u.Node.Op != "Add" || len(u.Node.Inputs) != 2 || u.Index > 1 || !u.Node.Out(0).Shape.Equal(v.Shape) {
		return nil, nil
	}
	b := u.Node.In(1 - u.Index)
	c := packed(b)
	if c == nil || c.t.Len() != outs || b.Rank() < 1 || !b.Shape[b.Rank()-1].Is(int64(outs)) {
		return nil, nil
	}
	return u.Node, c
}

// matmul is InnerProduct where the second factor is a constant matrix.
func matmul(e *emitter, n *ir.Node) string {
	a, b := n.In(0), n.In(1)
	da, db := full(a), full(b)
	if w := packed(b); w != nil && len(db) == 2 && packed(a) == nil {
		return e.inner(n, a, w, db[0], db[1], false, 1, nil)
	}
	if len(da) < 2 || len(db) < 2 {
		return "takes matrices, not vectors"
	}
	da, db = aligned(da, db)
	for len(da) > 2 && da[0] == 1 && db[0] == 1 {
		da, db = da[1:], db[1:]
	}
	if len(da) > 4 {
		ba, bb := joined(da[:len(da)-2], db[:len(db)-2])
		if len(ba) > 2 {
			return "broadcasts in more than two dimensions beside those of the matrices"
		}
		da, db = append(ba, da[len(da)-2:]...), append(bb, db[len(db)-2:]...)
	}
	out := broadcast(da[:len(da)-2], db[:len(db)-2])
	out = append(out, da[len(da)-2], db[len(db)-1])
	e.set(n.Out(0), e.add("MatMul", []*blob{e.as(a, da...), e.as(b, db...)}, out))
	return ""
}

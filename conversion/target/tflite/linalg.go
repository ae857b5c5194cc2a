package tflite

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var linalgSpellings = map[string]spelling{
	"Gemm":   {legal: legalGemm, emit: emitGemm, int8: int8Gemm, fuses: true},
	"MatMul": {legal: legalMatMul, emit: emitMatMul, int8: int8MatMul, fuses: true},
}

func legalGemm(n *ir.Node) string {
	if why := floatOnly(n); why != "" {
		return why
	}
	if _, ok := storedOf(n.In(1)); !ok {
		return "a second operand that is not constant"
	}
	if n.Int("transA", 0) != 0 {
		return "transA"
	}
	if c := n.In(2); c != nil {
		if _, ok := storedOf(c); !ok {
			return "a third operand that is not constant"
		}
		size, ok := c.Shape.NumElements()
		if row := n.Out(0).Shape[1]; !ok || !size.Is(1) && (!size.Equal(row) || !c.Shape[c.Rank()-1].Equal(row)) {
			return "a third operand of more than one row"
		}
	}
	return ""
}

func int8Gemm(n *ir.Node) bool {
	s, ok := storedOf(n.In(1))
	if !ok || !s.symmetric() || n.Float("alpha", 1) != 1 || n.In(2) != nil && n.Float("beta", 1) != 1 {
		return false
	}
	return len(s.scale) == 1 || s.axis == outAxis(n)
}

// outAxis is the axis of a product's weights that counts its outputs.
func outAxis(n *ir.Node) int {
	if n.Op == "Gemm" && n.Int("transB", 0) != 0 {
		return 0
	}
	return 1
}

// fcWeights is input 1 as FULLY_CONNECTED wants it, [outputs, inputs], with the
// inputs in the order in which the operand was flattened.
func (e *emitter) fcWeights(transposed bool) (int, error) {
	v := e.n.In(1)
	view, _ := v.Shape.Ints()
	order := layout.Perm{1, 0}
	if transposed {
		order = nil
	}
	if f, ok := e.plan.Flat[e.n.In(0)]; ok {
		// The inputs' axis becomes the flattened axes, reordered.
		k := 0
		if transposed {
			k = 1
		}
		shape := append([]int{}, view[:k]...)
		shape = append(shape, f.Shape...)
		shape = append(shape, view[k+1:]...)
		order = nil
		if transposed {
			order = append(order, 0)
			for _, a := range f.Order {
				order = append(order, 1+a)
			}
		} else {
			order = append(order, len(f.Shape))
			order = append(order, f.Order...)
		}
		t, err := e.weight(v, shape, order, e.quant)
		if err != nil {
			return 0, err
		}
		rows, cols := view[1-k], view[k]
		if e.m.Tensors[t].Buffer == 0 {
			return e.reshape(t, []int32{int32(rows), int32(cols)}), nil
		}
		return e.viewConst(t, []int32{int32(rows), int32(cols)}), nil
	}
	return e.weight(v, view, order, e.quant)
}

// emitGemm writes FULLY_CONNECTED; alpha and beta go into the constants.
func emitGemm(e *emitter) error {
	n := e.n
	x, err := e.in(0)
	if err != nil {
		return err
	}
	out, ok := n.Out(0).Shape[1].Int()
	if !ok {
		return fmt.Errorf("the number of outputs is not known")
	}
	if alpha := n.Float("alpha", 1); alpha != 1 {
		if x, err = e.scaled(x, alpha); err != nil {
			return err
		}
	}
	w, err := e.fcWeights(n.Int("transB", 0) != 0)
	if err != nil {
		return err
	}
	var bias int
	if beta := n.Float("beta", 1); beta != 1 && n.In(2) != nil {
		s, _ := storedOf(n.In(2))
		f := append([]float32{}, s.float().Float32s()...)
		for i := range f {
			f[i] *= float32(beta)
		}
		if len(f) == 1 {
			for len(f) < int(out) {
				f = append(f, f[0])
			}
		}
		bias = e.floats(f, int(out))
	} else if bias, err = e.bias(n.In(2), int(out), e.scales(w)); err != nil {
		return err
	}
	return e.out1(fb.FullyConnected, fb.FullyConnectedOptions{Act: e.act}, nil, x, w, bias)
}

func (e *emitter) scaled(x int, by float64) (int, error) {
	return e.binary(fb.Mul, x, e.scalar(by), e.m.Tensors[x].Shape), nil
}

func legalMatMul(n *ir.Node) string {
	if why := floatOnly(n); why != "" {
		return why
	}
	a, b := n.In(0), n.In(1)
	if a.Rank() > 5 || b.Rank() > 5 {
		return "rank above 5"
	}
	if a.Rank() == 1 || b.Rank() == 1 {
		if unknowns(dimsOf(n.Out(0).Shape, nil)) > 0 || !a.Shape.IsStatic() || !b.Shape.IsStatic() {
			return "a vector operand of unknown shape"
		}
	}
	return ""
}

func constMatrix(v *ir.Value) bool {
	_, ok := storedOf(v)
	return ok && v.Rank() == 2
}

func int8MatMul(n *ir.Node) bool {
	if !constMatrix(n.In(1)) {
		return n.In(0).Rank() >= 2 && n.In(1).Rank() >= 2
	}
	s, _ := storedOf(n.In(1))
	return s.symmetric() && (len(s.scale) == 1 || s.axis == 1) && n.In(0).Rank() >= 2
}

// emitMatMul writes FULLY_CONNECTED for constant matrices, else BATCH_MATMUL.
// Vectors get the axis that ONNX lends them.
func emitMatMul(e *emitter) error {
	n := e.n
	a, b := n.In(0), n.In(1)
	if constMatrix(b) && a.Rank() >= 2 {
		x, err := e.in(0)
		if err != nil {
			return err
		}
		w, err := e.fcWeights(false)
		if err != nil {
			return err
		}
		cols := int(e.m.Tensors[w].Shape[0])
		bias, err := e.bias(e.added, cols, e.scales(w))
		if err != nil {
			return err
		}
		return e.out1(fb.FullyConnected, fb.FullyConnectedOptions{Act: e.act, KeepNumDims: a.Rank() > 2}, nil, x, w, bias)
	}
	x, err := e.matrix(0, 0)
	if err != nil {
		return err
	}
	y, err := e.matrix(1, 1)
	if err != nil {
		return err
	}
	dims := dimsOf(e.outs[0].Shape, nil)
	full := append([]int32{}, dims...)
	if b.Rank() == 1 {
		full = append(full, 1)
	}
	if a.Rank() == 1 {
		full = append(full[:len(full)-1], 1, full[len(full)-1])
	}
	p, err := e.tensor("", tensor.Float32, full, e.outQuant(0))
	if err != nil {
		return err
	}
	e.op(fb.BatchMatMul, fb.BatchMatMulOptions{}, []int{x, y}, p)
	if len(full) != len(dims) {
		p = e.reshape(p, dims)
	}
	if e.act != fb.ActNone {
		p = e.unary(map[fb.Activation]fb.Code{fb.ActRelu: fb.Relu, fb.ActRelu6: fb.Relu6, fb.ActReluN1To1: fb.ReluN1To1}[e.act], p)
	}
	e.set(0, p, nil)
	return nil
}

// matrix is operand i with at least two axes; a vector becomes a row (at 0) or a
// column.
func (e *emitter) matrix(i, at int) (int, error) {
	v := e.n.In(i)
	t, err := e.read(v, nil, e.quant)
	if err != nil || v.Rank() != 1 {
		return t, err
	}
	d := e.m.Tensors[t].Shape[0]
	if at == 0 {
		return e.reshape(t, []int32{1, d}), nil
	}
	return e.reshape(t, []int32{d, 1}), nil
}

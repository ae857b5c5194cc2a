package openvino

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var quantOps = map[string]spelling{
	"QuantizeLinear":   {legalQuantize, emitQuantize},
	"DequantizeLinear": {legalQuantize, emitDequantize},
}

// limits of the quantized types that are written.
var limits = map[tensor.DType][2]float64{
	tensor.Int8: {-128, 127}, tensor.Uint8: {0, 255}, tensor.Int16: {-32768, 32767}, tensor.Uint16: {0, 65535},
	tensor.Int32: {math.MinInt32, math.MaxInt32}, tensor.Int4: {-8, 7}, tensor.Uint4: {0, 15},
}

func legalQuantize(n *ir.Node) string {
	d := tensor.Invalid
	if n.Op == "QuantizeLinear" {
		if n.Out(0) != nil {
			d = n.Out(0).DType
		}
	} else if n.In(0) != nil {
		d = n.In(0).DType
	}
	switch {
	case n.Op == "DequantizeLinear" && n.Int("block_size", 0) != 0 && limits[d] != [2]float64{}:
		if _, _, ok := blocks(n); !ok {
			return "DequantizeLinear in blocks that do not fill an axis of known size has no equivalent"
		}
		return ""
	case n.Int("block_size", 0) != 0:
		return n.Op + " in blocks has no equivalent"
	case limits[d] == [2]float64{}:
		return n.Op + " of type " + d.String() + " has no equivalent"
	case !n.In(1).IsConst() || n.In(2) != nil && !n.In(2).IsConst():
		return n.Op + " needs constant scale and zero point"
	case n.In(1).Const.Len() > 1 && rank(n, 0) < 0:
		return n.Op + " along an axis needs an input of known rank"
	}
	return ""
}

// zeroPoints are count zero points of a QuantizeLinear or DequantizeLinear; an
// omitted input means zeros.
func zeroPoints(n *ir.Node, count int) []float64 {
	z := make([]float64, count)
	if n.In(2) != nil {
		for i, v := range n.In(2).Const.Float64s() {
			if i < count {
				z[i] = v
			}
		}
	}
	return z
}

// grid gives the real numbers that the ends of the integer range stand for,
// computed in binary32 as DequantizeLinear does.
func grid(n *ir.Node, d tensor.DType) (low, high []float64) {
	scale := n.In(1).Const.Float32s()
	zp := zeroPoints(n, len(scale))
	lim := limits[d]
	for i, s := range scale {
		low = append(low, float64(float32(lim[0]-zp[i])*s))
		high = append(high, float64(float32(lim[1]-zp[i])*s))
	}
	return low, high
}

// emitQuantize writes nothing where every reader dequantizes again: that pair
// becomes one FakeQuantize. Else it writes the arithmetic of QuantizeLinear.
func emitQuantize(e *emitter, n *ir.Node) {
	out := n.Out(0)
	if paired(e.g, n) {
		e.ports[out] = port{&layer{out: make([]outPort, 1)}, 0} // never read
		return
	}
	x := e.convert(e.in(0), tensor.Float32)
	f32 := tensor.Float32
	param := func(v []float64) port {
		return e.floats(f32, v, paramShape(n.In(1).Const, int(n.Int("axis", 1)), max(rank(n, 0), 1), 0)...)
	}
	scale := n.In(1).Const.Float64s()
	p := e.op("Divide", "opset1", f32, out.Shape, []attr{numpy[0], {"m_pythondiv", "false"}}, x, param(scale))
	p = e.op("Round", "opset5", f32, out.Shape, []attr{{"mode", "half_to_even"}}, p)
	p = e.op("Add", "opset1", f32, out.Shape, numpy, p, param(zeroPoints(n, len(scale))))
	lim := limits[out.DType]
	p = e.op("Clamp", "opset1", f32, out.Shape, []attr{{"min", float(lim[0])}, {"max", float(lim[1])}}, p)
	e.finish(e.convert(p, out.DType))
}

// paired reports whether every reader of n's output is a DequantizeLinear, and a
// FakeQuantize says what n does: of scales below zero its range would be upside down.
func paired(g *ir.Graph, n *ir.Node) bool {
	out := n.Out(0)
	if g.IsOutput(out) || out.DType.Bits() > 16 || slices.ContainsFunc(n.In(1).Const.Float32s(), func(s float32) bool { return !(s > 0) }) {
		return false
	}
	for _, u := range out.Uses() {
		if u.Node.Op != "DequantizeLinear" || u.Index != 0 {
			return false
		}
	}
	return true
}

// emitDequantize writes the FakeQuantize of a pair, or the arithmetic of
// DequantizeLinear. in and out ranges are the ends of the two grids, so that
// the levels between them are the values that integers stand for.
func emitDequantize(e *emitter, n *ir.Node) {
	if n.Int("block_size", 0) != 0 {
		emitBlocks(e, n)
		return
	}
	src, o := n.In(0), n.Out(0)
	q := src.Node()
	if q == nil || q.Op != "QuantizeLinear" || !paired(e.g, q) {
		e.finish(e.dequantizeArithmetic(n))
		return
	}
	r := max(rank(q, 0), 1)
	x := e.value(q.In(0))
	ends := func(m *ir.Node) (port, port) {
		lo, hi := grid(m, src.DType)
		shape := paramShape(m.In(1).Const, int(m.Int("axis", 1)), r, 0)
		return e.floats(x.dtype(), lo, shape...), e.floats(x.dtype(), hi, shape...)
	}
	inLow, inHigh := ends(q)
	outLow, outHigh := inLow, inHigh
	if !sameParams(q, n) {
		outLow, outHigh = ends(n)
	}
	levels := limits[src.DType][1] - limits[src.DType][0] + 1
	p := e.op("FakeQuantize", "opset1", x.dtype(), o.Shape, []attr{{"levels", float(levels)}, numpy[0]}, x, inLow, inHigh, outLow, outHigh)
	e.finish(e.convert(p, o.DType))
}

func sameParams(a, b *ir.Node) bool {
	if a.In(1) == b.In(1) && a.In(2) == b.In(2) {
		return true
	}
	if a.In(1).Const.Len() != b.In(1).Const.Len() {
		return false
	}
	sa, sb := a.In(1).Const.Float64s(), b.In(1).Const.Float64s()
	za, zb := zeroPoints(a, len(sa)), zeroPoints(b, len(sb))
	for i := range sa {
		if sa[i] != sb[i] || za[i] != zb[i] {
			return false
		}
	}
	return true
}

func (e *emitter) dequantizeArithmetic(n *ir.Node) port {
	d, s := n.Out(0).DType, n.Out(0).Shape
	p := e.convert(e.in(0), d)
	r := max(rank(n, 0), 1)
	shape := paramShape(n.In(1).Const, int(n.Int("axis", 1)), r, 0)
	if zp := n.In(2); zp != nil && !zp.Const.IsZero() {
		p = e.op("Subtract", "opset1", d, s, numpy, p, e.floats(d, zp.Const.Float64s(), shape...))
	}
	return e.op("Multiply", "opset1", d, s, numpy, p, e.floats(d, n.In(1).Const.Float64s(), shape...))
}

// blocks gives the shapes that split the quantized axis of a DequantizeLinear in
// blocks in two, of the numbers and of their parameters.
func blocks(n *ir.Node) (numbers, params []int, ok bool) {
	s, known := n.In(0).Shape.Ints()
	p, knownParams := n.In(1).Shape.Ints()
	a, b := int(n.Int("axis", 1)), int(n.Int("block_size", 0))
	if a < 0 {
		a += len(s)
	}
	if !known || !knownParams || len(p) != len(s) || a < 0 || a >= len(s) {
		return nil, nil, false
	}
	if p[a] == 1 {
		b = s[a] // one block, which may be longer than the axis
	}
	if p[a]*b != s[a] {
		return nil, nil, false
	}
	numbers = append(append(append([]int{}, s[:a]...), p[a], b), s[a+1:]...)
	params = append(append(append([]int{}, p[:a+1]...), 1), p[a+1:]...)
	return numbers, params, true
}

// emitBlocks writes DequantizeLinear in blocks the way that the plugins know
// compressed weights: the blocks have an axis of their own until the end.
func emitBlocks(e *emitter, n *ir.Node) {
	numbers, params, _ := blocks(n)
	o := n.Out(0)
	split := func(v *ir.Value, shape []int) port {
		if v.IsConst() {
			return e.convert(e.constant(e.view(v.Const, shape)), o.DType)
		}
		p := e.op("Reshape", "opset1", v.DType, ir.Dims(shape...), []attr{{"special_zero", "false"}}, e.value(v), e.ints(int64s(shape)...))
		return e.convert(p, o.DType)
	}
	p, s := split(n.In(0), numbers), ir.Dims(numbers...)
	if n.In(2) != nil {
		p = e.op("Subtract", "opset1", o.DType, s, numpy, p, split(n.In(2), params))
	}
	p = e.op("Multiply", "opset1", o.DType, s, numpy, p, split(n.In(1), params))
	to, _ := n.In(0).Shape.Ints()
	e.final("Reshape", "opset1", []attr{{"special_zero", "false"}}, p, e.ints(int64s(to)...))
}

func int64s(s []int) []int64 {
	out := make([]int64, len(s))
	for i, n := range s {
		out[i] = int64(n)
	}
	return out
}

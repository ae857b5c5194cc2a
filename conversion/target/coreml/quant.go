package coreml

import (
	"slices"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var quantOps = map[string]spelling{
	"QuantizeLinear":   {legalQuantize, emitQuantize},
	"DequantizeLinear": {legalQuantize, emitDequantize},
}

// limits of the quantized types that are written.
var limits = map[tensor.DType][2]float64{
	tensor.Int8: {-128, 127}, tensor.Uint8: {0, 255}, tensor.Int16: {-32768, 32767}, tensor.Uint16: {0, 65535},
	tensor.Int4: {-8, 7}, tensor.Uint4: {0, 15},
}

func legalQuantize(n *ir.Node) string {
	d := n.In(0).DType
	if n.Op == "QuantizeLinear" {
		d = n.Out(0).DType
	}
	switch {
	case unpacks(n) != nil:
		return ""
	case n.Int("block_size", 0) != 0:
		return n.Op + " in blocks has no equivalent"
	case limits[d] == [2]float64{}:
		return n.Op + " of type " + d.String() + " has no equivalent"
	case !n.In(1).IsConst() || n.In(2) != nil && !n.In(2).IsConst():
		return n.Op + " needs constant scale and zero point"
	}
	return ""
}

// parameter is a scale or zero point of n, as a constant that broadcasts over its
// data.
func (e *emitter) parameter(n *ir.Node, name string, t *tensor.Tensor, d tensor.DType) arg {
	t = e.cast(t, d)
	shape := []int{}
	if t.Len() > 1 {
		for range rank(n, 0) {
			shape = append(shape, 1)
		}
		shape[axis(n.Int("axis", 1), rank(n, 0))] = t.Len()
	}
	t, err := t.Reshape(shape...)
	if err != nil {
		e.fail("%w", err)
	}
	return lit(name, t)
}

// emitQuantize spells the arithmetic of QuantizeLinear; its integers are held in
// 32 bits. It is done in single precision, as half cannot count that far.
func emitQuantize(e *emitter, n *ir.Node) {
	f, s := tensor.Float32, shapeOf(n.Out(0))
	p := e.convert(e.in(0), f)
	p = e.op("real_div", f, s, in("x", p), e.parameter(n, "y", n.In(1).Const, f))
	p = e.op("round", f, s, in("x", p))
	if n.In(2) != nil {
		p = e.op("add", f, s, in("x", p), e.parameter(n, "y", n.In(2).Const, f))
	}
	lim := limits[n.Out(0).DType]
	p = e.op("clip", f, s, in("x", p), real("alpha", f, lim[0]), real("beta", f, lim[1]))
	e.back(p)
}

func emitDequantize(e *emitter, n *ir.Node) {
	f, s := tensor.Float32, shapeOf(n.Out(0))
	p := e.convert(e.in(0), f)
	if n.In(2) != nil {
		p = e.op("sub", f, s, in("x", p), e.parameter(n, "y", n.In(2).Const, f))
	}
	p = e.op("mul", f, s, in("x", p), e.parameter(n, "y", n.In(1).Const, f))
	e.back(p)
}

// weightsOnly takes out the pairs of QuantizeLinear and DequantizeLinear that the
// program's own quantization put on activations. Those of the source model stay,
// as they are part of what it computes.
func weightsOnly(g *ir.Graph, reg *op.Registry) (int, error) {
	p, count := g.Edit("coreml_weights", reg.Infer), 0
	for _, n := range slices.Clone(g.Nodes) {
		q := (*ir.Node)(nil)
		if n.Op == "DequantizeLinear" && n.In(0) != nil {
			q = n.In(0).Node()
		}
		if q == nil || q.Op != "QuantizeLinear" || !strings.HasPrefix(q.By, "quantize_") || q.In(0).DType != n.Out(0).DType {
			continue
		}
		count++
		p.Replace(n.Out(0), q.In(0))
	}
	return count, p.Done()
}

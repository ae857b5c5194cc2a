package tflite

import (
	"slices"

	"slipway/conversion/ir"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var rangeSpellings = map[string]spelling{"Range": {legal: legalRange, emit: emitRange}}

func legalRange(n *ir.Node) string {
	if d := n.Out(0).DType; d != tensor.Int32 && d != tensor.Int64 && d != tensor.Float32 {
		return noKernel(d)
	}
	for _, v := range n.Inputs {
		if list, _, ok := bounded(v); !ok && !v.IsConst() {
			return "a length that follows from values"
		} else if slices.ContainsFunc(list, func(d ir.Dim) bool { k, ok := d.Int(); return ok && k != int64(int32(k)) }) {
			return "a number beyond 32 bits"
		}
	}
	return ""
}

// emitRange writes RANGE, of integers in 32 bits.
func emitRange(e *emitter) error {
	var in []int
	for i := range 3 {
		x, err := e.in(i)
		if err != nil {
			return err
		}
		if e.m.Tensors[x].Type == fb.Int64 {
			x = e.toInt32(x)
		}
		if len(e.m.Tensors[x].Shape) != 0 {
			x = e.reshape(x, []int32{})
		}
		in = append(in, x)
	}
	d := e.n.Out(0).DType
	if d != tensor.Int64 {
		return e.out1(fb.Range, nil, nil, in...)
	}
	y, err := e.tensor("", tensor.Int32, dimsOf(e.outs[0].Shape, nil), nil)
	if err != nil {
		return err
	}
	e.op(fb.Range, nil, in, y)
	return e.out1(fb.Cast, fb.CastOptions{In: fb.Int32, Out: fb.Int64}, nil, y)
}

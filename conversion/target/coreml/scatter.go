package coreml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var scatterOps = map[string]spelling{"ScatterND": {all(knownScatter, wide), emitScatterND}}

// scatterModes are the ways to join, by ONNX's name.
var scatterModes = map[string]string{"none": "update", "add": "add", "mul": "mul", "max": "max", "min": "min"}

func knownScatter(n *ir.Node) string {
	idx := n.In(1)
	if n.In(0).Shape == nil || idx.Rank() < 1 {
		return "ScatterND needs tensors of known rank"
	}
	if _, ok := idx.Shape[idx.Rank()-1].Int(); !ok {
		return "ScatterND with lists of unknown length has no equivalent"
	}
	for _, i := range []int{0, 2} {
		switch d := n.In(i).DType; d {
		case tensor.Float32, tensor.Float16, tensor.Int32, tensor.Int64:
		default:
			return "ScatterND of " + d.String() + " has no equivalent"
		}
	}
	return ""
}

func emitScatterND(e *emitter, n *ir.Node) {
	data := e.in(0)
	at := e.places(1, data.shape)
	p := e.op("scatter_nd", data.dtype, data.shape, in("data", data), in("indices", at), in("updates", e.in(2)),
		word("mode", scatterModes[n.Str("reduction", "none")]))
	e.back(p)
}

// places are lists of indices into shape, input i, counted from the front.
func (e *emitter) places(i int, shape []int) val {
	idx := e.cur.In(i)
	k, _ := idx.Shape[idx.Rank()-1].Int()
	if t := e.constantOf(idx); t != nil {
		v, err := t.Int64s()
		if err == nil && slices.ContainsFunc(v, func(x int64) bool { return x < 0 }) {
			w := slices.Clone(v)
			for j, x := range w {
				if x < 0 {
					w[j] += int64(shape[j%int(k)])
				}
			}
			if t, err = tensor.FromInt64s(tensor.Int32, w, t.Shape()...); err == nil {
				return e.literal(e.cur.Name+"_indices", t)
			}
		}
		return e.in(i)
	}
	limit := make([]int32, k)
	for j := range limit {
		limit[j] = int32(shape[j])
	}
	p := e.convert(e.in(i), tensor.Int32)
	neg := e.op("less", tensor.Bool, p.shape, in("x", p), real("y", tensor.Int32, 0))
	up := e.op("add", tensor.Int32, p.shape, in("x", p), in("y", e.literal(e.cur.Name+"_sizes", tensor.Of(limit, len(limit)))))
	return e.op("select", tensor.Int32, p.shape, in("cond", neg), in("a", up), in("b", p))
}

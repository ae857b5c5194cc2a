package openvino

import (
	"maps"
	"math"

	"slipway/conversion/ir"
)

// spellings is the table of all operators that the target has natively.
var spellings = collect(activationOps, arithOps, attentionOps, convOps, detectOps, imageOps, indexOps, linalgOps, normOps, poolOps, quantOps, recurrentOps, reduceOps, shapeOps)

func collect(families ...map[string]spelling) map[string]spelling {
	all := map[string]spelling{}
	for _, f := range families {
		maps.Copy(all, f)
	}
	return all
}

// numpy is the attribute of layers that broadcast.
var numpy = []attr{{"auto_broadcast", "numpy"}}

// unary spells an operator as one layer without attributes.
func unary(typ, version string) spelling {
	return spelling{emit: func(e *emitter, _ *ir.Node) { e.final(typ, version, nil, e.in(0)) }}
}

// binary spells an operator as one broadcasting layer of two inputs.
func binary(typ, version string) spelling {
	return spelling{emit: func(e *emitter, _ *ir.Node) { e.final(typ, version, numpy, e.in(0), e.in(1)) }}
}

// chain spells a variadic operator as a chain of broadcasting layers.
func chain(typ string) spelling {
	return spelling{emit: func(e *emitter, n *ir.Node) { e.finish(e.fold(typ, n)) }}
}

func (e *emitter) fold(typ string, n *ir.Node) port {
	p := e.in(0)
	for i := 1; i < len(n.Inputs); i++ {
		p = e.op(typ, "opset1", n.Out(0).DType, nil, numpy, p, e.in(i))
	}
	return p
}

// rank is the rank of input i of n, -1 while unknown or omitted.
func rank(n *ir.Node, i int) int {
	if v := n.In(i); v != nil {
		return v.Rank()
	}
	return -1
}

// needRank is a legal function: input 0 must have a known rank.
func needRank(n *ir.Node) string {
	if rank(n, 0) < 0 {
		return "needs an input of known rank"
	}
	return ""
}

// lowest and highest are the finite limits of binary32.
const lowest, highest = -math.MaxFloat32, math.MaxFloat32

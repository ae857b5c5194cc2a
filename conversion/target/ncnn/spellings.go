package ncnn

import (
	"maps"

	"slipway/conversion/ir"
)

// spellings is the table of all operators that ncnn has as layers.
var spellings = collect(activationOps, arithOps, convOps, imageOps, linalgOps, normOps, poolOps, quantOps, reduceOps, shapeOps, wholeOps)

func collect(families ...map[string]spelling) map[string]spelling {
	all := map[string]spelling{}
	for _, f := range families {
		maps.Copy(all, f)
	}
	return all
}

// unary spells an elementwise layer.
func unary(typ string, params ...param) spelling {
	return func(e *emitter, n *ir.Node) string {
		b := e.in(n.In(0))
		e.set(n.Out(0), e.add(typ, []*blob{b}, b.dims, params...))
		return ""
	}
}

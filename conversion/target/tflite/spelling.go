package tflite

import (
	"maps"

	fb "slipway/conversion/schema/tflite"

	"slipway/conversion/ir"
)

// spelling is how one operator is written.
type spelling struct {
	// legal returns why n cannot be written, "" where it can. nil: always.
	legal func(n *ir.Node) string
	// emit writes n. It must set every output of the node that is used.
	emit func(e *emitter) error
	// int8 reports whether a kernel computes n on int8 tensors. nil: none does.
	int8 func(n *ir.Node) bool
	// fuses: emit honours emitter.act.
	fuses bool
}

var spellings = merge(convSpellings, poolSpellings, activationSpellings, arithSpellings, reduceSpellings,
	shapeSpellings, linalgSpellings, imageSpellings, normSpellings, quantSpellings, scatterSpellings, rangeSpellings)

func merge(families ...map[string]spelling) map[string]spelling {
	all := map[string]spelling{}
	for _, f := range families {
		maps.Copy(all, f)
	}
	return all
}

func always(*ir.Node) bool { return true }

// fusedActivation is the activation that n is, as far as operators can apply
// one to their result.
func fusedActivation(n *ir.Node) (fb.Activation, bool) {
	switch n.Op {
	case "Relu":
		return fb.ActRelu, true
	case "Clip":
		lo, hi, ok := clipLimits(n)
		switch {
		case !ok:
		case lo == 0 && hi == 6:
			return fb.ActRelu6, true
		case lo == -1 && hi == 1:
			return fb.ActReluN1To1, true
		case lo == 0 && hi >= maxFloat:
			return fb.ActRelu, true
		}
	}
	return fb.ActNone, false
}

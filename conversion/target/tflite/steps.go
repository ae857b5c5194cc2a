package tflite

import (
	"math"
	"slices"

	"slipway/conversion/ir"
)

// isStep reports whether s may stand as a scale of integers in a file: the runtime
// (LiteRT 2.3) refuses others than numbers above zero of full precision, or crashes over
// them.
func isStep(s float32) bool { return s >= 0x1p-126 && s <= math.MaxFloat32 }

func areSteps(scales []float32) bool {
	return !slices.ContainsFunc(scales, func(s float32) bool { return !isStep(s) })
}

// Limits of what kernels of integers compute.
const (
	coarsest  = 256     // steps of a result in one of its sums; XNNPACK refuses files with more
	largeBias = 3 << 29 // in steps of the sums, to which it is added in 32 bits
)

// farthest is the scale from which on kernels of integers give up: an addition ends the
// whole process when it divides another scale by it. Masks of the lowest number have such.
const farthest = 1e30

// holdsScales reports whether kernels compute with the scales of e's operands and results.
func (e *emitter) holdsScales() bool {
	holds := func(q *qparam) bool { return q == nil || q.scale < farthest }
	for _, v := range e.n.Inputs {
		if v == nil {
			continue
		}
		if s, ok := storedOf(v); ok && slices.ContainsFunc(s.scale, func(s float32) bool { return s >= farthest }) || !holds(e.held[v].quant) {
			return false
		}
	}
	return !slices.ContainsFunc(e.outs, func(v *ir.Value) bool { return v != nil && !holds(e.quantOut[v]) })
}

// holdsSums reports whether kernels compute e's product in integers: no step of its sums
// is too large for the result's, and its bias has a place among the sums.
func (e *emitter) holdsSums() bool {
	in, out := e.held[e.n.In(0)].quant, e.quantOut[e.outs[0]]
	if !isProduct(e.n.Op) || in == nil || out == nil {
		return true
	}
	var steps []float32
	if s, ok := storedOf(e.n.In(1)); ok {
		steps = s.scale
	} else if q := e.held[e.n.In(1)].quant; q != nil {
		steps = []float32{q.scale}
	}
	for _, s := range steps {
		if !(float64(in.scale)*float64(s)/float64(out.scale) < coarsest) {
			return false
		}
	}
	added := e.added
	if added == nil && e.n.Op != "MatMul" {
		added = e.n.In(2)
	}
	return len(steps) == 0 || biasFits(added, in.scale, steps)
}

// biasFits reports whether a bias is small enough in steps of in times those of the
// weights.
func biasFits(bias *ir.Value, in float32, steps []float32) bool {
	s, ok := storedOf(bias)
	if !ok {
		return true
	}
	for i, b := range s.float().Float32s() {
		if !(math.Abs(float64(b)/float64(in*steps[i%len(steps)])) < largeBias) {
			return false
		}
	}
	return true
}

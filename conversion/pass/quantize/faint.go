package quantize

import (
	"math"

	"slipway/conversion/ir"
)

const (
	// fewSteps of a prescribed scale hold nothing of a result.
	fewSteps = 16
	// louder is how many times the power of the rounding errors that of a Softmax
	// has to be.
	louder = 100
)

// faint reports whether the format prescribes a scale for what n gives that loses
// most of its measured results: it then stays in float. Without measurements
// nothing is faint.
//
// Rounding to steps of s adds s²/12 to the mean square of each result. Of a
// Softmax over many classes that are all unlikely little more than the largest is
// signal, but all are rounded.
func (p *Plan) faint(n *ir.Node) bool {
	f, prescribed := p.o.Profile.fixedOutputs[n.Op]
	s, measured := p.o.Stats[n.Out(0).Name]
	if !prescribed || !measured || !(s.Min <= s.Max) {
		return false
	}
	if math.Max(math.Abs(s.Min), math.Abs(s.Max)) < fewSteps*f.scale {
		return true
	}
	if n.Op != "Softmax" || n.Out(0).Rank() < 1 {
		return false
	}
	rank := n.Out(0).Rank()
	axis := (int(n.Int("axis", -1)) + rank) % rank
	classes, known := n.Out(0).Shape[axis].Int()
	return known && s.MeanMax*s.MeanMax < louder*float64(classes)*f.scale*f.scale/12
}

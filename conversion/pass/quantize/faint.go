package quantize

import (
	"math"

	"slipway/conversion/ir"
)

// fewSteps of a prescribed scale hold nothing of a result: a Softmax over a
// thousand classes that are all unlikely lies within the first of them.
const fewSteps = 16

// faint reports whether the format prescribes a scale for what n gives of which
// its measured results reach few steps. It then stays in float. Without
// measurements nothing is faint.
func (p *Plan) faint(n *ir.Node) bool {
	f, prescribed := p.o.Profile.fixedOutputs[n.Op]
	if !prescribed {
		return false
	}
	s, measured := p.o.Stats[n.Out(0).Name]
	return measured && s.Min <= s.Max && math.Max(math.Abs(s.Min), math.Abs(s.Max)) < fewSteps*f.scale
}

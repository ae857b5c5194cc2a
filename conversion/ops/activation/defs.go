package activation

import "slipway/conversion/op"

// Defs lists the family's operators.
var Defs = []*op.Def{
	reluDef,
	leakyReluDef,
	pReluDef,
	eluDef,
	celuDef,
	seluDef,
	sigmoidDef,
	hardSigmoidDef,
	hardSwishDef,
	tanhDef,
	softplusDef,
	softsignDef,
	shrinkDef,
	thresholdedReluDef,
	mishDef,
	clipDef,
	geluDef,
	swishDef,
	swiGLUDef,
	erfDef,
}

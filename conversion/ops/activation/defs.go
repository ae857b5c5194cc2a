package activation

import "slipway/conversion/op"

// Defs lists the family's operators.
var Defs = []*op.Def{
	reluDef,
	leakyReluDef,
	pReluDef,
	eluDef,
	seluDef,
	sigmoidDef,
	hardSigmoidDef,
	hardSwishDef,
	tanhDef,
	softplusDef,
	softsignDef,
	mishDef,
	clipDef,
	geluDef,
	swishDef,
	erfDef,
}

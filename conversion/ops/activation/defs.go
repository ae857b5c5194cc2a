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
	mishDef,
	clipDef,
	geluDef,
	swishDef,
	erfDef,
}

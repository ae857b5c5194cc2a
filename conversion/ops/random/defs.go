package random

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	bernoulliDef,
	multinomialDef,
	randomNormalDef,
	randomNormalLikeDef,
	randomUniformDef,
	randomUniformLikeDef,
}

const family = "random"

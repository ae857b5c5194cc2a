package norm

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	batchNormDef, instanceNormDef, layerNormDef, groupNormDef, rmsNormDef,
	lrnDef, meanVarianceDef, lpNormDef,
}

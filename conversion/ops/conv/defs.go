package conv

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{col2ImDef, convDef, convTransposeDef, deformConvDef}

package pool

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{maxPoolDef, averagePoolDef, lpPoolDef, globalAveragePoolDef, globalMaxPoolDef, globalLpPoolDef}

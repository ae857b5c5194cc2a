package pool

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{maxPoolDef, maxUnpoolDef, averagePoolDef, lpPoolDef, globalAveragePoolDef, globalMaxPoolDef, globalLpPoolDef}

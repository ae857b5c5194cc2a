package recurrent

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{gruDef, lstmDef, rnnDef}

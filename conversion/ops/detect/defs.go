package detect

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{maxRoiPoolDef, nonMaxSuppressionDef, roiAlignDef}

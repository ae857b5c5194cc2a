package image

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{affineGridDef, gridSampleDef, imageDecoderDef, resizeDef, upsampleDef}

package index

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	centerCropPadDef, compressDef, eyeLikeDef, reverseSequenceDef, scatterDef, scatterElementsDef, scatterNDDef,
	tensorScatterDef, uniqueDef,
}

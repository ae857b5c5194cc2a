package sequence

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	constructDef, emptyDef, atDef, insertDef, eraseDef, lengthDef,
	splitDef, concatDef, mapDef,
	optionalDef, getElementDef, hasElementDef,
}

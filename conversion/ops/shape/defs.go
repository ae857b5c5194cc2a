package shape

import "slipway/conversion/op"

// Defs lists the family's operators.
var Defs = []*op.Def{
	identityDef,
	dropoutDef,
	reshapeDef,
	flattenDef,
	transposeDef,
	squeezeDef,
	unsqueezeDef,
	concatDef,
	splitDef,
	sliceDef,
	gatherDef,
	gatherElementsDef,
	gatherNDDef,
	padDef,
	expandDef,
	tileDef,
	constantOfShapeDef,
	shapeDef,
	sizeDef,
	castDef,
	castLikeDef,
	rangeDef,
	depthToSpaceDef,
	spaceToDepthDef,
	oneHotDef,
	triluDef,
	cumSumDef,
	cumProdDef,
	bitCastDef,
	topKDef,
	nonZeroDef,
}

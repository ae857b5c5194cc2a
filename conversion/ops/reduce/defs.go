package reduce

import "slipway/conversion/op"

// Defs lists the family's operators.
var Defs = []*op.Def{
	reduceMeanDef,
	reduceSumDef,
	reduceMaxDef,
	reduceMinDef,
	reduceProdDef,
	reduceL1Def,
	reduceL2Def,
	reduceSumSquareDef,
	reduceLogSumDef,
	reduceLogSumExpDef,
	argMaxDef,
	argMinDef,
}

package signal

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	dftDef,
	stftDef,
	hannWindowDef,
	hammingWindowDef,
	blackmanWindowDef,
	melWeightMatrixDef,
}

const family = "signal"

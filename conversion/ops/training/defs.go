package training

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	adagradDef,
	adamDef,
	momentumDef,
}

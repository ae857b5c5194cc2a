package loss

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{negativeLogLikelihoodDef, softmaxCrossEntropyDef}

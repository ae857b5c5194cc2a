package text

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	stringConcatDef,
	stringSplitDef,
	stringNormalizerDef,
	regexFullMatchDef,
	tfIdfVectorizerDef,
}

const family = "text"

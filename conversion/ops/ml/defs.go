package ml

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	arrayFeatureExtractorDef,
	binarizerDef,
	labelEncoderDef,
	scalerDef,
	treeEnsembleDef,
}

const family, domain = "ml", "ai.onnx.ml."

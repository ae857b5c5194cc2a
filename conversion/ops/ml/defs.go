package ml

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	arrayFeatureExtractorDef,
	binarizerDef,
	categoryMapperDef,
	featureVectorizerDef,
	imputerDef,
	labelEncoderDef,
	linearClassifierDef,
	linearRegressorDef,
	normalizerDef,
	oneHotEncoderDef,
	scalerDef,
	svmClassifierDef,
	svmRegressorDef,
	treeEnsembleClassifierDef,
	treeEnsembleDef,
	treeEnsembleRegressorDef,
	zipMapDef,
}

const family, domain = "ml", "ai.onnx.ml."

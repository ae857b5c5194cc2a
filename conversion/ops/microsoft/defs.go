package microsoft

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{
	attentionDef, biasGeluDef, dynamicQuantizeMatMulDef, embedNormDef, fastGeluDef, fusedConvDef, fusedGemmDef, fusedMatMulDef, geluDef, groupQueryAttentionDef,
	matMulIntegerToFloatDef, matMulNBitsDef, multiHeadAttentionDef, qGemmDef, qLinearAddDef, qLinearAveragePoolDef, qLinearConcatDef,
	qLinearGlobalAveragePoolDef, qLinearLeakyReluDef, qLinearMulDef, qLinearSigmoidDef, qLinearSoftmaxDef, quickGeluDef, rotaryEmbeddingDef,
	simplifiedNormDef, skipNormDef, skipSimplifiedNormDef,
}

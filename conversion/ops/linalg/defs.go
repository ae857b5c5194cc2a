package linalg

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{gemmDef, matMulDef, einsumDef, softmaxDef, logSoftmaxDef, hardmaxDef, detDef}

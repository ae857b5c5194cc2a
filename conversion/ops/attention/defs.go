package attention

import "slipway/conversion/op"

// Defs are the operators of this family.
var Defs = []*op.Def{attentionDef, causalConvDef, flexAttentionDef, linearAttentionDef, rotaryEmbeddingDef}

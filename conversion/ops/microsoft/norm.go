package microsoft

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var simplifiedNormDef = fused(&op.Def{
	Name:    "SimplifiedLayerNormalization",
	Doc:     "RMSNormalization under the name that ONNX Runtime had for it.",
	Inputs:  op.In("X", "scale"),
	Outputs: op.Opt(op.In("Y"), "inv_std_var"),
	Attrs:   []op.Attr{integer("axis", -1), float("epsilon", 1e-5), integer("stash_type", 1)},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		if b.Patch.Needed(b.Out(1)) {
			return unsupported("output inv_std_var is read")
		}
		return build.One(b.Op("RMSNormalization", b.Attrs.Clone(), b.In(0), b.In(1)))
	}),
})

var skipNormDef = fused(&op.Def{
	Name:    "com.microsoft.SkipLayerNormalization",
	Doc:     "LayerNormalization of the sum of two inputs and a bias; the sum is another output.",
	Inputs:  op.Opt(op.In("input", "skip", "gamma"), "beta", "bias"),
	Outputs: op.Opt(op.In("output"), "mean", "inv_std_var", "input_skip_bias_sum"),
	Attrs:   []op.Attr{float("epsilon", 1e-12)},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		return b.skip("LayerNormalization", b.In(4), b.Float("epsilon", 1e-12), b.In(2), b.In(3))
	}),
})

var skipSimplifiedNormDef = fused(&op.Def{
	Name:    "com.microsoft.SkipSimplifiedLayerNormalization",
	Doc:     "RMSNormalization of the sum of two inputs and a bias; the sum is another output.",
	Inputs:  op.Opt(op.In("input", "skip", "gamma"), "bias"),
	Outputs: op.Opt(op.In("output"), "mean", "inv_std_var", "input_skip_bias_sum"),
	Attrs:   []op.Attr{float("epsilon", 1e-12)},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		return b.skip("RMSNormalization", b.In(3), b.Float("epsilon", 1e-12), b.In(2))
	}),
})

func (b builder) skip(norm string, bias *ir.Value, epsilon float64, scale ...*ir.Value) ([]*ir.Value, error) {
	for i := 1; i <= 2; i++ {
		if b.Patch.Needed(b.Out(i)) {
			return unsupported("output %d, for training, is read", i)
		}
	}
	sum := b.Add(b.In(0), b.In(1))
	if bias != nil {
		sum = b.Add(sum, bias)
	}
	in := []*ir.Value{sum}
	for _, v := range scale {
		if v != nil {
			in = append(in, v)
		}
	}
	y := b.Op(norm, ir.Attrs{"axis": int64(-1), "epsilon": epsilon}, in...)
	return []*ir.Value{y, nil, nil, sum}, nil
}

var embedNormDef = fused(&op.Def{
	Name: "com.microsoft.EmbedLayerNormalization",
	Doc:  "LayerNormalization of the sum of word, position and segment embeddings.",
	Inputs: []op.Param{
		{Name: "input_ids"},
		{Name: "segment_ids", Optional: true},
		{Name: "word_embedding"},
		{Name: "position_embedding"},
		{Name: "segment_embedding", Optional: true},
		{Name: "gamma"},
		{Name: "beta"},
		{Name: "mask", Optional: true},
		{Name: "position_ids", Optional: true},
	},
	Outputs: op.Opt(op.In("output"), "mask_index", "embedding_sum"),
	Attrs:   []op.Attr{float("epsilon", 1e-12), integer("mask_index_type", 0)},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		ids := b.In(0)
		if ids.Rank() != 2 {
			return unsupported("input_ids of rank %d", ids.Rank())
		}
		rows := ir.Attrs{"axis": int64(0)}
		at := b.In(8)
		if at == nil {
			at = b.Range(b.Size(ids, 1))
		}
		sum := b.Add(b.Op("Gather", rows, b.In(2), ids), b.Op("Gather", rows.Clone(), b.In(3), at))
		if segment := b.In(1); segment != nil && b.In(4) != nil {
			sum = b.Add(sum, b.Op("Gather", rows.Clone(), b.In(4), segment))
		}
		outs := []*ir.Value{b.Op("LayerNormalization", ir.Attrs{"axis": int64(-1), "epsilon": b.Float("epsilon", 1e-12)}, sum, b.In(5), b.In(6)), nil, sum}
		if b.Patch.Needed(b.Out(1)) {
			// The number of words: those where the mask is 1, or none without a mask.
			if mask := b.In(7); mask != nil {
				one := b.Cast(b.Op("Equal", nil, mask, b.Scalar(mask.DType, 1)), mask.DType)
				outs[1] = b.Op("ReduceSum", ir.Attrs{"keepdims": int64(0)}, one, b.Ints(1))
			} else {
				batch := b.Cast(b.Op("ReduceMax", ir.Attrs{"keepdims": int64(0)}, ids, b.Ints(1)), tensor.Int32)
				outs[1] = b.Mul(batch, b.Scalar(tensor.Int32, 0))
			}
		}
		return outs, nil
	}),
})

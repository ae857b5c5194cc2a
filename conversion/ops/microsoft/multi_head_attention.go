package microsoft

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var multiHeadAttentionDef = fused(&op.Def{
	Name: "com.microsoft.MultiHeadAttention",
	Doc:  "Attention on projected queries, keys and values, with a bias, a mask of padding and a cache.",
	Inputs: op.Opt(op.In("query"), "key", "value", "bias", "key_padding_mask", "attention_bias", "past_key", "past_value",
		"past_sequence_length", "cache_indirection"),
	Outputs: op.Opt(op.In("output"), "present_key", "present_value", "qk"),
	Attrs: []op.Attr{
		float("mask_filter_value", -10000.0),
		{Name: "num_heads", Kind: op.Int, Required: true},
		float("scale", nil),
		integer("unidirectional", 0),
	},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		q, k, v := b.In(0), b.In(1), b.In(2)
		if q.Rank() != 3 || k == nil || v == nil || k.Rank() != v.Rank() || k.Rank() != 3 && k.Rank() != 4 {
			return unsupported("packed queries, keys and values")
		}
		if b.In(8) != nil || b.In(9) != nil || b.Patch.Needed(b.Out(3)) {
			return unsupported("a shared cache or the output qk")
		}
		if bias := b.In(3); bias != nil {
			if k.Rank() == 4 {
				return unsupported("a bias beside a given cache of keys")
			}
			var err error
			if q, k, v, err = b.biased(q, k, v, bias); err != nil {
				return nil, err
			}
		}
		return b.attention(q, k, v, b.In(4), b.In(5), b.In(6), b.In(7))
	}),
})

// biased adds to queries, keys and values their parts of one list.
func (b builder) biased(q, k, v, bias *ir.Value) (x, y, z *ir.Value, err error) {
	in, at := []*ir.Value{q, k, v}, int64(0)
	for i, x := range in {
		n, ok := x.Shape[2].Int()
		if !ok {
			return nil, nil, nil, fmt.Errorf("an input %v beside a bias: %w", x.Shape, op.ErrNoDecomposition)
		}
		in[i] = b.Add(x, b.Slice(bias, 0, at, at+n))
		at += n
	}
	return in[0], in[1], in[2], nil
}

// attention is Attention of q, and of k and v with heads split off or not, with
// the attributes of the node.
func (b builder) attention(q, k, v, padding, bias, pastK, pastV *ir.Value) ([]*ir.Value, error) {
	heads := b.Int("num_heads", 0)
	if heads < 1 || heads > 1<<20 {
		return nil, fmt.Errorf("num_heads is %d", heads)
	}
	mask, err := b.padding(padding, q.DType, k)
	if err != nil {
		return nil, err
	}
	if bias != nil {
		if mask != nil {
			bias = b.Add(mask, bias)
		}
		mask = bias
	}
	attrs := ir.Attrs{"is_causal": b.Int("unidirectional", 0)}
	if s := b.Float("scale", 0); s != 0 {
		attrs["scale"] = s
	}
	split := k.Rank() == 4
	if split {
		q = b.Transpose(b.Reshape(q, 0, 0, heads, -1), 0, 2, 1, 3)
	} else {
		attrs["q_num_heads"], attrs["kv_num_heads"] = heads, heads
	}
	in := []*ir.Value{q, k, v, mask, pastK, pastV}
	for in[len(in)-1] == nil {
		in = in[:len(in)-1]
	}
	outs := 1
	if b.Patch.Needed(b.Out(1)) || b.Patch.Needed(b.Out(2)) {
		outs = 3
	}
	y := b.Outs("Attention", attrs, outs, in...)
	if split {
		y[0] = b.Reshape(b.Transpose(y[0], 0, 2, 1, 3), 0, 0, -1)
	}
	return y, nil
}

// padding turns a mask of keys into numbers to add to the scores, which
// broadcast to [batch, heads, query, key]: the filter value where a key does not
// count. A list holds the number of keys that do.
func (b builder) padding(mask *ir.Value, d tensor.DType, k *ir.Value) (*ir.Value, error) {
	if mask == nil {
		return nil, nil
	}
	if k.Shape == nil {
		_, err := unsupported("keys of unknown rank")
		return nil, err
	}
	var seen *ir.Value
	zero := func() *ir.Value { return b.Scalar(mask.DType, 0) }
	switch mask.Rank() {
	case 1:
		if !mask.Shape[0].Equal(k.Shape[0]) {
			_, err := unsupported("a mask %v for keys %v", mask.Shape, k.Shape)
			return nil, err
		}
		keys := b.Range(b.Size(k, k.Rank()-2))
		seen = b.Op("Less", nil, keys, b.Reshape(b.Cast(mask, tensor.Int64), -1, 1, 1, 1))
	case 2:
		seen = b.Unsqueeze(b.Op("Greater", nil, mask, zero()), 1, 2)
	case 3:
		seen = b.Unsqueeze(b.Op("Greater", nil, mask, zero()), 1)
	default:
		_, err := unsupported("a mask of rank %d", mask.Rank())
		return nil, err
	}
	return b.Op("Where", nil, seen, b.Scalar(d, 0), b.Scalar(d, b.Float("mask_filter_value", -10000))), nil
}

var attentionDef = fused(&op.Def{
	Name:    "com.microsoft.Attention",
	Doc:     "Attention with the projection of one input to queries, keys and values.",
	Inputs:  op.Opt(op.In("input", "weights"), "bias", "mask_index", "past", "attention_bias", "past_sequence_length"),
	Outputs: op.Opt(op.In("output"), "present"),
	Attrs: []op.Attr{
		integer("do_rotary", 0), float("mask_filter_value", -10000.0),
		{Name: "num_heads", Kind: op.Int, Required: true},
		integer("past_present_share_buffer", 0),
		{Name: "qkv_hidden_sizes", Kind: op.Ints},
		integer("rotary_embedding_dim", 0),
		float("scale", nil), integer("unidirectional", 0),
	},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		x, w := b.In(0), b.In(1)
		if x.Rank() != 3 || w.Rank() != 2 || b.Int("do_rotary", 0) != 0 || b.Int("past_present_share_buffer", 0) != 0 || b.In(6) != nil {
			return unsupported("rotary positions or a shared cache")
		}
		width, ok := w.Shape[1].Int()
		sizes := b.thirds("qkv_hidden_sizes", width)
		if !ok || sizes == nil || sizes[0]+sizes[1]+sizes[2] != width {
			return unsupported("weights %v", w.Shape)
		}
		y := b.MatMul(x, w)
		if bias := b.In(2); bias != nil {
			y = b.Add(y, bias)
		}
		k, v := b.Slice(y, 2, sizes[0], sizes[0]+sizes[1]), b.Slice(y, 2, sizes[0]+sizes[1], width)
		var pastK, pastV *ir.Value
		if past := b.In(4); past != nil {
			pastK, pastV = b.Squeeze(b.Slice(past, 0, 0, 1), 0), b.Squeeze(b.Slice(past, 0, 1, 2), 0)
		}
		outs, err := b.attention(b.Slice(y, 2, 0, sizes[0]), k, v, b.In(3), b.In(5), pastK, pastV)
		if err != nil || len(outs) < 3 {
			return outs, err
		}
		return []*ir.Value{outs[0], b.Concat(0, b.Unsqueeze(outs[1], 0), b.Unsqueeze(outs[2], 0))}, nil
	}),
})

// thirds is an attribute of three sizes; without it, equal parts of whole.
func (b builder) thirds(name string, whole int64) []int64 {
	if v := b.Node.Ints(name); len(v) == 3 {
		return v
	}
	if whole%3 != 0 {
		return nil
	}
	return []int64{whole / 3, whole / 3, whole / 3}
}

var rotaryEmbeddingDef = fused(&op.Def{
	Name:   "com.microsoft.RotaryEmbedding",
	Doc:    "RotaryEmbedding with positions as its second input, or the first position only.",
	Inputs: op.In("input", "position_ids", "cos_cache", "sin_cache"),
	Attrs: []op.Attr{
		integer("interleaved", 0), integer("is_packed_batching", 0), integer("num_heads", 0), integer("rotary_embedding_dim", 0),
		float("scale", 1.0),
	},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		x, at := b.In(0), b.In(1)
		if b.Int("is_packed_batching", 0) != 0 || b.Float("scale", 1) != 1 || x.Rank() != 3 && x.Rank() != 4 ||
			b.In(2).Rank() != 2 || at.Rank() < 1 {
			return unsupported("packed batches, a scale or inputs of unknown rank")
		}
		attrs := ir.Attrs{"interleaved": b.Int("interleaved", 0)}
		if n := b.Int("rotary_embedding_dim", 0); n != 0 {
			attrs["rotary_embedding_dim"] = n
		}
		if x.Rank() == 3 {
			heads := b.Int("num_heads", 0)
			if heads == 0 { // the cache tells the size of a head
				width, ok1 := x.Shape[2].Int()
				half, ok2 := b.In(2).Shape[1].Int()
				if !ok1 || !ok2 || half < 1 || width%(2*half) != 0 {
					return unsupported("an input %v without num_heads", x.Shape)
				}
				heads = width / (2 * half)
			}
			attrs["num_heads"] = heads
		}
		if at.Rank() == 1 {
			sequence := x.Rank() - 2
			at = b.Unsqueeze(b.Add(b.Range(b.Size(x, sequence)), at), 0)
			at = b.Op("Expand", nil, at, b.Concat(0, b.Size(x, 0), b.Ints(1)))
		}
		return build.One(b.Op("RotaryEmbedding", attrs, x, b.In(2), b.In(3), at))
	}),
})

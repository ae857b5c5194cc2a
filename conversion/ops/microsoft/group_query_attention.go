package microsoft

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var groupQueryAttentionDef = fused(&op.Def{
	Name: "com.microsoft.GroupQueryAttention",
	Doc:  "Causal attention with shared keys, a cache filled to a length of its own for each sample, and rotary positions.",
	Inputs: []op.Param{
		{Name: "query"},
		{Name: "key", Optional: true},
		{Name: "value", Optional: true},
		{Name: "past_key", Optional: true},
		{Name: "past_value", Optional: true},
		{Name: "seqlens_k"},
		{Name: "total_sequence_length"},
		{Name: "cos_cache", Optional: true},
		{Name: "sin_cache", Optional: true},
		{Name: "position_ids", Optional: true},
		{Name: "attention_bias", Optional: true},
		{Name: "head_sink", Optional: true},
		{Name: "k_scale", Optional: true},
		{Name: "v_scale", Optional: true},
		{Name: "q_norm_weight", Optional: true},
		{Name: "k_norm_weight", Optional: true},
	},
	Outputs: op.Opt(op.In("output"), "present_key", "present_value", "output_qk"),
	Attrs: []op.Attr{
		integer("causal", 1), integer("do_rotary", 0),
		{Name: "k_quant_type", Kind: op.Str, Default: "NONE"},
		integer("kv_cache_bit_width", 0),
		{Name: "kv_num_heads", Kind: op.Int, Required: true},
		integer("local_window_size", -1),
		{Name: "num_heads", Kind: op.Int, Required: true},
		float("qk_norm_epsilon", 1e-6), integer("qk_output", 0),
		integer("rotary_interleaved", 0), float("scale", nil), integer("sliding_window_cache", 0), integer("smooth_softmax", 0),
		float("softcap", 0.0),
		{Name: "v_quant_type", Kind: op.Str, Default: "NONE"},
	},
	Decompose: parts(decomposeGroupQuery),
})

func decomposeGroupQuery(b builder) ([]*ir.Value, error) {
	q, k, v := b.In(0), b.In(1), b.In(2)
	heads, shared := b.Int("num_heads", 0), b.Int("kv_num_heads", 0)
	if heads < 1 || shared < 1 || heads > 1<<20 || heads%shared != 0 {
		return nil, fmt.Errorf("%d heads do not share %d evenly", heads, shared)
	}
	for i := 11; i < 16; i++ {
		if b.In(i) != nil {
			return unsupported("input %d", i)
		}
	}
	if b.Str("k_quant_type", "NONE") != "NONE" || b.Str("v_quant_type", "NONE") != "NONE" || b.Int("sliding_window_cache", 0) != 0 ||
		b.Int("smooth_softmax", 0) > 0 || b.Patch.Needed(b.Out(3)) || q.Rank() != 3 {
		return unsupported("a quantized or windowed cache, a smoothed softmax or the scores as output")
	}
	if k == nil || v == nil {
		width, ok := q.Shape[2].Int()
		size := width / (heads + 2*shared)
		if !ok || width%(heads+2*shared) != 0 {
			return unsupported("packed queries %v", q.Shape)
		}
		x := q
		q = b.Slice(x, 2, 0, heads*size)
		k = b.Slice(x, 2, heads*size, (heads+shared)*size)
		v = b.Slice(x, 2, (heads+shared)*size, (heads+2*shared)*size)
	}
	if k.Rank() != 3 || v.Rank() != 3 {
		return unsupported("keys %v and values %v", k.Shape, v.Shape)
	}
	length := b.Size(q, 1)
	total := b.Reshape(b.Cast(b.In(6), tensor.Int64), 1)
	// Where the new keys go: to the start of an empty cache, else behind the old.
	ends := b.Cast(b.In(5), tensor.Int64)
	start := b.Sub(b.Add(b.Reshape(ends, -1), b.Ints(1)), length)
	start = b.Op("Where", nil, b.Op("Equal", nil, length, total), b.Ints(0), start)
	if b.Int("do_rotary", 0) != 0 {
		at := b.In(9)
		if at == nil {
			at = b.Add(b.Unsqueeze(start, 1), b.Range(length))
		}
		turn := func(x *ir.Value, n int64) *ir.Value {
			return b.Op("RotaryEmbedding", ir.Attrs{"num_heads": n, "interleaved": b.Int("rotary_interleaved", 0)}, x, b.In(7), b.In(8), at)
		}
		if b.In(7) == nil || b.In(8) == nil {
			return nil, fmt.Errorf("do_rotary without caches of cosines and sines")
		}
		q, k = turn(q, heads), turn(k, shared)
	}
	split := func(x *ir.Value, n int64) *ir.Value { return b.Transpose(b.Reshape(x, 0, 0, n, -1), 0, 2, 1, 3) }
	q, k, v = split(q, heads), split(k, shared), split(v, shared)
	k, v = b.cache(b.In(3), k, start, total, ends), b.cache(b.In(4), v, start, total, ends)
	mask, err := b.window(start, ends, length, k)
	if err != nil {
		return nil, err
	}
	if bias := b.In(10); bias != nil {
		if mask == nil {
			mask = bias
		} else {
			mask = b.Op("Where", nil, mask, bias, b.Scalar(q.DType, math.Inf(-1)))
		}
	}
	attrs := ir.Attrs{"softcap": b.Float("softcap", 0)}
	if s := b.Float("scale", 0); s != 0 {
		attrs["scale"] = s
	}
	in := []*ir.Value{q, k, v}
	if mask != nil {
		in = append(in, mask)
	}
	y := b.Op("Attention", attrs, in...)
	return []*ir.Value{b.Reshape(b.Transpose(y, 0, 2, 1, 3), 0, 0, -1), k, v}, nil
}

// cache writes new keys or values x, from start on, into what was cached,
// lengthened to total where it is shorter; behind each sample's end it is 0.
func (b builder) cache(past, x, start, total, ends *ir.Value) *ir.Value {
	if past == nil {
		return x
	}
	if d := past.Shape; len(d) == 4 && d[2].Is(0) {
		return x
	}
	have := b.Size(past, 2)
	more := b.Op("Max", nil, b.Sub(total, have), b.Ints(0))
	if a, ok := have.ConstInts(); ok {
		if t, ok := total.ConstInts(); ok {
			more = b.Ints(max(t[0]-a[0], 0))
		}
	}
	pads := b.Concat(0, b.Ints(0, 0, 0, 0, 0, 0), more, b.Ints(0))
	if v, ok := more.ConstInts(); ok {
		pads = b.Ints(0, 0, 0, 0, 0, 0, v[0], 0)
	}
	y := b.Op("TensorScatter", ir.Attrs{"axis": int64(2)}, b.Op("Pad", nil, past, pads), x, start)
	filled := b.Op("LessOrEqual", nil, b.Unsqueeze(b.Range(b.Size(y, 2)), 1), b.Reshape(ends, -1, 1, 1, 1))
	return b.Op("Where", nil, filled, y, b.Scalar(y.DType, 0))
}

// window is the mask [batch, 1, query, key] that holds where a key is not later
// than the query, nor beyond the sample's end, and not too long before it.
func (b builder) window(start, ends, length, k *ir.Value) (*ir.Value, error) {
	width := b.Int("local_window_size", -1)
	if b.Int("causal", 1) == 0 {
		_, err := unsupported("attention that is not causal")
		return nil, err
	}
	keys := b.Range(b.Size(k, 2))
	at := b.Add(b.Reshape(start, -1, 1, 1, 1), b.Unsqueeze(b.Range(length), 1))
	seen := b.Op("LessOrEqual", nil, keys, b.Op("Min", nil, at, b.Reshape(ends, -1, 1, 1, 1)))
	if width > 0 {
		seen = b.Op("And", nil, seen, b.Op("Greater", nil, keys, b.Sub(at, b.Ints(width))))
	}
	return seen, nil
}

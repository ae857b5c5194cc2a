package randomgraph

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var attention = map[string]generator{
	"Attention": attend, "RotaryEmbedding": rotate,
	"com.microsoft.MultiHeadAttention": func(d *drawer) *draft {
		b, heads, size, q, kv := d.between(1, 2), d.between(1, 2), oneOf(d, 2, 4), d.between(1, 4), d.between(1, 4)
		in := []*ir.Value{d.leaf(tensor.Float32, b, q, heads*size), d.leaf(tensor.Float32, b, kv, heads*size), d.leaf(tensor.Float32, b, kv, heads*size)}
		return &draft{in: in, attrs: merge(ir.Attrs{"num_heads": int64(heads)}, choiceFloat(d, "scale"))}
	},
	"com.microsoft.Attention": func(d *drawer) *draft {
		b, heads, size, q := d.between(1, 2), d.between(1, 2), oneOf(d, 2, 4), d.between(1, 4)
		n := heads * size
		in := []*ir.Value{d.leaf(tensor.Float32, b, q, n), d.leaf(tensor.Float32, n, 3*n), d.leaf(tensor.Float32, 3*n)}
		return &draft{in: in, attrs: merge(ir.Attrs{"num_heads": int64(heads)}, flags("unidirectional")(d))}
	},
	"com.microsoft.RotaryEmbedding": func(d *drawer) *draft {
		b, heads, size, n := d.between(1, 2), d.between(1, 2), oneOf(d, 2, 4), d.between(1, 4)
		in := []*ir.Value{
			d.leaf(tensor.Float32, b, heads, n, size), d.from(tensor.Int64, d.index(b*n, 8, false), b, n),
			d.leaf(tensor.Float32, 8, size/2), d.leaf(tensor.Float32, 8, size/2),
		}
		return &draft{in: in, attrs: flags("interleaved")(d)}
	},
}

func choiceFloat(d *drawer, name string) ir.Attrs {
	if d.chance(2) {
		return ir.Attrs{}
	}
	return ir.Attrs{name: oneOf(d, 0.25, 0.5, 1.0)}
}

// attend draws attention over [batch, heads, length, size], with shared key and
// value heads, masks, causality and a soft cap.
func attend(d *drawer) *draft {
	b, kvHeads, group, size, q, kv := d.between(1, 2), d.between(1, 2), d.between(1, 2), oneOf(d, 2, 4), d.between(1, 4), d.between(1, 4)
	vSize := oneOf(d, size, 3)
	in := []*ir.Value{
		d.leaf(tensor.Float32, b, kvHeads*group, q, size), d.leaf(tensor.Float32, b, kvHeads, kv, size), d.leaf(tensor.Float32, b, kvHeads, kv, vSize),
	}
	attrs := choiceFloat(d, "scale")
	switch d.IntN(4) {
	case 0:
		in = append(in, d.leaf(tensor.Float32, q, kv))
	case 1:
		in = append(in, d.leaf(tensor.Float32, b, 1, q, kv))
	case 2:
		attrs["is_causal"] = int64(1)
	}
	if d.chance(4) {
		attrs["softcap"] = 2.0
	}
	return &draft{in: in, attrs: attrs}
}

func rotate(d *drawer) *draft {
	b, heads, size, n := d.between(1, 2), d.between(1, 2), oneOf(d, 2, 4), d.between(1, 4)
	in := []*ir.Value{d.leaf(tensor.Float32, b, heads, n, size)}
	if d.chance(2) {
		in = append(in, d.leaf(tensor.Float32, 8, size/2), d.leaf(tensor.Float32, 8, size/2), d.from(tensor.Int64, d.index(b*n, 8, false), b, n))
	} else {
		in = append(in, d.leaf(tensor.Float32, b, n, size/2), d.leaf(tensor.Float32, b, n, size/2))
	}
	return &draft{in: in, attrs: flags("interleaved")(d)}
}

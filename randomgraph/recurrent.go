package randomgraph

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var recurrent = map[string]generator{
	"RNN":  recur(1, 1, 1),
	"GRU":  recur(3, 1, 1),
	"LSTM": recur(4, 2, 3),
}

// recur draws a recurrent node: gates of weights for each direction, states to
// begin with, and up to outs results.
func recur(gates, states, outs int) generator {
	return func(d *drawer) *draft {
		x := d.pick(f32, notEmpty(3, 3), func() []int { return []int{d.between(1, 4), d.between(1, 3), d.between(1, 4)} })
		s := d.value(x).Shape()
		length, batch, size := s[0], s[1], s[2]
		hidden, dirs := d.between(1, 4), 1
		attrs := ir.Attrs{"hidden_size": int64(hidden)}
		if d.chance(2) {
			dir := oneOf(d, "forward", "reverse", "bidirectional")
			if attrs["direction"] = dir; dir == "bidirectional" {
				dirs = 2
			}
		}
		if gates == 3 && d.chance(2) {
			attrs["linear_before_reset"] = d.flag()
		}
		if d.chance(6) {
			attrs["clip"] = 0.5
		}
		in := []*ir.Value{x, d.leaf(tensor.Float32, dirs, gates*hidden, size), d.leaf(tensor.Float32, dirs, gates*hidden, hidden)}
		add := func(v *ir.Value) { in = append(in, v) }
		if d.chance(2) {
			add(d.leaf(tensor.Float32, dirs, 2*gates*hidden))
		} else {
			add(nil)
		}
		if d.chance(4) {
			v := make([]float64, batch)
			for i := range v {
				v[i] = float64(d.between(1, length))
			}
			add(d.from(tensor.Int32, v, batch))
		} else {
			add(nil)
		}
		if d.chance(2) {
			for range states {
				add(d.leaf(tensor.Float32, dirs, batch, hidden))
			}
		}
		if gates == 4 && len(in) == 7 && d.chance(4) {
			add(d.leaf(tensor.Float32, dirs, 3*hidden))
		}
		return &draft{in: in, attrs: attrs, outs: d.between(1, min(outs, 3))}
	}
}

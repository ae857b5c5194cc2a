package randomgraph

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var signals = map[string]generator{
	"BlackmanWindow": signalWindow, "HammingWindow": signalWindow, "HannWindow": signalWindow,
	"DFT": dft, "STFT": stft, "Det": det,
	"MelWeightMatrix": func(d *drawer) *draft {
		whole := func(v int) *ir.Value { return d.param([]int64{int64(v)}) }
		return &draft{in: []*ir.Value{whole(d.between(2, 8)), whole(oneOf(d, 8, 16, 32)), whole(8192), d.scalar(tensor.Float32, 0), d.scalar(tensor.Float32, 4096)}}
	},
}

func signalWindow(d *drawer) *draft {
	return &draft{in: []*ir.Value{d.param([]int64{int64(d.between(2, 16))})}, attrs: flags("periodic")(d)}
}

// dft draws transforms of real and of complex signals [batch, length, 1 or 2].
func dft(d *drawer) *draft {
	parts := d.between(1, 2)
	x := d.pick(f32, func(t *tensor.Tensor) bool { return t.Rank() == 3 && t.Len() > 0 && t.Shape()[2] == parts },
		func() []int { return []int{d.between(1, 2), d.between(1, 8), parts} })
	attrs := ir.Attrs{}
	switch d.IntN(3) {
	case 0:
		if parts == 2 {
			attrs["inverse"] = int64(1)
		}
	case 1:
		if parts == 1 {
			attrs["onesided"] = int64(1)
		}
	}
	in := []*ir.Value{x, nil, d.param([]int64{1})}
	if d.chance(3) {
		in[1] = d.param([]int64{int64(d.between(1, 8))})
	}
	return &draft{in: in, attrs: attrs}
}

func stft(d *drawer) *draft {
	length, frame := d.between(8, 16), oneOf(d, 4, 8)
	in := []*ir.Value{d.leaf(tensor.Float32, d.between(1, 2), length, 1), d.param([]int64{int64(d.between(1, 4))}), nil, d.param([]int64{int64(frame)})}
	if d.chance(2) {
		in[2] = d.leaf(tensor.Float32, frame)
	}
	return &draft{in: in, attrs: flags("onesided")(d)}
}

func det(d *drawer) *draft {
	n := d.between(1, 3)
	x := d.pick(f32, func(t *tensor.Tensor) bool {
		s := t.Shape()
		return t.Rank() >= 2 && t.Rank() <= 4 && t.Len() > 0 && s[len(s)-1] == s[len(s)-2] && s[len(s)-1] <= 4
	}, func() []int { return append(d.shape(0, 1), n, n) })
	return &draft{in: []*ir.Value{x}}
}

package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var windows = map[string]generator{
	"Conv":              convolve,
	"ConvTranspose":     transposed,
	"MaxPool":           pool("storage_order"),
	"AveragePool":       pool("count_include_pad"),
	"LpPool":            pool("p"),
	"GlobalAveragePool": global,
	"GlobalMaxPool":     global,
	"GlobalLpPool":      global,
}

// halves are the floating types that convolutions have kernels for.
var halves = slices.Concat(repeat(15, tensor.Float32), []tensor.DType{tensor.Float64})

// picture picks x[N,C,spatial…] of 1 to 3 spatial axes.
func (d *drawer) picture(types []tensor.DType) *ir.Value {
	return d.pick(types, notEmpty(3, 5), func() []int {
		switch d.IntN(6) {
		case 0:
			return []int{d.between(1, 2), d.between(1, 6), d.between(3, 12)}
		case 1:
			return []int{1, d.between(1, 3), d.between(2, 4), d.between(2, 4), d.between(2, 4)}
		}
		return []int{d.between(1, 2), d.between(1, 4), d.between(2, 7), d.between(2, 7)}
	})
}

// window draws kernel, strides, dilations and pads that fit the sizes: no
// window lies in the padding alone, as the runtimes disagree about those.
func (d *drawer) window(sizes []int, dilated bool) (kernel []int, attrs ir.Attrs) {
	attrs = ir.Attrs{}
	n := len(sizes)
	kernel = make([]int, n)
	strides, dilations, pads := make([]int64, n), make([]int64, n), make([]int64, 2*n)
	for i, s := range sizes {
		kernel[i] = d.between(1, min(3, s))
		strides[i], dilations[i] = int64(oneOf(d, 1, 1, 2, 3)), 1
		if dilated && d.chance(3) {
			dilations[i] = 2
		}
		if extent := (kernel[i]-1)*int(dilations[i]) + 1; extent > s {
			dilations[i] = 1
		}
		extent := (kernel[i]-1)*int(dilations[i]) + 1
		pads[i], pads[n+i] = int64(d.IntN(extent)), int64(d.IntN(extent))
	}
	if !d.chance(3) {
		attrs["strides"] = strides
	}
	if dilated && d.chance(2) {
		attrs["dilations"] = dilations
	} else if slices.Max(dilations) > 1 {
		attrs["dilations"] = dilations
	}
	switch d.IntN(8) {
	case 0, 1:
	case 2:
		if attrs["dilations"] == nil {
			attrs["auto_pad"] = oneOf(d, "SAME_UPPER", "SAME_LOWER", "VALID")
			// Windows further apart than they are wide leave SAME nothing to pad; the
			// runtimes differ in whether they cut something off then.
			for i := range kernel {
				strides[i] = min(strides[i], int64(kernel[i]))
			}
		}
	default:
		attrs["pads"] = pads
	}
	return kernel, attrs
}

func wide(v []int) []int64 {
	out := make([]int64, len(v))
	for i, n := range v {
		out[i] = int64(n)
	}
	return out
}

func convolve(d *drawer) *draft {
	x := d.picture(halves)
	s := d.value(x).Shape()
	kernel, attrs := d.window(s[2:], true)
	group := 1
	if c := s[1]; d.chance(3) {
		group = oneOf(d, divisors(c)...)
	}
	out := group * d.between(1, 3)
	if group > 1 || d.chance(3) {
		attrs["group"] = int64(group)
	}
	if d.chance(2) {
		attrs["kernel_shape"] = wide(kernel)
	}
	in := []*ir.Value{x, d.leaf(x.DType, append([]int{out, s[1] / group}, kernel...)...)}
	if d.chance(2) {
		in = append(in, d.leaf(x.DType, out))
	}
	return &draft{in: in, attrs: attrs}
}

func divisors(n int) []int {
	var out []int
	for k := 1; k <= n; k++ {
		if n%k == 0 {
			out = append(out, k)
		}
	}
	return out
}

func transposed(d *drawer) *draft {
	x := d.picture(f32)
	s := d.value(x).Shape()
	n := len(s) - 2
	kernel := make([]int, n)
	attrs := ir.Attrs{}
	strides, dilations, pads, extra := make([]int64, n), make([]int64, n), make([]int64, 2*n), make([]int64, n)
	for i := range kernel {
		kernel[i] = d.between(1, 3)
		strides[i], dilations[i] = int64(oneOf(d, 1, 2, 2, 3)), int64(oneOf(d, 1, 1, 2))
		extent := (int64(kernel[i])-1)*dilations[i] + 1
		room := (int64(s[2+i])-1)*strides[i] + extent
		pads[i] = d.Int64N(min(extent, room))
		pads[n+i] = d.Int64N(min(extent, room-pads[i]))
		extra[i] = d.Int64N(max(strides[i], dilations[i]))
	}
	attrs["strides"], attrs["dilations"] = strides, dilations
	if d.chance(2) {
		attrs["pads"] = pads
	}
	if d.chance(3) {
		attrs["output_padding"] = extra
	}
	group := 1
	if d.chance(3) {
		group = oneOf(d, divisors(s[1])...)
		attrs["group"] = int64(group)
	}
	m := d.between(1, 3)
	in := []*ir.Value{x, d.leaf(x.DType, append([]int{s[1], m}, kernel...)...)}
	if d.chance(2) {
		in = append(in, d.leaf(x.DType, m*group))
	}
	return &draft{in: in, attrs: attrs}
}

// pool draws a pooling node with its own attribute now and then.
func pool(own string) generator {
	return func(d *drawer) *draft {
		x := d.picture(f32)
		kernel, attrs := d.window(d.value(x).Shape()[2:], own != "p")
		attrs["kernel_shape"] = wide(kernel)
		if d.chance(3) && attrs["auto_pad"] == nil && own != "p" {
			attrs["ceil_mode"] = int64(1)
		}
		f := &draft{in: []*ir.Value{x}, attrs: attrs}
		switch own {
		case "p":
			attrs["p"] = int64(d.between(1, 3))
		case "storage_order":
			if d.chance(3) {
				f.outs = 2
			}
		default:
			if d.chance(2) {
				attrs[own] = d.flag()
			}
		}
		return f
	}
}

func global(d *drawer) *draft { return &draft{in: []*ir.Value{d.picture(f32)}} }

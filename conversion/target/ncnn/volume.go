package ncnn

import (
	"slices"

	"slipway/conversion/ir"
)

// volume is a sliding window over depth, height and width.
type volume struct {
	in, out, kernel, stride, dilation, before, after [3]int
}

// volumeOf reads the window of n; kernel is the window's size.
func volumeOf(n *ir.Node, kernel []int) (v volume, why string) {
	x, y := full(n.In(0)), full(n.Out(0))
	if len(x) != 5 || len(kernel) != 3 {
		return v, "works on two or three spatial dimensions"
	}
	if x[0] != 1 && n.Op != "Conv" {
		return v, "of volumes has no batch"
	}
	at := func(name string, a, def int) int {
		if l := n.Ints(name); a < len(l) {
			return int(l[a])
		}
		return def
	}
	auto := n.Str("auto_pad", "NOTSET")
	for a := range 3 {
		v.in[a], v.out[a], v.kernel[a] = x[2+a], y[2+a], kernel[a]
		v.stride[a], v.dilation[a] = at("strides", a, 1), at("dilations", a, 1)
		v.before[a], v.after[a] = at("pads", a, 0), at("pads", a+3, 0)
		switch auto {
		case "SAME_UPPER", "SAME_LOWER":
			total := max(v.span(a)-v.in[a], 0)
			v.before[a] = total / 2
			if auto == "SAME_LOWER" {
				v.before[a] = total - total/2
			}
			v.after[a] = total - v.before[a]
		case "VALID":
			v.before[a], v.after[a] = 0, 0
		}
		if min(v.before[a], v.after[a]) < 0 {
			return v, "has no negative padding"
		}
	}
	return v, ""
}

// span is what all windows of axis a reach over.
func (v volume) span(a int) int {
	return (v.out[a]-1)*v.stride[a] + v.dilation[a]*(v.kernel[a]-1) + 1
}

// three are parameters of width, height and depth.
func three(w, h, d int, of [3]int) []param {
	return []param{num(w, of[2]), num(h, of[1]), num(d, of[0])}
}

// conv3 is Convolution3D, or ConvolutionDepthWise3D where there are groups.
func conv3(e *emitter, n *ir.Node) string {
	w, x := packed(n.In(1)), n.In(0)
	s := w.t.Shape()
	v, why := volumeOf(n, s[2:])
	if why != "" {
		return why
	}
	bias, why := biasOf(n.In(2), s[0])
	if why != "" {
		return why
	}
	d, each := full(x), v
	var in *blob
	if d[0] == 1 {
		in = e.as(x, d[1:]...)
	} else {
		v = v.stacked(d[0])
		in = e.reshape(e.stack(x, each.outermost()), []int{d[1], v.in[0], v.in[1], v.in[2]})
	}
	params := slices.Concat([]param{num(0, s[0]), num(5, flag(bias != nil)), num(6, count(s))},
		three(1, 11, 21, v.kernel), three(2, 12, 22, v.dilation), three(3, 13, 23, v.stride), three(4, 14, 24, v.before), three(15, 16, 17, v.after))
	typ := "Convolution3D"
	if group := int(n.Int("group", 1)); group > 1 {
		typ = "ConvolutionDepthWise3D"
		params = append(params, num(7, group))
	}
	act, out := e.fused(n)
	l := e.addN(typ, []*blob{in}, [][]int{{s[0], v.out[0], v.out[1], v.out[2]}}, append(params, act...)...)
	l.data = e.weights(w, nil, bias, false, s[0], 0)
	y := l.out[0]
	if d[0] > 1 {
		y = e.unstack(y, d[0], each.out[0])
	}
	e.set(out, y)
	return ""
}

// pool3 is Pooling3D, with explicit padding as pool has it.
func pool3(e *emitter, n *ir.Node, kernel []int) string {
	v, why := volumeOf(n, kernel)
	if why != "" {
		return why
	}
	typ, include := 0, n.Int("count_include_pad", 0) != 0
	if n.Op == "AveragePool" {
		typ = 1
	}
	for a := range 3 {
		more := v.span(a) - v.in[a] - v.before[a] - v.after[a]
		if more > 0 && include && typ == 1 {
			return "does not round up and count padding"
		}
		v.after[a] += max(more, 0)
	}
	c := full(n.In(0))[1]
	params := slices.Concat([]param{num(0, typ), num(5, 1), num(6, flag(include))},
		three(1, 11, 21, v.kernel), three(2, 12, 22, v.stride), three(3, 13, 23, v.before), three(14, 15, 16, v.after))
	e.set(n.Out(0), e.add("Pooling3D", []*blob{e.as(n.In(0), full(n.In(0))[1:]...)}, []int{c, v.out[0], v.out[1], v.out[2]}, params...))
	return ""
}

package ncnn

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var convOps = map[string]spelling{"Conv": conv, "ConvTranspose": deconv}

// plane is a sliding window over height and width; a single spatial axis is the
// width.
type plane struct {
	in, out, kernel, stride, dilation [2]int // height, width
	before, after                     [2]int // padding
}

// planeOf reads the window of n over x (batch, channels, spatial…). kernel is
// the window's size.
func planeOf(n *ir.Node, x, y *ir.Value, kernel []int) (p plane, why string) {
	dx, dy := full(x), full(y)
	k := len(dx) - 2
	if k != 1 && k != 2 || len(kernel) != k || len(dy) != k+2 {
		return p, fmt.Sprintf("works on two spatial dimensions, not %d", k)
	}
	if dx[0] != 1 && n.Op != "Conv" {
		return p, fmt.Sprintf("has no batch; here it is %d", dx[0])
	}
	p = plane{in: [2]int{1, 1}, out: [2]int{1, 1}, kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}}
	at := func(name string, a, def int) int {
		if v := n.Ints(name); a < len(v) {
			return int(v[a])
		}
		return def
	}
	for a := range k {
		d := 2 - k + a
		p.in[d], p.out[d], p.kernel[d] = dx[2+a], dy[2+a], kernel[a]
		p.stride[d], p.dilation[d] = at("strides", a, 1), at("dilations", a, 1)
		p.before[d], p.after[d] = at("pads", a, 0), at("pads", a+k, 0)
		if auto := n.Str("auto_pad", "NOTSET"); auto == "SAME_UPPER" || auto == "SAME_LOWER" {
			total := max((p.out[d]-1)*p.stride[d]+p.dilation[d]*(p.kernel[d]-1)+1-p.in[d], 0)
			p.before[d] = total / 2
			if auto == "SAME_LOWER" {
				p.before[d] = total - total/2
			}
			p.after[d] = total - p.before[d]
		} else if auto == "VALID" {
			p.before[d], p.after[d] = 0, 0
		}
		if p.before[d] < 0 || p.after[d] < 0 {
			return p, "has no negative padding"
		}
	}
	return p, ""
}

// conv is Convolution, or ConvolutionDepthWise where there are groups.
func conv(e *emitter, n *ir.Node) string {
	w, x := packed(n.In(1)), n.In(0)
	s := full(n.In(1))
	if w == nil {
		return e.convComputed(n, s)
	}
	if len(s) == 5 {
		return conv3(e, n)
	}
	if len(s) != 3 && len(s) != 4 {
		return fmt.Sprintf("has weights of rank 3 to 5, not %d", len(s))
	}
	p, why := planeOf(n, x, n.Out(0), s[2:])
	if why != "" {
		return why
	}
	bias, why := biasOf(n.In(2), s[0])
	if why != "" {
		return why
	}
	group := int(n.Int("group", 1))
	quantized := w.scales != nil && (w.axis == 0 || len(w.scales) == 1) && step(x) > 0 && (group == 1 || group == s[0])
	batch, images := full(x)[0], p
	if batch > 1 {
		p = p.stacked(batch)
	}
	params := append(p.params(s[0]), num(5, flag(bias != nil)), num(6, count(s)))
	typ, term := "Convolution", 2
	if group > 1 {
		typ, term = "ConvolutionDepthWise", 1
		params = append(params, num(7, group))
	}
	if quantized {
		params = append(params, num(8, term))
	}
	act, out := e.fused(n)
	var in *blob
	if batch > 1 {
		in = e.reshape(e.stack(x, images.outermost()), []int{full(x)[1], p.in[0], p.in[1]})
	} else {
		in = e.as(x, full(x)[1], p.in[0], p.in[1])
	}
	l := e.addN(typ, []*blob{in}, [][]int{{s[0], p.out[0], p.out[1]}}, append(params, act...)...)
	l.data = e.weights(w, nil, bias, quantized, s[0], step(x))
	y := l.out[0]
	if batch > 1 {
		y = e.unstack(y, batch, images.out[0])
	}
	e.set(out, y)
	return ""
}

// weights are the pieces of a product's layer: weights, bias and, where it
// computes in 8 bits, the scales of weights and input.
func (e *emitter) weights(w *constant, o order, bias *constant, quantized bool, channels int, input float32) []chunk {
	first := w.weights(o, 1)
	if quantized {
		first = w.integers(o)
	}
	d := []chunk{first}
	if bias != nil {
		d = append(d, raw(func() []float32 { return spread(bias.floats(), channels) }))
	}
	if quantized {
		d = append(d, rawOf(w.inverse(channels)), rawOf([]float32{1 / input}))
	}
	return d
}

func spread(v []float32, n int) []float32 {
	if len(v) == n {
		return v
	}
	return slices.Repeat(v, n)
}

// biasOf is a bias of one element, or one for each of n channels.
func biasOf(v *ir.Value, n int) (*constant, string) {
	if v == nil {
		return nil, ""
	}
	c := packed(v)
	if c == nil || c.t.Len() != n && c.t.Len() != 1 {
		return nil, "needs a constant bias for each channel"
	}
	return c, ""
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// params are the parameters that convolutions share.
func (p plane) params(outputs int) []param {
	return []param{
		num(0, outputs), num(1, p.kernel[1]), num(11, p.kernel[0]), num(2, p.dilation[1]), num(12, p.dilation[0]), num(3, p.stride[1]), num(13, p.stride[0]),
		num(4, p.before[1]), num(14, p.before[0]), num(15, p.after[1]), num(16, p.after[0]),
	}
}

// deconv is Deconvolution; its weights lie output channels first.
func deconv(e *emitter, n *ir.Node) string {
	w, x := packed(n.In(1)), n.In(0)
	if w == nil {
		return "needs constant weights"
	}
	if n.Str("auto_pad", "NOTSET") != "NOTSET" || n.Ints("output_shape") != nil {
		return "needs explicit padding"
	}
	s := w.t.Shape()
	if len(s) != 3 && len(s) != 4 {
		return fmt.Sprintf("has weights of rank 3 and 4, not %d", len(s))
	}
	p, why := planeOf(n, x, n.Out(0), s[2:])
	if why != "" {
		return why
	}
	group := int(n.Int("group", 1))
	outs := s[1] * group
	bias, why := biasOf(n.In(2), outs)
	if why != "" {
		return why
	}
	params := append(p.params(outs), num(5, flag(bias != nil)), num(6, count(s)))
	extra := [2]int{}
	if o := n.Ints("output_padding"); len(o) > 0 {
		extra[1] = int(o[len(o)-1])
		if len(o) > 1 {
			extra[0] = int(o[0])
		}
	}
	params = append(params, num(18, extra[1]), num(19, extra[0]))
	typ := "Deconvolution"
	if group > 1 {
		typ = "DeconvolutionDepthWise"
		params = append(params, num(7, group))
	}
	act, out := e.fused(n)
	in := e.as(x, full(x)[1], p.in[0], p.in[1])
	l := e.addN(typ, []*blob{in}, [][]int{{outs, p.out[0], p.out[1]}}, append(params, act...)...)
	// [groups*I, O, k] becomes [groups, O, I, k].
	k, ins := p.kernel[0]*p.kernel[1], s[0]/group
	l.data = e.weights(w, func(t *tensor.Tensor) (*tensor.Tensor, error) {
		t, err := t.Reshape(group, ins, s[1], k)
		if err != nil {
			return nil, err
		}
		return t.Transposed(0, 2, 1, 3)
	}, bias, false, outs, 0)
	e.set(out, l.out[0])
	return ""
}

package openvino

import (
	"math"
	"slices"

	"slipway/conversion/ir"
)

var convOps = map[string]spelling{
	"Conv":          {legalConv, emitConv},
	"ConvTranspose": {legalConvTranspose, emitConvTranspose},
}

func legalConv(n *ir.Node) string {
	if r := rank(n, 1); r < 3 || r > 5 {
		return "Conv needs weights of rank 3 to 5"
	}
	if g := n.Int("group", 1); g > 1 {
		d, ok := n.In(1).Shape[0].Int()
		if !ok || d%g != 0 {
			return "Conv in groups needs a fixed number of output channels that the groups divide"
		}
	}
	return ""
}

// window spells the attributes that convolutions and pools share; spatial is the
// number of axes that the window moves along.
func window(n *ir.Node, spatial int, dilations bool) []attr {
	pads := orDefault(n.Ints("pads"), 2*spatial, 0)
	auto := "explicit"
	switch n.Str("auto_pad", "NOTSET") {
	case "SAME_UPPER":
		auto = "same_upper"
	case "SAME_LOWER":
		auto = "same_lower"
	case "VALID":
		auto = "valid"
	}
	a := []attr{
		{"strides", ints(orDefault(n.Ints("strides"), spatial, 1))},
		{"pads_begin", ints(pads[:spatial])},
		{"pads_end", ints(pads[spatial:])},
		{"auto_pad", auto},
	}
	if dilations {
		a = append(a, attr{"dilations", ints(orDefault(n.Ints("dilations"), spatial, 1))})
	}
	return a
}

func emitConv(e *emitter, n *ir.Node) {
	spatial := rank(n, 1) - 2
	data := window(n, spatial, true)
	x, out := e.in(0), n.Out(0)
	if stepsOverPads(n, spatial) {
		x, data = e.stepped(x, n, spatial), window(&ir.Node{}, spatial, true)
	}
	var p port
	if g := int(n.Int("group", 1)); g > 1 {
		p = e.op("GroupConvolution", "opset1", out.DType, out.Shape, data, x, e.weights(n.In(1), g))
	} else {
		p = e.op("Convolution", "opset1", out.DType, out.Shape, data, x, e.weights(n.In(1), 1))
	}
	e.finish(e.bias(p, n.In(2), spatial+2))
}

// stepsOverPads reports whether n takes single points of padded data, some left out:
// the CPU plugin (2026.4) leaves them out before elementwise layers in front of such a
// convolution, where there is no padding yet.
func stepsOverPads(n *ir.Node, spatial int) bool {
	some := func(list []int64, over int64) bool {
		return slices.ContainsFunc(list, func(x int64) bool { return x > over })
	}
	kernel, known := n.In(1).Shape[2:].Ints()
	return known && !slices.ContainsFunc(kernel, func(k int) bool { return k != 1 }) && n.Str("auto_pad", "NOTSET") == "NOTSET" &&
		some(n.Ints("strides"), 1) && some(n.Ints("pads"), 0)
}

// stepped is x with n's padding around it, every so many points as n's strides say.
func (e *emitter) stepped(x port, n *ir.Node, spatial int) port {
	around := func(pads []int64) port { return e.ints(append([]int64{0, 0}, pads...)...) }
	pads := n.Ints("pads")
	p := e.op("Pad", "opset1", x.dtype(), nil, []attr{{"pad_mode", "constant"}}, x, around(pads[:spatial]), around(pads[spatial:]), e.scalar(x.dtype(), 0))
	from, to := make([]int64, spatial), slices.Repeat([]int64{math.MaxInt64}, spatial)
	return e.op("Slice", "opset8", x.dtype(), nil, nil, p, e.ints(from...), e.ints(to...), e.ints(n.Ints("strides")...), e.ints(axesFrom(2, spatial+2)...))
}

// bias adds a value of C elements along axis 1; nil adds nothing.
func (e *emitter) bias(p port, b *ir.Value, rank int) port {
	if b == nil {
		return p
	}
	return e.op("Add", "opset1", p.dtype(), p.shape(), numpy, p, e.perChannel(b, rank))
}

func legalConvTranspose(n *ir.Node) string {
	if r := rank(n, 1); r < 3 || r > 5 {
		return "ConvTranspose needs weights of rank 3 to 5"
	}
	if n.Int("group", 1) > 1 && !n.In(1).Shape.IsStatic() {
		return "ConvTranspose in groups needs weights of fixed shape"
	}
	if n.Ints("output_shape") != nil && !n.In(0).Shape.IsStatic() {
		return "ConvTranspose with output_shape needs an input of fixed shape"
	}
	return ""
}

// emitConvTranspose follows ONNX ConvTranspose: where output_shape is given, the
// padding is total = stride*(in-1) + output_padding + dilation*(k-1)+1 - out,
// split by auto_pad.
func emitConvTranspose(e *emitter, n *ir.Node) {
	spatial := rank(n, 1) - 2
	data := window(n, spatial, true)
	extra := orDefault(n.Ints("output_padding"), spatial, 0)
	if want := n.Ints("output_shape"); want != nil {
		in, _ := n.In(0).Shape.Ints()
		k, _ := n.In(1).Shape.Ints()
		strides, dil := orDefault(n.Ints("strides"), spatial, 1), orDefault(n.Ints("dilations"), spatial, 1)
		want = want[len(want)-spatial:]
		begin, end := make([]int64, spatial), make([]int64, spatial)
		extra = slices.Clone(extra)
		for i := range spatial {
			total := strides[i]*int64(in[i+2]-1) + extra[i] + dil[i]*int64(k[i+2]-1) + 1 - want[i]
			if total < 0 {
				extra[i] -= total
				total = 0
			}
			begin[i], end[i] = total/2, total-total/2
			if n.Str("auto_pad", "NOTSET") != "SAME_UPPER" {
				begin[i], end[i] = end[i], begin[i]
			}
		}
		data[1].value, data[2].value, data[3].value = ints(begin), ints(end), "explicit"
	}
	data = append(data, attr{"output_padding", ints(extra)})
	out := n.Out(0)
	var p port
	if g := int(n.Int("group", 1)); g > 1 {
		p = e.op("GroupConvolutionBackpropData", "opset1", out.DType, out.Shape, data, e.in(0), e.weights(n.In(1), g))
	} else {
		p = e.op("ConvolutionBackpropData", "opset1", out.DType, out.Shape, data, e.in(0), e.weights(n.In(1), 1))
	}
	e.finish(e.bias(p, n.In(2), spatial+2))
}

package coreml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var convOps = map[string]spelling{
	"Conv":          {all(floats, ranks(3, 5), undilated), emitConv},
	"ConvTranspose": {all(floats, ranks(3, 5), needFixed(1)), emitConvTranspose},
}

// window is what convolutions and pools share, with all numbers known.
type window struct {
	kernel, strides, dilations []int
	begin, end                 []int
}

// windowOf reads the window of n, whose kernel is given; in are the spatial sizes
// of the input, out those of the output. Paddings that auto_pad leaves open are
// worked out, and the last one grows until every output has its window: that is
// what ceil_mode means.
func windowOf(n *ir.Node, kernel, in, out []int) window {
	r := len(kernel)
	w := window{
		kernel: kernel, strides: list64(orDefault(n.Ints("strides"), r, 1)), dilations: list64(orDefault(n.Ints("dilations"), r, 1)),
		begin: make([]int, r), end: make([]int, r),
	}
	pads := orDefault(n.Ints("pads"), 2*r, 0)
	for i := range r {
		w.begin[i], w.end[i] = int(pads[i]), int(pads[i+r])
		if in[i] < 0 || out[i] < 0 {
			if n.Str("auto_pad", "NOTSET") == "VALID" {
				w.begin[i], w.end[i] = 0, 0
			}
			continue // windows that are cut off at the end stay so
		}
		need := (out[i]-1)*w.strides[i] + w.dilations[i]*(kernel[i]-1) + 1 - in[i]
		switch n.Str("auto_pad", "NOTSET") {
		case "SAME_UPPER":
			need = max(need, 0)
			w.begin[i], w.end[i] = need/2, need-need/2
		case "SAME_LOWER":
			need = max(need, 0)
			w.begin[i], w.end[i] = need-need/2, need/2
		case "VALID":
			w.begin[i], w.end[i] = 0, 0
		default:
			w.end[i] = max(w.end[i], need-w.begin[i])
		}
	}
	return w
}

// pad lists begin and end of each axis.
func (w window) pad() []int {
	var out []int
	for i := range w.begin {
		out = append(out, w.begin[i], w.end[i])
	}
	return out
}

// undilated is a condition: weights that are computed have no dilation.
func undilated(n *ir.Node) string {
	if !fixed(n.In(1)) && slices.ContainsFunc(n.Ints("dilations"), func(d int64) bool { return d != 1 }) {
		return "Conv by computed weights has no dilation"
	}
	return ""
}

func emitConv(e *emitter, n *ir.Node) {
	x, weight, out := e.in(0), e.in(1), shapeOf(n.Out(0))
	if e.err != nil {
		return
	}
	w := windowOf(n, weight.shape[2:], x.shape[2:], out[2:])
	args := []arg{in("x", x), in("weight", weight)}
	bias := e.bias(n.In(2))
	if bias != nil {
		args = append(args, lit("bias", bias))
	}
	args = append(args, ints("strides", w.strides...), word("pad_type", "custom"), ints("pad", w.pad()...),
		ints("dilations", w.dilations...), num("groups", int(n.Int("group", 1))))
	if n.In(2) == nil || bias != nil {
		e.final("conv", args...)
		return
	}
	p := e.op("conv", x.dtype, out, args...)
	e.final("add", in("x", p), in("y", e.channels(e.in(2), len(out))))
}

// bias is a bias as the argument that convolutions take; nil where it is omitted
// or not constant.
func (e *emitter) bias(v *ir.Value) *tensor.Tensor {
	if v == nil {
		return nil
	}
	t := e.constantOf(v)
	if t == nil {
		return nil
	}
	return e.hold(t)
}

// channels lays a vector along axis 1.
func (e *emitter) channels(p val, rank int) val {
	shape := make([]int, rank)
	for i := range shape {
		shape[i] = 1
	}
	if len(p.shape) == 1 && rank > 1 {
		shape[1] = p.shape[0]
	}
	return e.reshape(p, shape)
}

// emitConvTranspose crops the full result by the paddings less output_padding;
// where that is negative, rows of zeros are appended, before the bias. Where
// output_shape is given, the padding is stride*(in-1) + output_padding +
// dilation*(k-1)+1 - out, split by auto_pad, as in ONNX.
func emitConvTranspose(e *emitter, n *ir.Node) {
	x, weight, out := e.in(0), e.in(1), shapeOf(n.Out(0))
	if e.err != nil {
		return
	}
	r := len(out) - 2
	strides, dilations := list64(orDefault(n.Ints("strides"), r, 1)), list64(orDefault(n.Ints("dilations"), r, 1))
	pads := list64(orDefault(n.Ints("pads"), 2*r, 0))
	pad, more, short := make([]int, 2*r), make([]int, 2*len(out)), slices.Clone(out)
	negative := false
	for i := range r {
		full := strides[i]*(x.shape[i+2]-1) + dilations[i]*(weight.shape[i+2]-1) + 1
		total := full - out[i+2] // what has to go
		begin := pads[i]
		if auto := n.Str("auto_pad", "NOTSET"); n.Ints("output_shape") != nil || auto == "SAME_UPPER" || auto == "SAME_LOWER" {
			t := max(total, 0)
			if begin = t - t/2; auto == "SAME_UPPER" {
				begin = t / 2
			}
		} else if auto == "VALID" {
			begin = 0
		}
		pad[2*i], pad[2*i+1] = begin, total-begin
		if pad[2*i+1] < 0 {
			negative = true
			more[2*(i+2)+1] = -pad[2*i+1]
			short[i+2] += pad[2*i+1]
			pad[2*i+1] = 0
		}
	}
	args := []arg{in("x", x), in("weight", weight)}
	bias := e.bias(n.In(2))
	inside := bias != nil && !negative
	if inside {
		args = append(args, lit("bias", bias))
	}
	args = append(args, ints("pad", pad...), word("pad_type", "custom"), ints("strides", strides...),
		ints("dilations", dilations...), num("groups", int(n.Int("group", 1))))
	if n.In(2) == nil && !negative || inside {
		e.final("conv_transpose", args...)
		return
	}
	p := e.op("conv_transpose", x.dtype, short, args...)
	if negative {
		p = e.op("pad", x.dtype, out, in("x", p), ints("pad", more...), word("mode", "constant"), real("constant_val", x.dtype, 0))
	}
	if n.In(2) != nil {
		p = e.op("add", x.dtype, out, in("x", p), in("y", e.channels(e.in(2), len(out))))
	}
	e.finish(p)
}

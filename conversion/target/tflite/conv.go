package tflite

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var convSpellings = map[string]spelling{
	"Conv":          {legal: legalConv, emit: emitConv, int8: int8Conv, fuses: true},
	"ConvTranspose": {legal: legalConvTranspose, emit: emitConvTranspose, int8: int8ConvTranspose, fuses: true},
}

// window are the spatial settings of a convolution or pool over the last
// len(kernel) axes; the lists have two entries, a 1-D window being one row.
type window struct {
	kernel, stride, dilation [2]int
	before, after            [2]int
	lifted                   bool // 1-D: a row axis was added
	same                     bool // padded as SAME, whatever the size
}

// windowOf reads the attributes of n for the given kernel.
func windowOf(n *ir.Node, kernel []int) (window, string) {
	rank := len(kernel)
	if rank != 1 && rank != 2 {
		return window{}, fmt.Sprintf("%d spatial dimensions", rank)
	}
	auto := n.Str("auto_pad", "NOTSET")
	if auto == "SAME_LOWER" {
		return window{}, fmt.Sprintf("auto_pad %s on unknown spatial dimensions", auto)
	}
	w := window{same: auto == "SAME_UPPER", kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, lifted: rank == 1}
	off := 2 - rank
	strides, dilations, pads := n.Ints("strides"), n.Ints("dilations"), n.Ints("pads")
	for i := range kernel {
		w.kernel[off+i] = kernel[i]
		if i < len(strides) {
			w.stride[off+i] = int(strides[i])
		}
		if i < len(dilations) {
			w.dilation[off+i] = int(dilations[i])
		}
		if len(pads) == 2*rank {
			w.before[off+i], w.after[off+i] = int(pads[i]), int(pads[rank+i])
		}
	}
	for i := range w.before {
		if w.before[i] < 0 || w.after[i] < 0 {
			return window{}, "negative padding"
		}
	}
	return w, ""
}

// kernelOf is the spatial part of the weights' shape.
func kernelOf(n *ir.Node) ([]int, bool) {
	v := n.In(1)
	if v == nil || v.Rank() < 3 {
		return nil, false
	}
	return v.Shape[2:].Ints()
}

func legalConv(n *ir.Node) string {
	k, ok := kernelOf(n)
	if !ok || !n.In(1).Shape.IsStatic() {
		return "weights of unknown shape"
	}
	if len(k) == 3 {
		return legalConv3D(n)
	}
	if _, why := windowOf(n, k); why != "" {
		return why
	}
	return legalBias(n)
}

func legalBias(n *ir.Node) string {
	if b := n.In(2); b != nil {
		if _, ok := storedOf(b); !ok {
			return "a bias that is not constant"
		}
	}
	return ""
}

func int8Conv(n *ir.Node) bool {
	s, ok := storedOf(n.In(1))
	return ok && n.In(1).Rank() < 5 && s.symmetric() && (len(s.scale) == 1 || s.axis == 0)
}

// lastOrder is the order of the 4-D tensors that kernels work on.
var lastOrder = layout.Last(4)

// windowed is operand 0 as the kernels take it that slide w over it; why says where no
// kernel does.
func (e *emitter) windowed(w window, why string) (window, int, error) {
	if why != "" {
		return w, 0, fmt.Errorf("%s", why)
	}
	x, err := e.in(0)
	if err != nil {
		return w, 0, err
	}
	return w, e.rows(x, w.lifted), nil
}

// rows brings a bound operand to 4-D channels-last: a 1-D one gets a row axis.
func (e *emitter) rows(x int, lifted bool) int {
	if !lifted {
		return x
	}
	d := e.m.Tensors[x].Shape
	return e.reshape(x, []int32{d[0], 1, d[1], d[2]})
}

// finishRows sets output 0 from a 4-D channels-last result.
func (e *emitter) finishRows(y int, lifted bool) {
	if lifted {
		d := e.m.Tensors[y].Shape
		y = e.reshape(y, []int32{d[0], d[2], d[3]})
	}
	e.set(0, y, layout.Last(e.n.Out(0).Rank()))
}

// resultRows makes the 4-D channels-last tensor that finishRows expects.
func (e *emitter) resultRows(q *qparam) (int, error) {
	v := e.outs[0]
	d := dimsOf(v.Shape, layout.Last(v.Rank()))
	if len(d) == 3 {
		d = []int32{d[0], 1, d[1], d[2]}
	}
	return e.tensor("", v.DType, d, q)
}

func emitConv(e *emitter) error {
	n := e.n
	shape, _ := n.In(1).Shape.Ints()
	if len(shape) == 5 {
		return emitConv3D(e)
	}
	w, x, err := e.windowed(windowOf(n, shape[2:]))
	if err != nil {
		return err
	}
	group := int(n.Int("group", 1))
	out, perGroup := shape[0], shape[1]
	depthwise := group > 1 && perGroup == 1
	view := []int{out, perGroup, w.kernel[0], w.kernel[1]}
	order := layout.Perm{0, 2, 3, 1}
	if depthwise {
		order = layout.Perm{1, 2, 3, 0}
	}
	filter, err := e.filter(view, order)
	if err != nil {
		return err
	}
	bias, err := e.bias(n.In(2), out, e.scales(filter))
	if err != nil {
		return err
	}
	x, padding := e.pad(x, w)
	y, err := e.resultRows(e.outQuant(0))
	if err != nil {
		return err
	}
	in := []int{x, filter, bias}
	if depthwise {
		e.op(fb.DepthwiseConv2D, fb.DepthwiseConv2DOptions{
			Padding: padding, StrideW: int32(w.stride[1]), StrideH: int32(w.stride[0]), DepthMultiplier: int32(out / group), Act: e.act,
			DilationW: int32(w.dilation[1]), DilationH: int32(w.dilation[0]),
		}, in, y)
	} else {
		e.op(fb.Conv2D, fb.Conv2DOptions{
			Padding: padding, StrideW: int32(w.stride[1]), StrideH: int32(w.stride[0]), Act: e.act,
			DilationW: int32(w.dilation[1]), DilationH: int32(w.dilation[0]),
		}, in, y)
	}
	e.finishRows(y, w.lifted)
	return nil
}

// filter is input 1 viewed in four dimensions, in the given order.
func (e *emitter) filter(view []int, order layout.Perm) (int, error) {
	v := e.n.In(1)
	if _, ok := storedOf(v); ok {
		return e.weight(v, view, order, e.quant)
	}
	t, err := e.read(v, nil, false)
	if err != nil {
		return 0, err
	}
	dims := make([]int32, len(view))
	for i, d := range view {
		dims[i] = int32(d)
	}
	if v.Rank() != len(view) {
		t = e.reshape(t, dims)
	}
	return e.permute(t, order), nil
}

func (e *emitter) scales(t int) []float32 {
	if q := e.m.Tensors[t].Quant; q != nil {
		return q.Scale
	}
	return nil
}

// pad returns the scheme that reads the window's padding exactly, after writing
// an explicit PAD where neither scheme does: TensorFlow's SAME puts the odd row
// at the end, other frameworks at the front.
func (e *emitter) pad(x int, w window) (int, fb.Padding) {
	if w.same {
		return x, fb.Same
	}
	if w.before == [2]int{} && w.after == [2]int{} {
		return x, fb.Valid
	}
	if w.isSame(e.m.Tensors[x].Shape) {
		return x, fb.Same
	}
	return e.padTo(x, w.before, w.after), fb.Valid
}

// isSame reports whether SAME on an input of these dims [N,H,W,C] pads as w.
func (w window) isSame(dims []int32) bool {
	if w.same {
		return true
	}
	for i := range w.kernel {
		reach := (w.kernel[i]-1)*w.dilation[i] + 1
		size := int(dims[1+i])
		total := reach - 1
		if size >= 0 {
			out := (size + w.stride[i] - 1) / w.stride[i]
			total = max((out-1)*w.stride[i]+reach-size, 0)
		} else if w.stride[i] != 1 {
			return false
		}
		if w.before[i] != total/2 || w.after[i] != total-total/2 {
			return false
		}
	}
	return true
}

// padTo pads the two spatial axes of a channels-last tensor with zeros.
func (e *emitter) padTo(x int, before, after [2]int) int {
	y := e.temp(x, paddedDims(e.m.Tensors[x].Shape, before, after))
	e.op(fb.Pad, nil, []int{x, e.paddings(before, after)}, y)
	return y
}

func paddedDims(dims []int32, before, after [2]int) []int32 {
	d := append([]int32{}, dims...)
	for i := range before {
		if d[1+i] >= 0 {
			d[1+i] += int32(before[i] + after[i])
		}
	}
	return d
}

// paddings is PAD's second operand for spatial padding of [N,H,W,C].
func (e *emitter) paddings(before, after [2]int) int {
	v := []int32{0, 0, int32(before[0]), int32(after[0]), int32(before[1]), int32(after[1]), 0, 0}
	i, _ := e.addConst(tensor.Of(v, 4, 2), nil, nil)
	return i
}

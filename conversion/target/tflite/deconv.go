package tflite

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

func int8ConvTranspose(n *ir.Node) bool {
	s, ok := storedOf(n.In(1))
	return ok && s.symmetric() && (len(s.scale) == 1 || s.axis == 1)
}

func legalConvTranspose(n *ir.Node) string {
	k, ok := kernelOf(n)
	if !ok || !n.In(1).Shape.IsStatic() {
		return "weights of unknown shape"
	}
	w, why := windowOf(n, k)
	switch {
	case why != "":
		return why
	case w.dilation != [2]int{1, 1}:
		return "dilation"
	case !n.In(0).Shape[2:].IsStatic() || !n.Out(0).Shape[2:].IsStatic():
		return "spatial dimensions that are not known"
	}
	if _, ok := storedOf(n.In(1)); !ok {
		return "weights that are not constant"
	}
	if w.same {
		return "auto_pad on unknown spatial dimensions"
	}
	return legalBias(n)
}

// emitConvTranspose writes TRANSPOSE_CONV, one a group. Its VALID scheme crops
// nothing, so that padding becomes a SLICE of a larger result, but where SAME
// crops exactly the same.
func emitConvTranspose(e *emitter) error {
	n := e.n
	shape, _ := n.In(1).Shape.Ints()
	w, x, err := e.windowed(windowOf(n, shape[2:]))
	if err != nil {
		return err
	}
	y, err := e.resultRows(e.outQuant(0))
	if err != nil {
		return err
	}
	in, out := e.m.Tensors[x].Shape, e.m.Tensors[y].Shape
	full, padding := append([]int32{}, out...), fb.Valid
	crop := false
	if w.deconvSame(in, out) {
		padding = fb.Same
	} else {
		for i := range w.kernel {
			full[1+i] = max(int32(w.stride[i])*(in[1+i]-1)+int32(w.kernel[i]), out[1+i]+int32(w.before[i]))
			crop = crop || full[1+i] != out[1+i]
		}
	}
	target := y
	if crop {
		target = e.temp(y, full)
	}
	group := int(n.Int("group", 1))
	if err := e.deconvGroups(x, target, w, shape, group, padding, crop); err != nil {
		return err
	}
	if crop {
		begin := []int32{0, int32(w.before[0]), int32(w.before[1]), 0}
		size := slices.Clone(out) // -1, where the batch is not known, means all
		e.op(fb.Slice, nil, []int{target, e.int32s(begin), e.int32s(size)}, y)
	}
	e.finishRows(y, w.lifted)
	return nil
}

// deconvSame reports whether SAME from in to out crops exactly w's padding.
func (w window) deconvSame(in, out []int32) bool {
	for i := range w.kernel {
		size, o := int(in[1+i]), int(out[1+i])
		if (o+w.stride[i]-1)/w.stride[i] != size {
			return false
		}
		total := (size-1)*w.stride[i] + w.kernel[i] - o
		if total < 0 || w.before[i] != total/2 {
			return false
		}
	}
	return true
}

// deconvGroups writes the groups' TRANSPOSE_CONVs with result y.
func (e *emitter) deconvGroups(x, y int, w window, shape []int, group int, padding fb.Padding, crop bool) error {
	in, out := shape[0], shape[1]*group
	view := []int{in, shape[1], w.kernel[0], w.kernel[1]}
	opts := fb.TransposeConvOptions{Padding: padding, StrideW: int32(w.stride[1]), StrideH: int32(w.stride[0]), Act: e.act}
	if group == 1 {
		filter, err := e.weight(e.n.In(1), view, layout.Perm{1, 2, 3, 0}, e.quant)
		if err != nil {
			return err
		}
		bias, err := e.bias(e.n.In(2), out, e.scales(filter))
		if err != nil {
			return err
		}
		e.op(fb.TransposeConv, opts, []int{e.shapeOf(x, e.m.Tensors[y].Shape), filter, x, bias}, y)
		return nil
	}
	s, _ := storedOf(e.n.In(1))
	all, err := s.float().Reshape(view...)
	if err != nil {
		return err
	}
	if e.quant {
		all, _ = s.t.Reshape(view...)
	}
	xs := e.splitChannels(x, group)
	parts := make([]int, group)
	for g := range xs {
		part := tensor.New(all.DType(), in/group, shape[1], w.kernel[0], w.kernel[1])
		size := len(all.Bytes()) / group
		part, _ = tensor.FromBytes(all.DType(), part.Shape(), all.Bytes()[g*size:(g+1)*size])
		var q *fb.Quant
		if e.quant {
			q = &fb.Quant{Scale: s.scale, Zero: s.zero}
		}
		filter, err := e.addConst(part, layout.Perm{1, 2, 3, 0}, q)
		if err != nil {
			return err
		}
		dims := append([]int32{}, e.m.Tensors[y].Shape...)
		dims[3] /= int32(group)
		bias, err := e.groupBias(g, group, out, e.scales(filter))
		if err != nil {
			return err
		}
		parts[g] = e.temp(y, dims)
		e.op(fb.TransposeConv, opts, []int{e.shapeOf(x, dims), filter, xs[g], bias}, parts[g])
	}
	e.op(fb.Concatenation, fb.ConcatenationOptions{Axis: 3}, parts, y)
	return nil
}

// shapeOf is dims as a tensor; a batch that is not known is that of x.
func (e *emitter) shapeOf(x int, dims []int32) int {
	if dims[0] >= 0 {
		return e.int32s(dims)
	}
	vector := func(n int32) int {
		t, _ := e.tensor("", tensor.Int32, []int32{n}, nil)
		return t
	}
	shape, batch, all := vector(int32(len(dims))), vector(1), vector(int32(len(dims)))
	e.op(fb.Shape, fb.ShapeOptions{Output: fb.Int32}, []int{x}, shape)
	e.op(fb.Slice, nil, []int{shape, e.int32s([]int32{0}), e.int32s([]int32{1})}, batch)
	e.op(fb.Concatenation, fb.ConcatenationOptions{}, []int{batch, e.int32s(dims[1:])}, all)
	return all
}

// groupBias is the part of the bias that belongs to group g.
func (e *emitter) groupBias(g, group, out int, scales []float32) (int, error) {
	f := make([]float32, out)
	if s, ok := storedOf(e.n.In(2)); ok {
		copy(f, s.float().Float32s())
	}
	size := out / group
	f = f[g*size : (g+1)*size]
	if e.quant {
		return e.biasInts(f, scales)
	}
	return e.floats(f, size), nil
}

// splitChannels cuts a channels-last tensor into n equal parts.
func (e *emitter) splitChannels(x, n int) []int {
	dims := append([]int32{}, e.m.Tensors[x].Shape...)
	dims[3] /= int32(n)
	out := make([]int, n)
	for i := range out {
		out[i] = e.temp(x, dims)
	}
	axis, _ := e.addConst(tensor.Scalar(int32(3)), nil, nil)
	e.op(fb.Split, fb.SplitOptions{Num: int32(n)}, []int{axis, x}, out...)
	return out
}

package tflite

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// volume are the settings of a convolution over three axes: depth, height, width.
type volume struct{ stride, dilation, before, after [3]int32 }

// volumeOf reads the attributes of n.
func volumeOf(n *ir.Node) (volume, string) {
	v := volume{stride: [3]int32{1, 1, 1}, dilation: [3]int32{1, 1, 1}}
	if a := n.Str("auto_pad", "NOTSET"); a != "NOTSET" && a != "VALID" {
		return v, fmt.Sprintf("auto_pad %s on unknown spatial dimensions", a)
	}
	strides, dilations, pads := n.Ints("strides"), n.Ints("dilations"), n.Ints("pads")
	for i := range 3 {
		if len(strides) == 3 {
			v.stride[i] = int32(strides[i])
		}
		if len(dilations) == 3 {
			v.dilation[i] = int32(dilations[i])
		}
		if len(pads) == 6 {
			v.before[i], v.after[i] = int32(pads[i]), int32(pads[3+i])
		}
		if v.before[i] < 0 || v.after[i] < 0 {
			return v, "negative padding"
		}
	}
	return v, ""
}

// legalConv3D: CONV_3D has floats and no groups.
func legalConv3D(n *ir.Node) string {
	if _, why := volumeOf(n); why != "" {
		return why
	}
	if n.Int("group", 1) != 1 {
		return "3 spatial dimensions in groups"
	}
	return legalBias(n)
}

// emitConv3D writes CONV_3D, with a PAD before it where anything is padded.
func emitConv3D(e *emitter) error {
	n := e.n
	v, why := volumeOf(n)
	if why != "" {
		return fmt.Errorf("%s", why)
	}
	shape, _ := n.In(1).Shape.Ints()
	x, err := e.in(0)
	if err != nil {
		return err
	}
	filter, err := e.filter(shape, layout.Perm{2, 3, 4, 1, 0})
	if err != nil {
		return err
	}
	bias, err := e.bias(n.In(2), shape[0], nil)
	if err != nil {
		return err
	}
	if v.before != [3]int32{} || v.after != [3]int32{} {
		dims, pads := slices.Clone(e.m.Tensors[x].Shape), []int32{0, 0}
		for i := range 3 {
			if pads = append(pads, v.before[i], v.after[i]); dims[1+i] >= 0 {
				dims[1+i] += v.before[i] + v.after[i]
			}
		}
		list, err := e.addConst(tensor.Of(append(pads, 0, 0), 5, 2), nil, nil)
		if err != nil {
			return err
		}
		y := e.temp(x, dims)
		e.op(fb.Pad, nil, []int{x, list}, y)
		x = y
	}
	return e.out1(fb.Conv3D, fb.Conv3DOptions{
		Padding: fb.Valid, Act: e.act,
		StrideD: v.stride[0], StrideH: v.stride[1], StrideW: v.stride[2],
		DilationD: v.dilation[0], DilationH: v.dilation[1], DilationW: v.dilation[2],
	}, layout.Last(5), x, filter, bias)
}

package tflite

import (
	"slices"

	fb "slipway/conversion/schema/tflite"
)

// versionOf is the lowest version of o's builtin that covers its types, ranks
// and options: the runtime refuses a model whose versions it does not know, and
// may compute something else under one that is too low.
func versionOf(m *fb.Model, o *fb.Operator) int32 {
	in := func(i int) fb.Tensor {
		if i < len(o.Inputs) && o.Inputs[i] >= 0 {
			return m.Tensors[o.Inputs[i]]
		}
		return fb.Tensor{Type: -1}
	}
	x, y := in(0), in(1)
	out := m.Tensors[o.Outputs[0]]
	int8In := x.Type == fb.Int8
	two := func() int32 {
		if int8In {
			return 2
		}
		return 1
	}
	switch o.Code {
	case fb.Conv2D:
		c := x.Shape[3]
		switch {
		case y.Shape[3] != c:
			return 6
		case int8In:
			return 3
		}
		return 1
	case fb.DepthwiseConv2D:
		d := o.Options.(fb.DepthwiseConv2DOptions)
		switch {
		case int8In:
			return 3
		case d.DilationW != 1 || d.DilationH != 1:
			return 2
		}
		return 1
	case fb.TransposeConv:
		if o.Options.(fb.TransposeConvOptions).Act != fb.ActNone {
			return 4
		}
		return 3
	case fb.FullyConnected:
		switch {
		case o.Options.(fb.FullyConnectedOptions).KeepNumDims:
			return 5
		case int8In:
			return 4
		}
		return 1
	case fb.Add, fb.Sub:
		switch {
		case x.Type == fb.Int64:
			return 4
		case o.Code == fb.Sub && broadcasts(x, y) && len(out.Shape) > 4:
			return 3
		}
		return two()
	case fb.Mul:
		switch {
		case x.Type == fb.Int64:
			return 5
		case int8In && x.Quant != nil && y.Quant != nil && out.Quant != nil &&
			x.Quant.Scale[0]*y.Quant.Scale[0]/out.Quant.Scale[0] >= 1:
			return 3
		}
		return two()
	case fb.Div:
		if broadcasts(x, y) && len(out.Shape) > 4 {
			return 2
		}
		return 1
	case fb.Maximum, fb.Minimum:
		if broadcasts(x, y) && len(out.Shape) > 4 {
			return 3
		}
		return two()
	case fb.Transpose:
		switch {
		case len(x.Shape) > 5:
			return 6
		case len(x.Shape) > 4:
			return 4
		case x.Type == fb.Bool:
			return 3
		}
		return two()
	case fb.Split:
		switch y.Type {
		case fb.Int32:
			return 3
		case fb.Int8:
			return 2
		}
		return 1
	case fb.Slice:
		if len(x.Shape) > 4 {
			return 5
		}
		return two()
	case fb.StridedSlice:
		switch {
		case len(x.Shape) > 4:
			return 4
		case x.Type == fb.Bool:
			return 3
		}
		return two()
	case fb.Pad, fb.PadV2:
		if len(x.Shape) > 4 {
			return 4
		}
		return two()
	case fb.Gather:
		if x.Type == fb.Bool {
			return 3
		}
		return two()
	case fb.Dequantize:
		switch {
		case x.Type == fb.Float16:
			return 3
		case int8In && x.Quant != nil && len(x.Quant.Scale) > 1:
			return 5
		}
		return two()
	case fb.ResizeBilinear:
		if o.Options.(fb.ResizeBilinearOptions).HalfPixels {
			return 3
		}
		return two()
	case fb.ResizeNearest:
		if r := o.Options.(fb.ResizeNearestOptions); r.HalfPixels || r.AlignCorners {
			return 3
		}
		return two()
	case fb.Tile:
		if int8In {
			return 3
		}
		return 1
	case fb.BroadcastTo:
		if int8In {
			return 3
		}
		return 2
	case fb.Abs:
		if x.Type == fb.Int32 {
			return 5
		}
		return two()
	case fb.Sign:
		if x.Type == fb.Int32 {
			return 2
		}
		return 1
	case fb.Fill:
		switch y.Type {
		case fb.Int8, fb.Int16:
			return 3
		case fb.Bool, fb.String:
			return 2
		}
		return 1
	case fb.Cast:
		return castVersion(x.Type, out.Type)
	case fb.MaxPool2D, fb.AveragePool2D, fb.Softmax, fb.LogSoftmax, fb.Logistic, fb.Tanh, fb.Relu, fb.Relu6, fb.Mean, fb.Sum,
		fb.ReduceMax, fb.ReduceMin, fb.Concatenation, fb.BatchMatMul, fb.L2Normalization, fb.DepthToSpace, fb.SpaceToDepth,
		fb.MirrorPad, fb.ArgMax, fb.ArgMin, fb.SplitV, fb.Equal, fb.NotEqual, fb.Less, fb.LessEqual, fb.Greater, fb.GreaterEqual,
		fb.Gelu, fb.Rsqrt, fb.Sqrt, fb.Exp, fb.Log, fb.Pack:
		return two()
	}
	return 1
}

// castVersion: later versions of CAST added types.
func castVersion(in, out fb.TensorType) int32 {
	has := func(t ...fb.TensorType) bool { return slices.Contains(t, in) || slices.Contains(t, out) }
	switch {
	case has(fb.Float64, fb.Float16):
		return 5
	case has(fb.Uint16):
		return 4
	case has(fb.Int8):
		return 3
	case has(fb.Uint32):
		return 2
	}
	return 1
}

// broadcasts reports whether two operands differ in shape.
func broadcasts(a, b fb.Tensor) bool { return !slices.Equal(a.Shape, b.Shape) }

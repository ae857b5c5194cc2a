package tflite

import flatbuffers "github.com/google/flatbuffers/go"

// Options is an operator's option table. union is its number in the schema's
// BuiltinOptions, slots the number of fields, put writes those that differ from
// their defaults.
type Options interface {
	union() (number uint8, name string, slots int)
	put(b *flatbuffers.Builder)
}

// Conv2DOptions belong to CONV_2D.
type Conv2DOptions struct {
	Padding              Padding
	StrideW, StrideH     int32
	Act                  Activation
	DilationW, DilationH int32
}

func (Conv2DOptions) union() (uint8, string, int) { return 1, "Conv2DOptions", 7 }
func (o Conv2DOptions) put(b *flatbuffers.Builder) {
	b.PrependInt8Slot(0, int8(o.Padding), 0)
	b.PrependInt32Slot(1, o.StrideW, 0)
	b.PrependInt32Slot(2, o.StrideH, 0)
	b.PrependInt8Slot(3, int8(o.Act), 0)
	b.PrependInt32Slot(4, o.DilationW, 1)
	b.PrependInt32Slot(5, o.DilationH, 1)
}

// Conv3DOptions belong to CONV_3D.
type Conv3DOptions struct {
	Padding                         Padding
	StrideD, StrideW, StrideH       int32
	Act                             Activation
	DilationD, DilationW, DilationH int32
}

func (Conv3DOptions) union() (uint8, string, int) { return 106, "Conv3DOptions", 8 }
func (o Conv3DOptions) put(b *flatbuffers.Builder) {
	b.PrependInt8Slot(0, int8(o.Padding), 0)
	b.PrependInt32Slot(1, o.StrideD, 0)
	b.PrependInt32Slot(2, o.StrideW, 0)
	b.PrependInt32Slot(3, o.StrideH, 0)
	b.PrependInt8Slot(4, int8(o.Act), 0)
	b.PrependInt32Slot(5, o.DilationD, 1)
	b.PrependInt32Slot(6, o.DilationW, 1)
	b.PrependInt32Slot(7, o.DilationH, 1)
}

// DepthwiseConv2DOptions belong to DEPTHWISE_CONV_2D.
type DepthwiseConv2DOptions struct {
	Padding              Padding
	StrideW, StrideH     int32
	DepthMultiplier      int32
	Act                  Activation
	DilationW, DilationH int32
}

func (DepthwiseConv2DOptions) union() (uint8, string, int) { return 2, "DepthwiseConv2DOptions", 7 }
func (o DepthwiseConv2DOptions) put(b *flatbuffers.Builder) {
	b.PrependInt8Slot(0, int8(o.Padding), 0)
	b.PrependInt32Slot(1, o.StrideW, 0)
	b.PrependInt32Slot(2, o.StrideH, 0)
	b.PrependInt32Slot(3, o.DepthMultiplier, 0)
	b.PrependInt8Slot(4, int8(o.Act), 0)
	b.PrependInt32Slot(5, o.DilationW, 1)
	b.PrependInt32Slot(6, o.DilationH, 1)
}

// TransposeConvOptions belong to TRANSPOSE_CONV.
type TransposeConvOptions struct {
	Padding          Padding
	StrideW, StrideH int32
	Act              Activation
}

func (TransposeConvOptions) union() (uint8, string, int) { return 49, "TransposeConvOptions", 5 }
func (o TransposeConvOptions) put(b *flatbuffers.Builder) {
	b.PrependInt8Slot(0, int8(o.Padding), 0)
	b.PrependInt32Slot(1, o.StrideW, 0)
	b.PrependInt32Slot(2, o.StrideH, 0)
	b.PrependInt8Slot(3, int8(o.Act), 0)
}

// Pool2DOptions belong to the pools.
type Pool2DOptions struct {
	Padding          Padding
	StrideW, StrideH int32
	FilterW, FilterH int32
	Act              Activation
}

func (Pool2DOptions) union() (uint8, string, int) { return 5, "Pool2DOptions", 6 }
func (o Pool2DOptions) put(b *flatbuffers.Builder) {
	b.PrependInt8Slot(0, int8(o.Padding), 0)
	b.PrependInt32Slot(1, o.StrideW, 0)
	b.PrependInt32Slot(2, o.StrideH, 0)
	b.PrependInt32Slot(3, o.FilterW, 0)
	b.PrependInt32Slot(4, o.FilterH, 0)
	b.PrependInt8Slot(5, int8(o.Act), 0)
}

// FullyConnectedOptions belong to FULLY_CONNECTED.
type FullyConnectedOptions struct {
	Act         Activation
	KeepNumDims bool
}

func (FullyConnectedOptions) union() (uint8, string, int) { return 8, "FullyConnectedOptions", 5 }
func (o FullyConnectedOptions) put(b *flatbuffers.Builder) {
	b.PrependInt8Slot(0, int8(o.Act), 0)
	b.PrependBoolSlot(2, o.KeepNumDims, false)
}

// SoftmaxOptions belong to SOFTMAX.
type SoftmaxOptions struct{ Beta float32 }

func (SoftmaxOptions) union() (uint8, string, int) { return 9, "SoftmaxOptions", 1 }
func (o SoftmaxOptions) put(b *flatbuffers.Builder) {
	b.PrependFloat32Slot(0, o.Beta, 0)
}

// ConcatenationOptions belong to CONCATENATION.
type ConcatenationOptions struct{ Axis int32 }

func (ConcatenationOptions) union() (uint8, string, int) { return 10, "ConcatenationOptions", 2 }
func (o ConcatenationOptions) put(b *flatbuffers.Builder) {
	b.PrependInt32Slot(0, o.Axis, 0)
}

// ArithOptions belong to ADD, SUB, MUL and DIV: the operator's code says which
// of the four tables is written.
type ArithOptions struct {
	Op  Code
	Act Activation
}

func (o ArithOptions) union() (uint8, string, int) {
	switch o.Op {
	case Add:
		return 11, "AddOptions", 2
	case Sub:
		return 28, "SubOptions", 2
	case Mul:
		return 21, "MulOptions", 1
	}
	return 29, "DivOptions", 1
}
func (o ArithOptions) put(b *flatbuffers.Builder) { b.PrependInt8Slot(0, int8(o.Act), 0) }

// L2NormOptions belong to L2_NORMALIZATION.
type L2NormOptions struct{}

func (L2NormOptions) union() (uint8, string, int) { return 12, "L2NormOptions", 1 }
func (L2NormOptions) put(*flatbuffers.Builder)    {}

// LocalResponseNormOptions belong to LOCAL_RESPONSE_NORMALIZATION.
type LocalResponseNormOptions struct {
	Radius            int32
	Bias, Alpha, Beta float32
}

func (LocalResponseNormOptions) union() (uint8, string, int) {
	return 13, "LocalResponseNormalizationOptions", 4
}
func (o LocalResponseNormOptions) put(b *flatbuffers.Builder) {
	b.PrependInt32Slot(0, o.Radius, 0)
	b.PrependFloat32Slot(1, o.Bias, 0)
	b.PrependFloat32Slot(2, o.Alpha, 0)
	b.PrependFloat32Slot(3, o.Beta, 0)
}

// ResizeOptions belong to RESIZE_BILINEAR and, with Nearest, to
// RESIZE_NEAREST_NEIGHBOR.
type ResizeOptions struct {
	Nearest                  bool
	AlignCorners, HalfPixels bool
}

func (o ResizeOptions) union() (uint8, string, int) {
	if o.Nearest {
		return 74, "ResizeNearestNeighborOptions", 2
	}
	return 15, "ResizeBilinearOptions", 4
}
func (o ResizeOptions) put(b *flatbuffers.Builder) {
	first := 2 // two deprecated fields precede
	if o.Nearest {
		first = 0
	}
	b.PrependBoolSlot(first, o.AlignCorners, false)
	b.PrependBoolSlot(first+1, o.HalfPixels, false)
}

// BlockOptions belong to SPACE_TO_DEPTH and DEPTH_TO_SPACE.
type BlockOptions struct {
	DepthToSpace bool
	Size         int32
}

func (o BlockOptions) union() (uint8, string, int) {
	if o.DepthToSpace {
		return 94, "DepthToSpaceOptions", 1
	}
	return 19, "SpaceToDepthOptions", 1
}
func (o BlockOptions) put(b *flatbuffers.Builder) { b.PrependInt32Slot(0, o.Size, 0) }

// GatherOptions belong to GATHER.
type GatherOptions struct{ Axis, BatchDims int32 }

func (GatherOptions) union() (uint8, string, int) { return 23, "GatherOptions", 2 }
func (o GatherOptions) put(b *flatbuffers.Builder) {
	b.PrependInt32Slot(0, o.Axis, 0)
	b.PrependInt32Slot(1, o.BatchDims, 0)
}

// ReducerOptions belong to MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_PROD.
type ReducerOptions struct{ KeepDims bool }

func (ReducerOptions) union() (uint8, string, int) { return 27, "ReducerOptions", 1 }
func (o ReducerOptions) put(b *flatbuffers.Builder) {
	b.PrependBoolSlot(0, o.KeepDims, false)
}

// StridedSliceOptions belong to STRIDED_SLICE.
type StridedSliceOptions struct{ BeginMask, EndMask, ShrinkAxisMask int32 }

func (StridedSliceOptions) union() (uint8, string, int) { return 32, "StridedSliceOptions", 6 }
func (o StridedSliceOptions) put(b *flatbuffers.Builder) {
	b.PrependInt32Slot(0, o.BeginMask, 0)
	b.PrependInt32Slot(1, o.EndMask, 0)
	b.PrependInt32Slot(4, o.ShrinkAxisMask, 0)
}

// SplitOptions belong to SPLIT.
type SplitOptions struct{ Num int32 }

func (SplitOptions) union() (uint8, string, int)  { return 35, "SplitOptions", 1 }
func (o SplitOptions) put(b *flatbuffers.Builder) { b.PrependInt32Slot(0, o.Num, 0) }

// SplitVOptions belong to SPLIT_V.
type SplitVOptions struct{ Num int32 }

func (SplitVOptions) union() (uint8, string, int)  { return 79, "SplitVOptions", 1 }
func (o SplitVOptions) put(b *flatbuffers.Builder) { b.PrependInt32Slot(0, o.Num, 0) }

// CastOptions belong to CAST.
type CastOptions struct{ In, Out TensorType }

func (CastOptions) union() (uint8, string, int) { return 37, "CastOptions", 2 }
func (o CastOptions) put(b *flatbuffers.Builder) {
	b.PrependInt8Slot(0, int8(o.In), 0)
	b.PrependInt8Slot(1, int8(o.Out), 0)
}

// ArgOptions belong to ARG_MAX and, with Min, to ARG_MIN.
type ArgOptions struct {
	Min    bool
	Output TensorType
}

func (o ArgOptions) union() (uint8, string, int) {
	if o.Min {
		return 57, "ArgMinOptions", 1
	}
	return 40, "ArgMaxOptions", 1
}
func (o ArgOptions) put(b *flatbuffers.Builder) { b.PrependInt8Slot(0, int8(o.Output), 0) }

// ShapeOptions belong to SHAPE.
type ShapeOptions struct{ Output TensorType }

func (ShapeOptions) union() (uint8, string, int)  { return 55, "ShapeOptions", 1 }
func (o ShapeOptions) put(b *flatbuffers.Builder) { b.PrependInt8Slot(0, int8(o.Output), 0) }

// PackOptions belong to PACK.
type PackOptions struct{ Count, Axis int32 }

func (PackOptions) union() (uint8, string, int) { return 59, "PackOptions", 2 }
func (o PackOptions) put(b *flatbuffers.Builder) {
	b.PrependInt32Slot(0, o.Count, 0)
	b.PrependInt32Slot(1, o.Axis, 0)
}

// OneHotOptions belong to ONE_HOT.
type OneHotOptions struct{ Axis int32 }

func (OneHotOptions) union() (uint8, string, int)  { return 61, "OneHotOptions", 1 }
func (o OneHotOptions) put(b *flatbuffers.Builder) { b.PrependInt32Slot(0, o.Axis, 0) }

// LeakyReluOptions belong to LEAKY_RELU.
type LeakyReluOptions struct{ Alpha float32 }

func (LeakyReluOptions) union() (uint8, string, int)  { return 75, "LeakyReluOptions", 1 }
func (o LeakyReluOptions) put(b *flatbuffers.Builder) { b.PrependFloat32Slot(0, o.Alpha, 0) }

// MirrorPadOptions belong to MIRROR_PAD.
type MirrorPadOptions struct{ Mode MirrorMode }

func (MirrorPadOptions) union() (uint8, string, int)  { return 77, "MirrorPadOptions", 1 }
func (o MirrorPadOptions) put(b *flatbuffers.Builder) { b.PrependInt8Slot(0, int8(o.Mode), 0) }

// BatchMatMulOptions belong to BATCH_MATMUL.
type BatchMatMulOptions struct{ AdjX, AdjY bool }

func (BatchMatMulOptions) union() (uint8, string, int) { return 101, "BatchMatMulOptions", 3 }
func (o BatchMatMulOptions) put(b *flatbuffers.Builder) {
	b.PrependBoolSlot(0, o.AdjX, false)
	b.PrependBoolSlot(1, o.AdjY, false)
}

// CumsumOptions belong to CUMSUM.
type CumsumOptions struct{ Exclusive, Reverse bool }

func (CumsumOptions) union() (uint8, string, int) { return 102, "CumsumOptions", 2 }
func (o CumsumOptions) put(b *flatbuffers.Builder) {
	b.PrependBoolSlot(0, o.Exclusive, false)
	b.PrependBoolSlot(1, o.Reverse, false)
}

// GeluOptions belong to GELU.
type GeluOptions struct{ Approximate bool }

func (GeluOptions) union() (uint8, string, int)  { return 116, "GeluOptions", 1 }
func (o GeluOptions) put(b *flatbuffers.Builder) { b.PrependBoolSlot(0, o.Approximate, false) }

package tflite

// Options is an operator's option table: a struct whose fields carry their
// number in the schema, and the default that the file leaves out (0 where none
// is given).
type Options interface{ table() table }

// table identifies an option table: its number in the union BuiltinOptions, its
// name there and its number of fields.
type table struct {
	union uint8
	name  string
	slots int
}

// Conv2DOptions belong to CONV_2D.
type Conv2DOptions struct {
	Padding   Padding    `slot:"0"`
	StrideW   int32      `slot:"1"`
	StrideH   int32      `slot:"2"`
	Act       Activation `slot:"3"`
	DilationW int32      `slot:"4" def:"1"`
	DilationH int32      `slot:"5" def:"1"`
}

func (Conv2DOptions) table() table { return table{1, "Conv2DOptions", 7} }

// Conv3DOptions belong to CONV_3D.
type Conv3DOptions struct {
	Padding   Padding    `slot:"0"`
	StrideD   int32      `slot:"1"`
	StrideW   int32      `slot:"2"`
	StrideH   int32      `slot:"3"`
	Act       Activation `slot:"4"`
	DilationD int32      `slot:"5" def:"1"`
	DilationW int32      `slot:"6" def:"1"`
	DilationH int32      `slot:"7" def:"1"`
}

func (Conv3DOptions) table() table { return table{106, "Conv3DOptions", 8} }

// DepthwiseConv2DOptions belong to DEPTHWISE_CONV_2D.
type DepthwiseConv2DOptions struct {
	Padding         Padding    `slot:"0"`
	StrideW         int32      `slot:"1"`
	StrideH         int32      `slot:"2"`
	DepthMultiplier int32      `slot:"3"`
	Act             Activation `slot:"4"`
	DilationW       int32      `slot:"5" def:"1"`
	DilationH       int32      `slot:"6" def:"1"`
}

func (DepthwiseConv2DOptions) table() table { return table{2, "DepthwiseConv2DOptions", 7} }

// TransposeConvOptions belong to TRANSPOSE_CONV.
type TransposeConvOptions struct {
	Padding Padding    `slot:"0"`
	StrideW int32      `slot:"1"`
	StrideH int32      `slot:"2"`
	Act     Activation `slot:"3"`
}

func (TransposeConvOptions) table() table { return table{49, "TransposeConvOptions", 5} }

// Pool2DOptions belong to the pools.
type Pool2DOptions struct {
	Padding Padding    `slot:"0"`
	StrideW int32      `slot:"1"`
	StrideH int32      `slot:"2"`
	FilterW int32      `slot:"3"`
	FilterH int32      `slot:"4"`
	Act     Activation `slot:"5"`
}

func (Pool2DOptions) table() table { return table{5, "Pool2DOptions", 6} }

// FullyConnectedOptions belong to FULLY_CONNECTED.
type FullyConnectedOptions struct {
	Act         Activation `slot:"0"`
	KeepNumDims bool       `slot:"2"`
}

func (FullyConnectedOptions) table() table { return table{8, "FullyConnectedOptions", 6} }

// SoftmaxOptions belong to SOFTMAX.
type SoftmaxOptions struct {
	Beta float32 `slot:"0"`
}

func (SoftmaxOptions) table() table { return table{9, "SoftmaxOptions", 1} }

// ConcatenationOptions belong to CONCATENATION.
type ConcatenationOptions struct {
	Axis int32      `slot:"0"`
	Act  Activation `slot:"1"`
}

func (ConcatenationOptions) table() table { return table{10, "ConcatenationOptions", 2} }

// AddOptions belong to ADD.
type AddOptions struct {
	Act Activation `slot:"0"`
}

func (AddOptions) table() table { return table{11, "AddOptions", 2} }

// SubOptions belong to SUB.
type SubOptions struct {
	Act Activation `slot:"0"`
}

func (SubOptions) table() table { return table{28, "SubOptions", 2} }

// MulOptions belong to MUL.
type MulOptions struct {
	Act Activation `slot:"0"`
}

func (MulOptions) table() table { return table{21, "MulOptions", 1} }

// DivOptions belong to DIV.
type DivOptions struct {
	Act Activation `slot:"0"`
}

func (DivOptions) table() table { return table{29, "DivOptions", 1} }

// L2NormOptions belong to L2_NORMALIZATION.
type L2NormOptions struct {
	Act Activation `slot:"0"`
}

func (L2NormOptions) table() table { return table{12, "L2NormOptions", 1} }

// LocalResponseNormOptions belong to LOCAL_RESPONSE_NORMALIZATION.
type LocalResponseNormOptions struct {
	Radius int32   `slot:"0"`
	Bias   float32 `slot:"1"`
	Alpha  float32 `slot:"2"`
	Beta   float32 `slot:"3"`
}

func (LocalResponseNormOptions) table() table {
	return table{13, "LocalResponseNormalizationOptions", 4}
}

// ResizeBilinearOptions belong to RESIZE_BILINEAR.
type ResizeBilinearOptions struct {
	AlignCorners bool `slot:"2"`
	HalfPixels   bool `slot:"3"`
}

func (ResizeBilinearOptions) table() table { return table{15, "ResizeBilinearOptions", 4} }

// ResizeNearestOptions belong to RESIZE_NEAREST_NEIGHBOR.
type ResizeNearestOptions struct {
	AlignCorners bool `slot:"0"`
	HalfPixels   bool `slot:"1"`
}

func (ResizeNearestOptions) table() table { return table{74, "ResizeNearestNeighborOptions", 2} }

// SpaceToDepthOptions belong to SPACE_TO_DEPTH.
type SpaceToDepthOptions struct {
	Block int32 `slot:"0"`
}

func (SpaceToDepthOptions) table() table { return table{19, "SpaceToDepthOptions", 1} }

// DepthToSpaceOptions belong to DEPTH_TO_SPACE.
type DepthToSpaceOptions struct {
	Block int32 `slot:"0"`
}

func (DepthToSpaceOptions) table() table { return table{94, "DepthToSpaceOptions", 1} }

// GatherOptions belong to GATHER.
type GatherOptions struct {
	Axis      int32 `slot:"0"`
	BatchDims int32 `slot:"1"`
}

func (GatherOptions) table() table { return table{23, "GatherOptions", 2} }

// ReducerOptions belong to MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_PROD.
type ReducerOptions struct {
	KeepDims bool `slot:"0"`
}

func (ReducerOptions) table() table { return table{27, "ReducerOptions", 1} }

// StridedSliceOptions belong to STRIDED_SLICE.
type StridedSliceOptions struct {
	BeginMask      int32 `slot:"0"`
	EndMask        int32 `slot:"1"`
	ShrinkAxisMask int32 `slot:"4"`
}

func (StridedSliceOptions) table() table { return table{32, "StridedSliceOptions", 6} }

// SplitOptions belong to SPLIT.
type SplitOptions struct {
	Num int32 `slot:"0"`
}

func (SplitOptions) table() table { return table{35, "SplitOptions", 1} }

// SplitVOptions belong to SPLIT_V.
type SplitVOptions struct {
	Num int32 `slot:"0"`
}

func (SplitVOptions) table() table { return table{79, "SplitVOptions", 1} }

// CastOptions belong to CAST.
type CastOptions struct {
	In  TensorType `slot:"0"`
	Out TensorType `slot:"1"`
}

func (CastOptions) table() table { return table{37, "CastOptions", 2} }

// ArgMaxOptions belong to ARG_MAX.
type ArgMaxOptions struct {
	Output TensorType `slot:"0"`
}

func (ArgMaxOptions) table() table { return table{40, "ArgMaxOptions", 1} }

// ArgMinOptions belong to ARG_MIN.
type ArgMinOptions struct {
	Output TensorType `slot:"0"`
}

func (ArgMinOptions) table() table { return table{57, "ArgMinOptions", 1} }

// ShapeOptions belong to SHAPE.
type ShapeOptions struct {
	Output TensorType `slot:"0"`
}

func (ShapeOptions) table() table { return table{55, "ShapeOptions", 1} }

// PackOptions belong to PACK.
type PackOptions struct {
	Count int32 `slot:"0"`
	Axis  int32 `slot:"1"`
}

func (PackOptions) table() table { return table{59, "PackOptions", 2} }

// OneHotOptions belong to ONE_HOT.
type OneHotOptions struct {
	Axis int32 `slot:"0"`
}

func (OneHotOptions) table() table { return table{61, "OneHotOptions", 1} }

// LeakyReluOptions belong to LEAKY_RELU.
type LeakyReluOptions struct {
	Alpha float32 `slot:"0"`
}

func (LeakyReluOptions) table() table { return table{75, "LeakyReluOptions", 1} }

// MirrorPadOptions belong to MIRROR_PAD.
type MirrorPadOptions struct {
	Mode MirrorMode `slot:"0"`
}

func (MirrorPadOptions) table() table { return table{77, "MirrorPadOptions", 1} }

// BatchMatMulOptions belong to BATCH_MATMUL.
type BatchMatMulOptions struct {
	AdjX bool `slot:"0"`
	AdjY bool `slot:"1"`
}

func (BatchMatMulOptions) table() table { return table{101, "BatchMatMulOptions", 3} }

// CumsumOptions belong to CUMSUM.
type CumsumOptions struct {
	Exclusive bool `slot:"0"`
	Reverse   bool `slot:"1"`
}

func (CumsumOptions) table() table { return table{102, "CumsumOptions", 2} }

// GeluOptions belong to GELU.
type GeluOptions struct {
	Approximate bool `slot:"0"`
}

func (GeluOptions) table() table { return table{116, "GeluOptions", 1} }

// optionTables lists every table, for reading.
var optionTables = []Options{
	Conv2DOptions{},
	Conv3DOptions{},
	DepthwiseConv2DOptions{},
	TransposeConvOptions{},
	Pool2DOptions{},
	FullyConnectedOptions{},
	SoftmaxOptions{},
	ConcatenationOptions{},
	AddOptions{},
	SubOptions{},
	MulOptions{},
	DivOptions{},
	L2NormOptions{},
	LocalResponseNormOptions{},
	ResizeBilinearOptions{},
	ResizeNearestOptions{},
	SpaceToDepthOptions{},
	DepthToSpaceOptions{},
	GatherOptions{},
	ReducerOptions{},
	StridedSliceOptions{},
	SplitOptions{},
	SplitVOptions{},
	CastOptions{},
	ArgMaxOptions{},
	ArgMinOptions{},
	ShapeOptions{},
	PackOptions{},
	OneHotOptions{},
	LeakyReluOptions{},
	MirrorPadOptions{},
	BatchMatMulOptions{},
	CumsumOptions{},
	GeluOptions{},
}

// ReverseSequenceOptions belong to REVERSE_SEQUENCE.
type ReverseSequenceOptions struct {
	SeqDim   int32 `slot:"0"`
	BatchDim int32 `slot:"1"`
}

func (ReverseSequenceOptions) table() table { return table{87, "ReverseSequenceOptions", 2} }

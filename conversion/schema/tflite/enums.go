package tflite

import "slipway/conversion/tensor"

// TensorType is the element type of a tensor in the file.
type TensorType int8

// The element types.
const (
	Float32 TensorType = 0
	Float16 TensorType = 1
	Int32   TensorType = 2
	Uint8   TensorType = 3
	Int64   TensorType = 4
	String  TensorType = 5
	Bool    TensorType = 6
	Int16   TensorType = 7
	Int8    TensorType = 9
	Float64 TensorType = 10
	Uint64  TensorType = 12
	Uint32  TensorType = 15
	Uint16  TensorType = 16
	Int4    TensorType = 17
	BFloat  TensorType = 18
)

var typeOf = map[tensor.DType]TensorType{
	tensor.Float32: Float32, tensor.Float16: Float16, tensor.Int32: Int32, tensor.Uint8: Uint8,
	tensor.Int64: Int64, tensor.Bool: Bool, tensor.Int16: Int16, tensor.Int8: Int8,
	tensor.Float64: Float64, tensor.Uint64: Uint64, tensor.Uint32: Uint32, tensor.Uint16: Uint16,
	tensor.Int4: Int4, tensor.BFloat16: BFloat, tensor.String: String,
}

// TypeOf is the file's name for an element type; false where it has none.
func TypeOf(d tensor.DType) (TensorType, bool) { t, ok := typeOf[d]; return t, ok }

// Padding is the padding scheme of convolutions and pools.
type Padding int8

// The schemes.
const (
	Same  Padding = 0
	Valid Padding = 1
)

// Activation is a function that an operator applies to its result.
type Activation int8

// The functions that kernels implement.
const (
	ActNone      Activation = 0
	ActRelu      Activation = 1
	ActReluN1To1 Activation = 2 // clamp to -1..1
	ActRelu6     Activation = 3
)

// MirrorMode says whether MirrorPad repeats the edge.
type MirrorMode int8

// The modes.
const (
	Reflect   MirrorMode = 0
	Symmetric MirrorMode = 1
)

// Code is a builtin operator.
type Code int32

// The builtin operators that are written.
const (
	Add                  Code = 0
	AveragePool2D        Code = 1
	Concatenation        Code = 2
	Conv2D               Code = 3
	DepthwiseConv2D      Code = 4
	DepthToSpace         Code = 5
	Dequantize           Code = 6
	Floor                Code = 8
	FullyConnected       Code = 9
	L2Normalization      Code = 11
	LocalResponseNorm    Code = 13
	Logistic             Code = 14
	MaxPool2D            Code = 17
	Mul                  Code = 18
	Relu                 Code = 19
	ReluN1To1            Code = 20
	Relu6                Code = 21
	Reshape              Code = 22
	ResizeBilinear       Code = 23
	Softmax              Code = 25
	SpaceToDepth         Code = 26
	Tanh                 Code = 28
	Pad                  Code = 34
	Gather               Code = 36
	Transpose            Code = 39
	Mean                 Code = 40
	Sub                  Code = 41
	Div                  Code = 42
	Squeeze              Code = 43
	StridedSlice         Code = 45
	Exp                  Code = 47
	TopKV2               Code = 48
	Split                Code = 49
	LogSoftmax           Code = 50
	Cast                 Code = 53
	Prelu                Code = 54
	Maximum              Code = 55
	ArgMax               Code = 56
	Minimum              Code = 57
	Less                 Code = 58
	Neg                  Code = 59
	PadV2                Code = 60
	Greater              Code = 61
	GreaterEqual         Code = 62
	LessEqual            Code = 63
	Slice                Code = 65
	Sin                  Code = 66
	TransposeConv        Code = 67
	Tile                 Code = 69
	Equal                Code = 71
	NotEqual             Code = 72
	Log                  Code = 73
	Sum                  Code = 74
	Sqrt                 Code = 75
	Rsqrt                Code = 76
	Shape                Code = 77
	Pow                  Code = 78
	ArgMin               Code = 79
	ReduceProd           Code = 81
	ReduceMax            Code = 82
	Pack                 Code = 83
	LogicalOr            Code = 84
	OneHot               Code = 85
	LogicalAnd           Code = 86
	LogicalNot           Code = 87
	ReduceMin            Code = 89
	FloorDiv             Code = 90
	Square               Code = 92
	Fill                 Code = 94
	FloorMod             Code = 95
	Range                Code = 96
	ResizeNearest        Code = 97
	LeakyRelu            Code = 98
	SquaredDifference    Code = 99
	MirrorPad            Code = 100
	Abs                  Code = 101
	SplitV               Code = 102
	Ceil                 Code = 104
	ReverseV2            Code = 105
	GatherND             Code = 107
	Cos                  Code = 108
	Elu                  Code = 111
	ReverseSequence      Code = 112
	Quantize             Code = 114
	Round                Code = 116
	HardSwish            Code = 117
	ScatterND            Code = 122
	SelectV2             Code = 123
	BatchMatMul          Code = 126
	placeholderForBigger Code = 127
	Cumsum               Code = 128
	BroadcastTo          Code = 130
	Conv3D               Code = 132
	Gelu                 Code = 150
	Atan2                Code = 156
	Sign                 Code = 158
	BitwiseXor           Code = 160
)

var codeNames = map[Code]string{
	Add: "ADD", AveragePool2D: "AVERAGE_POOL_2D", Concatenation: "CONCATENATION", Conv2D: "CONV_2D",
	DepthwiseConv2D: "DEPTHWISE_CONV_2D", DepthToSpace: "DEPTH_TO_SPACE", Dequantize: "DEQUANTIZE", Floor: "FLOOR",
	FullyConnected: "FULLY_CONNECTED", L2Normalization: "L2_NORMALIZATION", LocalResponseNorm: "LOCAL_RESPONSE_NORMALIZATION",
	Logistic: "LOGISTIC", MaxPool2D: "MAX_POOL_2D", Mul: "MUL", Relu: "RELU", ReluN1To1: "RELU_N1_TO_1", Relu6: "RELU6",
	Reshape: "RESHAPE", ResizeBilinear: "RESIZE_BILINEAR", Softmax: "SOFTMAX", SpaceToDepth: "SPACE_TO_DEPTH", Tanh: "TANH",
	Pad: "PAD", Gather: "GATHER", Transpose: "TRANSPOSE", Mean: "MEAN", Sub: "SUB", Div: "DIV", Squeeze: "SQUEEZE",
	StridedSlice: "STRIDED_SLICE", Exp: "EXP", TopKV2: "TOPK_V2", Split: "SPLIT", LogSoftmax: "LOG_SOFTMAX", Cast: "CAST",
	Prelu: "PRELU", Maximum: "MAXIMUM", ArgMax: "ARG_MAX", Minimum: "MINIMUM", Less: "LESS", Neg: "NEG", PadV2: "PADV2",
	Greater: "GREATER", GreaterEqual: "GREATER_EQUAL", LessEqual: "LESS_EQUAL", Slice: "SLICE", Sin: "SIN",
	TransposeConv: "TRANSPOSE_CONV", Tile: "TILE", Equal: "EQUAL", NotEqual: "NOT_EQUAL", Log: "LOG", Sum: "SUM", Sqrt: "SQRT",
	Rsqrt: "RSQRT", Shape: "SHAPE", Pow: "POW", ArgMin: "ARG_MIN", ReduceProd: "REDUCE_PROD", ReduceMax: "REDUCE_MAX",
	Pack: "PACK", LogicalOr: "LOGICAL_OR", OneHot: "ONE_HOT", LogicalAnd: "LOGICAL_AND", LogicalNot: "LOGICAL_NOT",
	ReduceMin: "REDUCE_MIN", FloorDiv: "FLOOR_DIV", Square: "SQUARE", Fill: "FILL", FloorMod: "FLOOR_MOD", Range: "RANGE",
	ResizeNearest: "RESIZE_NEAREST_NEIGHBOR", LeakyRelu: "LEAKY_RELU", SquaredDifference: "SQUARED_DIFFERENCE",
	MirrorPad: "MIRROR_PAD", Abs: "ABS", SplitV: "SPLIT_V", Ceil: "CEIL", ReverseV2: "REVERSE_V2", GatherND: "GATHER_ND",
	Cos: "COS", Elu: "ELU", Quantize: "QUANTIZE", Round: "ROUND", HardSwish: "HARD_SWISH", SelectV2: "SELECT_V2",
	BatchMatMul: "BATCH_MATMUL", Cumsum: "CUMSUM", BroadcastTo: "BROADCAST_TO", Conv3D: "CONV_3D", Gelu: "GELU", Sign: "SIGN",
	Atan2: "ATAN2", ReverseSequence: "REVERSE_SEQUENCE", ScatterND: "SCATTER_ND", BitwiseXor: "BITWISE_XOR",
	placeholderForBigger: "PLACEHOLDER_FOR_GREATER_OP_CODES",
}

// String is the schema's name: CONV_2D.
func (c Code) String() string { return codeNames[c] }

package graphpaint

import "slipway/ui/graphlayout"

// Scene is a graph as it is to be shown. Its contents must not change once it has been given to Arrange.
type Scene struct {
	Nodes []Node
	Edges []Edge
}

// Node is one box.
type Node struct {
	// ID is the caller's name for the node. Drawing.Index finds a node by it; where several have the same, the first.
	ID string
	// Title stands in the header: the operator, or the name of an input or output.
	Title string
	// Name is the node's own name, for tooltips and search; it is not drawn.
	Name string
	// Rows stand under the header, such as Name "W", Value "<64×3×7×7>".
	Rows  []Row
	Class Class
	Kind  graphlayout.Kind
}

// Row is one line of text in a box: a name and its value.
type Row struct{ Name, Value string }

// Edge is a line from one node to another, both given by their indices in Scene.Nodes. Source identifies the tensor, as in
// graphlayout.Edge; Label, such as the tensor's shape, is drawn once for each tensor.
type Edge struct {
	From, To int
	Source   int
	Label    string
}

// Class decides the colour of a node's header.
type Class uint8

// The classes of nodes.
const (
	Other Class = iota
	Layer
	Activation
	Pool
	Normalization
	Shape
	Quantize
	Attention
	Constant
	Port // an input or output of the graph
	classes
)

var className = [classes]string{
	"other", "layer", "activation", "pool", "normalization", "shape", "quantization", "attention",
	"constant", "input or output",
}

// String is the class's name in the user interface.
func (c Class) String() string {
	if c >= classes {
		c = Other
	}
	return className[c]
}

var classOfOp = map[string]Class{
	"Conv": Layer, "ConvTranspose": Layer, "DeformConv": Layer, "Gemm": Layer, "MatMul": Layer, "Einsum": Layer,
	"FusedConv": Layer, "FusedGemm": Layer, "LSTM": Layer, "GRU": Layer, "RNN": Layer, "Embedding": Layer,
	"ConvInteger": Layer, "MatMulInteger": Layer, "QLinearConv": Layer, "QLinearMatMul": Layer,

	"Relu": Activation, "LeakyRelu": Activation, "PRelu": Activation, "Elu": Activation, "Selu": Activation, "Celu": Activation,
	"Clip": Activation, "Sigmoid": Activation, "HardSigmoid": Activation, "HardSwish": Activation, "Swish": Activation,
	"Silu": Activation, "Gelu": Activation, "Mish": Activation, "Softplus": Activation, "Softsign": Activation,
	"Tanh": Activation, "Softmax": Activation, "LogSoftmax": Activation, "Hardmax": Activation, "ThresholdedRelu": Activation,
	"Erf": Activation,

	"MaxPool": Pool, "AveragePool": Pool, "GlobalAveragePool": Pool, "GlobalMaxPool": Pool, "LpPool": Pool, "GlobalLpPool": Pool,
	"MaxRoiPool": Pool, "RoiAlign": Pool, "MaxUnpool": Pool,

	"BatchNormalization": Normalization, "InstanceNormalization": Normalization, "LayerNormalization": Normalization,
	"GroupNormalization": Normalization, "RMSNormalization": Normalization, "SimplifiedLayerNormalization": Normalization,
	"LRN": Normalization, "LpNormalization": Normalization, "MeanVarianceNormalization": Normalization, "Dropout": Normalization,

	"Reshape": Shape, "Transpose": Shape, "Flatten": Shape, "Squeeze": Shape, "Unsqueeze": Shape, "Concat": Shape, "Split": Shape,
	"Slice": Shape, "Gather": Shape, "GatherElements": Shape, "GatherND": Shape, "Scatter": Shape, "ScatterElements": Shape,
	"ScatterND": Shape, "Expand": Shape, "Tile": Shape, "Pad": Shape, "Shape": Shape, "Size": Shape, "Resize": Shape,
	"Upsample": Shape, "SpaceToDepth": Shape, "DepthToSpace": Shape, "Identity": Shape, "Cast": Shape, "CastLike": Shape,
	"ReverseSequence": Shape, "Compress": Shape,

	"QuantizeLinear": Quantize, "DequantizeLinear": Quantize, "DynamicQuantizeLinear": Quantize, "FakeQuantize": Quantize,

	"Attention": Attention, "MultiHeadAttention": Attention, "GroupQueryAttention": Attention, "RotaryEmbedding": Attention,
	"ScaledDotProductAttention": Attention,

	"Constant": Constant, "ConstantOfShape": Constant, "Range": Constant, "EyeLike": Constant,
}

// ClassOf is the class of an operator, given by its ONNX name; Other where the name is not known.
func ClassOf(op string) Class { return classOfOp[op] }

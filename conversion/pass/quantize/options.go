package quantize

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Options of static quantization.
type Options struct {
	Method          string   `yaml:"method,omitempty" json:"method,omitempty" key:"method" title:"Calibration" help:"How an activation's range is chosen from what was seen; auto tries them on the model" choices:"auto|minmax|percentile|entropy|mse"`
	Tighten         float64  `yaml:"tighten" json:"tighten" key:"tighten" title:"Tighten" help:"How far the extremes seen are drawn towards their mean over the inputs: rare outliers then cost less precision" min:"0" max:"1" step:"0.05" when:"method=minmax"`
	Percentile      float64  `yaml:"percentile,omitempty" json:"percentile,omitempty" key:"percentile" title:"Percentile" help:"Share of the values that lie inside the range" unit:"%" min:"90" max:"100" step:"0.001" when:"method=percentile"`
	Activation      string   `yaml:"activation,omitempty" json:"activation,omitempty" key:"activation" title:"Activations" help:"auto: what is fast on the target" choices:"auto|u8|i8|i8-symmetric" more:"true"`
	Weights         string   `yaml:"weights,omitempty" json:"weights,omitempty" key:"weights" title:"Weight scales" help:"max: the largest weight of a channel; mse: the scale with the least squared error" choices:"max|mse" more:"true"`
	PerChannel      bool     `yaml:"per_channel" json:"per_channel" key:"per_channel" title:"Scale per channel" help:"One weight scale for each output channel" more:"true"`
	Bias            string   `yaml:"bias,omitempty" json:"bias,omitempty" key:"bias" title:"Biases" help:"auto: what the target expects" choices:"auto|i32|float" more:"true"`
	BiasCorrection  bool     `yaml:"bias_correction" json:"bias_correction" key:"bias_correction" title:"Bias correction" help:"Moves biases by the mean error that rounding the weights makes" more:"true"`
	ReduceRange     bool     `yaml:"reduce_range" json:"reduce_range,omitempty" key:"reduce_range" title:"7-bit weights" help:"For processors whose 8-bit products saturate (x86 without VNNI)" more:"true"`
	KeepFloat       []string `yaml:"keep_float,omitempty,flow" json:"keep_float,omitempty" key:"keep_float" title:"Keep in float" help:"Layers that are not quantized"`
	Ops             []string `yaml:"ops,omitempty,flow" json:"ops,omitempty" key:"ops" title:"Only these operators" help:"Empty: all that the target computes in integers" more:"true"`
	HistogramInputs int      `yaml:"histogram_inputs,omitempty" json:"histogram_inputs,omitempty" key:"histogram_inputs" title:"Inputs for histograms" help:"At most so many calibration inputs are looked at element by element" min:"1" max:"10000" more:"true"`

	Profile *Profile         `yaml:"-" json:"-" key:"-"` // required
	Stats   map[string]Stats `yaml:"-" json:"-" key:"-"` // by value name; required by the pass

	// cutFrom and cutTo bound the tensors, as shares of all in the graph's order,
	// whose ranges follow Method; the others' hold all that was seen. Equal: all
	// follow it.
	cutFrom, cutTo float64
	headroom       float64             // of extremes beyond those seen
	memo           *memo               // nil: nothing is kept from one rewrite to the next
	rounded        map[layerKey][]int8 // compensated weights; nil: each to the nearest
	smooth         *smoothing          // nil: channels stay as they are
}

// Defaults are the settings that keep most of the accuracy.
func Defaults(p *Profile) *Options {
	return &Options{
		Method: "auto", Tighten: 0.1, Percentile: 99.999, Activation: "auto", Weights: "max", PerChannel: true, Bias: "auto",
		BiasCorrection: true, HistogramInputs: 8, Profile: p,
	}
}

// histograms reports whether the method looks at more than extremes. Method
// "auto" is Auto's to decide; without that it is "minmax".
func (o *Options) histograms() bool {
	return o.Method != "" && o.Method != "minmax" && o.Method != "auto"
}

// extremes are options whose ranges hold all that was seen.
func (o *Options) extremes() *Options {
	whole := *o
	whole.Method, whole.Tighten, whole.cutFrom, whole.cutTo = "minmax", -o.headroom, 0, 0
	return &whole
}

// qmax is the largest integer of the weights.
func (o *Options) qmax() float32 {
	if o.ReduceRange {
		return 64
	}
	return 127
}

func (o *Options) keeps(n *ir.Node) bool {
	return o.smooth.makes(n) || slices.Contains(o.KeepFloat, n.Name) || slices.ContainsFunc(n.Origin, func(s string) bool { return slices.Contains(o.KeepFloat, s) })
}

// role is how an operator takes part in an integer graph.
type role uint8

const (
	float   role = iota // computed in float
	product             // products with constant weights: Conv, Gemm, MatMul
	combine             // elementwise with several tensors: Add, Mul
	single              // one tensor to another with a scale of its own: pools, Sigmoid
	same                // input and output share a scale, values may be averaged: AveragePool in TFLite
	mover               // moves elements: Reshape, MaxPool
	joint               // all inputs and the output share a scale: Concat
)

// fixed is a scale and zero point that a format prescribes for an output.
type fixed struct {
	scale float64
	zero  int64
}

// Profile is what one target's runtime computes in integers, and how.
type Profile struct {
	Name string
	// Activation is the fast element type of activations; asymmetric.
	Activation tensor.DType
	// symmetric: zero points are always 0; other kinds of activation cannot be
	// asked for.
	symmetric bool
	roles     map[string]role
	// outputs: results of quantized operators are quantized too, and Relu and
	// Clip disappear into their ranges. Without it only inputs are.
	outputs bool
	// everything: operators are quantized wherever they stand, not only next to
	// products.
	everything bool
	// hoist: a tensor is quantized before the movers that lead to it, not behind.
	hoist bool
	// borders: the border that a convolution adds costs time where zero is not
	// the integer 0.
	borders bool
	// rowsInt32: the row that an Add adds to a MatMul has 32 bits as biases do.
	rowsInt32 bool
	// floatResults: products that can give their result in float.
	floatResults []string
	biasInt32    bool
	fixedOutputs map[string]fixed
	// rows: a MatMul takes a constant row that is added behind it as its bias.
	rows bool
	// inParts lists recognised operators that integers compute only written out,
	// whole those that stay in float and are taken apart, if at all, only when the
	// rest is quantized.
	inParts, whole []string
	// wrong says why the runtime does not compute a product that fits in integers; ""
	// where it does. nil: it computes all.
	wrong func(n *ir.Node) string
	// floatPairs: products of two computed matrices, and what weighs one by the
	// other in attention, stay in float. XNNPACK takes them, and a Softmax, only so;
	// LiteRT's own integer kernels are slower than that, and weights in steps of
	// 1/256 lose most of what many tokens share.
	floatPairs bool
	// softmaxRunsOver: a Softmax of integers has room for steps of 1/256, not for
	// much smaller ones.
	softmaxRunsOver bool
	// lone is what all answers taken together, where those far larger than all others
	// decide, weigh when Auto chooses, beside the mean of the single ones: more where
	// people come from a quantizer that keeps all it saw (onnxruntime.quantization)
	// than where it takes the mean of the extremes (NNCF, AI Edge Quantizer).
	lone float64
}

func roles(m map[role][]string) map[string]role {
	out := map[string]role{}
	for r, ops := range m {
		for _, o := range ops {
			out[o] = r
		}
	}
	return out
}

// Profiles by target name.
var Profiles = map[string]*Profile{"onnx": ONNXRuntime, "openvino": OpenVINO, "tflite": TFLite, "tensorrt": TensorRT, "ncnn": NCNN}

// InParts reports whether static quantization wants the operator written out.
func (p *Profile) InParts(op string) bool { return slices.Contains(p.inParts, op) }

// Whole reports whether static quantization leaves the operator in float, as one.
func (p *Profile) Whole(op string) bool { return slices.Contains(p.whole, op) }

// ONNXRuntime is ONNX Runtime's CPU provider: Q and DQ around every operator
// that has an integer kernel, unsigned activations.
var ONNXRuntime = &Profile{
	Name: "onnx", lone: 1.0 / 3, Activation: tensor.Uint8, outputs: true, biasInt32: true, rowsInt32: true, softmaxRunsOver: true, floatResults: []string{"Gemm", "MatMul"},
	roles: roles(map[role][]string{
		product: {"Conv", "MatMul", "Gemm"},
		combine: {"Add", "Mul"},
		single:  {"AveragePool", "GlobalAveragePool", "Sigmoid", "LeakyRelu"},
		mover: {
			"MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Pad", "DepthToSpace", "SpaceToDepth", "Gather", "Resize", "Expand",
		},
		joint: {"Concat"},
	}),
}

// OpenVINO is OpenVINO's CPU plugin: a FakeQuantize on every input of a
// quantized operator; the plugin finds the outputs itself.
var OpenVINO = &Profile{
	Name: "openvino", lone: 0.1, Activation: tensor.Uint8, hoist: true, borders: true, inParts: []string{"Attention"}, wrong: groupedPoints,
	roles: roles(map[role][]string{
		product: {"Conv", "ConvTranspose", "MatMul", "Gemm"},
		combine: {"Add", "Mul", "Sub"},
		single:  {"AveragePool", "GlobalAveragePool", "ReduceMean"},
		mover: {
			"MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Pad", "DepthToSpace", "SpaceToDepth", "Identity",
		},
		joint: {"Concat"},
	}),
}

// TFLite is the full integer specification of TensorFlow Lite.
var TFLite = &Profile{
	Name: "tflite", lone: 0.1, Activation: tensor.Int8, outputs: true, everything: true, biasInt32: true, rows: true, wrong: constantFirst,
	roles: roles(map[role][]string{
		product: {"Conv", "ConvTranspose", "MatMul", "Gemm"},
		combine: {"Add", "Mul", "Sub"},
		single: {
			"GlobalAveragePool", "ReduceMean", "ReduceSum", "Sigmoid", "Tanh", "LeakyRelu", "PRelu", "HardSwish", "Relu", "Clip", "Softmax", "LogSoftmax", "Elu",
		},
		same: {"AveragePool"},
		mover: {
			"MaxPool", "GlobalMaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Pad", "DepthToSpace", "SpaceToDepth",
			"Gather", "Resize", "Identity", "ReduceMax", "ReduceMin", "Tile", "Expand",
		},
		joint: {"Concat", "Max", "Min"},
	}),
	inParts: []string{"Swish"}, whole: []string{"Attention"}, floatPairs: true,
	fixedOutputs: map[string]fixed{
		"Softmax": {1.0 / 256, -128}, "Sigmoid": {1.0 / 256, -128}, "Tanh": {1.0 / 128, 0}, "LogSoftmax": {16.0 / 256, 127},
	},
}

// activation is the element type and symmetry that the options ask for.
func (o *Options) activation() (d tensor.DType, symmetric bool) {
	if o.Profile.symmetric {
		return o.Profile.Activation, true
	}
	switch o.Activation {
	case "u8":
		return tensor.Uint8, false
	case "i8":
		return tensor.Int8, false
	case "i8-symmetric":
		return tensor.Int8, true
	}
	return o.Profile.Activation, false
}

func (o *Options) biasInt32() bool {
	if o.Profile.symmetric {
		return false
	}
	switch o.Bias {
	case "i32":
		return true
	case "float":
		return false
	}
	return o.Profile.biasInt32
}

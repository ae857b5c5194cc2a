package tensorrt

import (
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/target/internal/quantized"
	"slipway/conversion/tensor"
)

// operators are those of the parser's support matrix (onnx-tensorrt,
// docs/operators.md) that work on tensors without sequences or random numbers.
var operators = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(`
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast CastLike Ceil Celu Clip
Concat ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DeformConv DepthToSpace DequantizeLinear Div Dropout Einsum
Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool
GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization GRU HardSigmoid HardSwish Hardmax Identity If
InstanceNormalization IsInf IsNaN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LRN LSTM LpNormalization
Loop LpPool MatMul Max MaxPool Mean Min Mish Mod Mul Neg NonMaxSuppression NonZero Not OneHot Or
PRelu Pad Pow QuantizeLinear RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ReverseSequence RoiAlign Round Scan ScatterElements
ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze
Sub Sum Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor`) {
		m[s] = true
	}
	return m
}()

// constants are inputs that must be known when the engine is built.
var constants = map[string][]int{
	"CumSum": {1}, "Squeeze": {1}, "Unsqueeze": {1}, "Slice": {3}, "Pad": {3},
	"ReduceL1": {1}, "ReduceL2": {1}, "ReduceLogSum": {1}, "ReduceLogSumExp": {1}, "ReduceMax": {1}, "ReduceMean": {1},
	"ReduceMin": {1}, "ReduceProd": {1}, "ReduceSum": {1}, "ReduceSumSquare": {1}, "OneHot": {1}, "Resize": {2}, "Dropout": {2},
}

// types are the element types of a strongly typed network.
var types = []tensor.DType{
	tensor.Float32, tensor.Float16, tensor.BFloat16, tensor.Int64, tensor.Int32, tensor.Int8, tensor.Int4, tensor.Uint8, tensor.Bool, tensor.Float8E4M3FN,
}

// refusal says why TensorRT does not take n; "" where it does.
func refusal(n *ir.Node) string {
	if !operators[n.Op] {
		return "TensorRT has no operator " + n.Op
	}
	for _, v := range slices.Concat(n.Inputs, n.Outputs) {
		if v != nil && v.DType != tensor.Invalid && !slices.Contains(types, v.DType) {
			return fmt.Sprintf("TensorRT has no tensors of type %v, which %s uses", v.DType, n.Op)
		}
	}
	if why := typed(n); why != "" {
		return why
	}
	for _, i := range constants[n.Op] {
		if v := n.In(i); v != nil && !v.IsConst() && !known(v) {
			return fmt.Sprintf("TensorRT needs input %d of %s when the engine is built; here it is computed", i, n.Op)
		}
	}
	if check := checks[n.Op]; check != nil {
		return check(n)
	}
	return ""
}

func known(v *ir.Value) bool {
	return v.Content != nil && !slices.ContainsFunc(v.Content, func(d ir.Dim) bool { return !d.IsStatic() })
}

// checks are the restrictions of single operators.
var checks = map[string]func(*ir.Node) string{
	"MaxPool": pool, "AveragePool": pool,
	"LpPool": func(n *ir.Node) string {
		if p := n.Int("p", 2); p != 1 && p != 2 {
			return fmt.Sprintf("TensorRT's LpPool has the norms 1 and 2, not %d", p)
		}
		return pool(n)
	},
	"Dropout": func(n *ir.Node) string {
		if v := n.In(2); v != nil && v.IsConst() && !slices.Equal(v.Const.Float64s(), []float64{0}) {
			return "TensorRT's Dropout does not train"
		}
		return ""
	},
	"MatMul": func(n *ir.Node) string {
		if n.In(0).Rank() == 1 && n.In(1).Rank() > 2 {
			return "TensorRT's MatMul takes no vector in front of a stack of matrices"
		}
		return ""
	},
	"Range": func(n *ir.Node) string {
		for _, v := range n.Inputs {
			counted := v.Node() != nil && v.Node().Op == "Cast" && v.Node().In(0).DType.IsInt()
			if v.DType.IsFloat() && !v.IsConst() && !counted {
				return "TensorRT's Range does not count by computed numbers with a fraction"
			}
		}
		return ""
	},
	"ScatterElements": func(n *ir.Node) string {
		if n.Str("reduction", "none") != "none" {
			return "TensorRT's ScatterElements does not reduce"
		}
		return ""
	},
	"Resize":         resize,
	"QuantizeLinear": quantizer, "DequantizeLinear": quantizer,
	"Conv": weights, "ConvTranspose": weights,
	"TopK": func(n *ir.Node) string {
		if n.Int("sorted", 1) != 1 {
			return "TensorRT's TopK always sorts"
		}
		return ""
	},
	"ScatterND": func(n *ir.Node) string {
		if n.Str("reduction", "none") != "none" {
			return "TensorRT's ScatterND does not reduce"
		}
		return ""
	},
	"SpaceToDepth": func(n *ir.Node) string {
		if n.Str("mode", "DCR") != "DCR" {
			return "TensorRT's SpaceToDepth has no mode"
		}
		return ""
	},
	"GridSample": func(n *ir.Node) string {
		if n.In(0).Rank() != 4 {
			return "TensorRT's GridSample takes inputs of rank 4 only"
		}
		return ""
	},
	"Scan": func(n *ir.Node) string {
		for _, b := range n.Bodies() {
			if slices.ContainsFunc(b.Nodes, func(x *ir.Node) bool { return x.Op == "Scan" }) {
				return "TensorRT's Scan holds no other Scan"
			}
		}
		return ""
	},
	"RNN": recurrent, "GRU": recurrent, "LSTM": recurrent,
	"Loop": func(n *ir.Node) string {
		for i := range n.Outputs {
			if v := n.Out(i); v != nil && v.Shape == nil {
				return "TensorRT's Loop gives results of known rank only"
			}
		}
		if v := n.In(0); v != nil && v.Node() != nil && v.Node().Op == "Cast" && v.Node().In(0).DType.IsFloat() {
			return "TensorRT's Loop takes no number of turns that comes from floating point"
		}
		return ""
	},
	"LayerNormalization": func(n *ir.Node) string {
		if n.Out(1) != nil || n.Out(2) != nil {
			return "TensorRT's LayerNormalization has one output"
		}
		return ""
	},
}

// recurrent: what the parser's importers of RNN, GRU and LSTM assert.
func recurrent(n *ir.Node) string {
	acts, _ := n.Attrs["activations"].([]string)
	half := len(acts) / 2
	switch {
	case n.Int("input_forget", 0) != 0:
		return "TensorRT's LSTM does not couple input and forget gates"
	case n.Str("direction", "") == "bidirectional" && !slices.Equal(acts[:half], acts[half:]):
		return "TensorRT's " + n.Op + " has the same activations in both directions"
	}
	return ""
}

func pool(n *ir.Node) string {
	switch r := n.In(0).Rank(); {
	case r != 4 && r != 5:
		return fmt.Sprintf("TensorRT's %s takes inputs of rank 4 and 5, not %d", n.Op, r)
	case n.Out(1) != nil:
		return "TensorRT's MaxPool does not give indices"
	case slices.ContainsFunc(n.Ints("dilations"), func(d int64) bool { return d != 1 }):
		return fmt.Sprintf("TensorRT's %s has no dilations", n.Op)
	}
	return ""
}

func resize(n *ir.Node) string {
	mode, transform, nearest := n.Str("mode", "nearest"), n.Str("coordinate_transformation_mode", "half_pixel"), n.Str("nearest_mode", "round_prefer_floor")
	switch {
	case mode != "nearest" && mode != "linear":
		return "TensorRT's Resize has no mode " + mode
	case !slices.Contains([]string{"half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn", "asymmetric", "align_corners"}, transform):
		return "TensorRT's Resize has no coordinate transformation " + transform
	case mode == "nearest" && !slices.Contains([]string{"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"}, nearest):
		return "TensorRT's Resize has no nearest mode " + nearest
	case n.Int("antialias", 0) != 0:
		return "TensorRT's Resize has no antialiasing"
	case n.Str("keep_aspect_ratio_policy", "stretch") != "stretch":
		return "TensorRT's Resize only stretches"
	case n.In(2) != nil && n.In(2).IsConst() && n.In(2).Const.Len() > 0:
		for i, a := range n.Ints("axes") {
			if int(a) != i || len(n.Ints("axes")) != n.In(0).Rank() {
				return "TensorRT's Resize takes scales for all axes in order"
			}
		}
	}
	return ""
}

// quantizer: 8-bit signed integers, zero point 0, constant scales. A 32-bit bias
// is let through, as Prepare makes it float.
func quantizer(n *ir.Node) string {
	x := n.In(0)
	if n.Op == "DequantizeLinear" && x.IsConst() && x.DType == tensor.Int32 && n.In(1).IsConst() && (n.In(2) == nil || n.In(2).IsConst()) {
		return ""
	}
	d := x.DType
	if n.Op == "QuantizeLinear" {
		d = n.Out(0).DType
	}
	switch {
	case d != tensor.Int8 && d != tensor.Int4 && d != tensor.Float8E4M3FN:
		return fmt.Sprintf("TensorRT's %s takes int8, int4 and float8, not %v", n.Op, d)
	case !n.In(1).IsConst():
		return fmt.Sprintf("TensorRT's %s needs a constant scale", n.Op)
	}
	if z := n.In(2); z != nil {
		if !z.IsConst() || slices.ContainsFunc(z.Const.Float64s(), func(x float64) bool { return x != 0 }) {
			return fmt.Sprintf("TensorRT's %s takes the zero point 0 only", n.Op)
		}
	}
	if slices.ContainsFunc(n.In(1).Const.Float64s(), func(x float64) bool { return !(x > 0) }) {
		return fmt.Sprintf("TensorRT's %s needs positive scales", n.Op)
	}
	return ""
}

// weights: a convolution with integer weights needs an integer input. Constant ones are
// let through, as Prepare makes them float where the input is.
func weights(n *ir.Node) string {
	if dequantized(n.In(1)) && !onGrid(n.In(0)) && !quantized.Constant(n.In(1).Node()) {
		return integerWeights(n)
	}
	return ""
}

func integerWeights(n *ir.Node) string {
	return "TensorRT's " + n.Op + " takes integer weights only together with an integer input"
}

func dequantized(v *ir.Value) bool {
	return v != nil && v.Node() != nil && v.Node().Op == "DequantizeLinear"
}

// movers only move elements, so that TensorRT carries a DequantizeLinear in
// front of them to behind them.
var movers = []string{"MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Concat"}

// onGrid reports whether v holds 8-bit values, up to moving them.
func onGrid(v *ir.Value) bool {
	for v != nil && v.Node() != nil {
		n := v.Node()
		if n.Op == "DequantizeLinear" {
			return true
		}
		if !slices.Contains(movers, n.Op) {
			return false
		}
		v = n.In(0)
	}
	return false
}

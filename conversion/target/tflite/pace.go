package tflite

import (
	"context"
	"fmt"
	"slices"

	"slipway/conversion/ir"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/target"
)

// delegated are the operators that XNNPACK takes over in floating point (its
// delegate's README, limitations left out). All others run in LiteRT's own
// kernels, and the graph is cut around them.
var delegated = map[fb.Code]bool{
	fb.Abs: true, fb.Add: true, fb.AveragePool2D: true, fb.BatchMatMul: true, fb.Ceil: true, fb.Concatenation: true, fb.Conv2D: true,
	fb.Cos: true, fb.DepthToSpace: true, fb.DepthwiseConv2D: true, fb.Dequantize: true, fb.Div: true, fb.Elu: true, fb.Exp: true,
	fb.FullyConnected: true, fb.Floor: true, fb.Gelu: true, fb.HardSwish: true, fb.LeakyRelu: true, fb.Log: true,
	fb.Logistic: true, fb.MaxPool2D: true, fb.Maximum: true, fb.Mean: true, fb.Minimum: true, fb.Mul: true, fb.Neg: true, fb.Pad: true,
	fb.Prelu: true, fb.Quantize: true, fb.Relu: true, fb.Relu6: true, fb.ReluN1To1: true, fb.Reshape: true, fb.ResizeBilinear: true,
	fb.Round: true, fb.Rsqrt: true, fb.Sin: true, fb.Slice: true, fb.Softmax: true, fb.SpaceToDepth: true, fb.Split: true, fb.Sqrt: true,
	fb.Square: true, fb.SquaredDifference: true, fb.StridedSlice: true, fb.Sub: true, fb.Sum: true, fb.Tanh: true, fb.Transpose: true,
	fb.TransposeConv: true,
}

var _ target.Pacer = Target{}

// Slow lists the operators that XNNPACK leaves to the runtime's own kernels.
func (Target) Slow(ctx context.Context, g *ir.Graph, o target.Options) ([]target.Slow, string, error) {
	w := newWriter(g, o)
	if err := w.build(ctx); err != nil {
		return nil, "", err
	}
	// A tensor is of known size unless an operator computes what it depends on.
	late := map[int]bool{}
	var list []target.Slow
	seen := map[target.Slow]bool{}
	parts, taken, inside := 0, 0, false
	for i := range w.m.Operators {
		op := &w.m.Operators[i]
		why := w.whyNotDelegated(op, late)
		if len(op.Outputs) > 0 && (computesSize(w.m, op) || slices.ContainsFunc(op.Inputs, func(t int) bool { return t >= 0 && late[t] })) {
			for _, t := range op.Outputs {
				late[t] = true
			}
		}
		if why == "" {
			taken++
			if !inside {
				parts++
			}
			inside = true
			continue
		}
		inside = false
		layers := w.layers[w.m.Tensors[op.Outputs[0]].Name]
		if len(layers) == 0 {
			layers = []string{w.m.Tensors[op.Outputs[0]].Name}
		}
		s := target.Slow{Layer: layers[0], Op: op.Code.String(), Why: why}
		if !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	remark := fmt.Sprintf("XNNPACK takes %d of %d operators, in %d parts", taken, len(w.m.Operators), parts)
	if parts == 1 {
		remark = fmt.Sprintf("XNNPACK takes %d of %d operators, in one part", taken, len(w.m.Operators))
	}
	return list, remark, nil
}

// whyNotDelegated is "" where XNNPACK takes an operator.
func (w *writer) whyNotDelegated(op *fb.Operator, late map[int]bool) string {
	if !delegated[op.Code] {
		return "is not among XNNPACK's operators"
	}
	for _, t := range append(slices.Clone(op.Inputs), op.Outputs...) {
		if t < 0 {
			continue
		}
		x := w.m.Tensors[t]
		switch {
		case late[t]:
			return "its sizes are known only while the model runs"
		case len(x.Shape) > 6:
			return fmt.Sprintf("has %d dimensions", len(x.Shape))
		case x.Type == fb.Int64 || x.Type == fb.Bool, x.Type == fb.Int32 && x.Buffer == 0:
			return "works on " + map[fb.TensorType]string{fb.Int64: "64-bit integers", fb.Int32: "32-bit integers", fb.Bool: "booleans"}[x.Type]
		}
	}
	if computesSize(w.m, op) {
		return "its result's size is computed"
	}
	switch op.Code {
	case fb.Conv2D, fb.DepthwiseConv2D, fb.FullyConnected:
		if w.m.Tensors[op.Inputs[1]].Buffer == 0 && !w.dequantizes(op.Inputs[1]) {
			return "its weights are computed"
		}
	case fb.Concatenation:
		if len(op.Inputs) > 4 && w.m.Tensors[op.Outputs[0]].Type == fb.Int8 {
			return "joins more than four quantized tensors"
		}
	}
	return ""
}

// dequantizes reports whether t is a stored weight that is widened while loading.
func (w *writer) dequantizes(t int) bool {
	for i := range w.m.Operators {
		if op := &w.m.Operators[i]; op.Code == fb.Dequantize && op.Outputs[0] == t {
			return w.m.Tensors[op.Inputs[0]].Buffer != 0
		}
	}
	return false
}

// computesSize reports whether the operator's second operand is a size that
// other operators compute.
func computesSize(m *fb.Model, op *fb.Operator) bool {
	switch op.Code {
	case fb.Reshape, fb.ResizeBilinear, fb.ResizeNearest, fb.BroadcastTo:
		return len(op.Inputs) > 1 && m.Tensors[op.Inputs[1]].Buffer == 0
	case fb.Fill:
		return m.Tensors[op.Inputs[0]].Buffer == 0
	}
	return false
}

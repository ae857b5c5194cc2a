package tflite

import (
	"fmt"
	"slices"

	fb "slipway/conversion/schema/tflite"
)

// taken says what XNNPACK's delegate (xnnpack_delegate.cc of LiteRT, its
// Visit… functions) demands of an operator that it knows. All others run in
// LiteRT's own kernels, and the graph is cut around them.
type taken struct {
	int8 bool // also on int8 tensors
	rank int  // that its operands must have; 0: up to maxRank
	more func(w *writer, op *fb.Operator) string
}

var delegated = map[fb.Code]taken{
	fb.Abs: {}, fb.Ceil: {}, fb.Cos: {}, fb.Exp: {}, fb.Floor: {}, fb.Gelu: {}, fb.HardSwish: {}, fb.Log: {}, fb.Neg: {},
	fb.Relu: {}, fb.Relu6: {}, fb.ReluN1To1: {}, fb.Round: {}, fb.Rsqrt: {}, fb.Sin: {}, fb.Sqrt: {}, fb.Square: {},
	fb.Elu: {int8: true}, fb.Logistic: {int8: true}, fb.Tanh: {int8: true},
	fb.LeakyRelu: {int8: true, more: leakyTaken}, fb.Quantize: {int8: true, more: quantizeTaken}, fb.Dequantize: {int8: true},

	fb.Add: {int8: true, more: sumTaken}, fb.Sub: {int8: true, more: sumTaken}, fb.Mul: {int8: true, more: productTaken},
	fb.Div: {}, fb.Maximum: {}, fb.Minimum: {}, fb.SquaredDifference: {}, fb.Prelu: {more: constantOperand},

	fb.Conv2D: {int8: true, rank: 4, more: weighted}, fb.DepthwiseConv2D: {int8: true, rank: 4, more: weighted},
	fb.TransposeConv: {int8: true, rank: 4, more: weighted}, fb.FullyConnected: {int8: true, more: weighted}, fb.BatchMatMul: {int8: true},
	fb.AveragePool2D: {rank: 4, more: poolTaken}, fb.MaxPool2D: {int8: true, rank: 4, more: poolTaken},
	fb.Softmax: {}, fb.Mean: {int8: true}, fb.Sum: {int8: true}, fb.ReduceMax: {int8: true}, fb.ReduceMin: {int8: true},

	fb.Concatenation: {int8: true, more: counted(2, maxJoined, "joins", func(op *fb.Operator) int { return len(op.Inputs) })},
	fb.Split:         {int8: true, more: counted(2, maxParts, "makes", func(op *fb.Operator) int { return len(op.Outputs) })},
	fb.StridedSlice:  {int8: true, more: stepless}, fb.Slice: {int8: true, more: sized}, fb.Pad: {int8: true, more: constantOperand},
	fb.Reshape: {int8: true}, fb.Transpose: {int8: true, more: constantOperand}, fb.ResizeBilinear: {int8: true, rank: 4, more: constantOperand},
	fb.DepthToSpace: {int8: true, rank: 4}, fb.SpaceToDepth: {int8: true, rank: 4},
}

// whyNotDelegated is "" where XNNPACK takes an operator.
func (w *writer) whyNotDelegated(op *fb.Operator, late map[int]bool) string {
	rule, ok := delegated[op.Code]
	if !ok {
		return "is not among XNNPACK's operators"
	}
	if op.Code == fb.Dequantize && w.m.Tensors[op.Inputs[0]].Buffer != 0 {
		return "" // a stored weight, widened while loading
	}
	for _, t := range append(slices.Clone(op.Inputs), op.Outputs...) {
		if t < 0 {
			continue
		}
		x := w.m.Tensors[t]
		switch {
		case late[t]:
			return "its sizes are known only while the model runs"
		case len(x.Shape) > maxRank:
			return fmt.Sprintf("has %d dimensions", len(x.Shape))
		case slices.Contains(x.Shape, 0):
			return "has no elements"
		case x.Type == fb.Int64 || x.Type == fb.Bool, x.Type == fb.Int32 && x.Buffer == 0:
			return "works on " + map[fb.TensorType]string{fb.Int64: "64-bit integers", fb.Int32: "32-bit integers", fb.Bool: "booleans"}[x.Type]
		case (x.Type == fb.Int8 || x.Type == fb.Uint8) && !rule.int8:
			return "is taken on real numbers alone"
		case (x.Type == fb.Int8 || x.Type == fb.Uint8) && x.Quant == nil:
			return "works on 8-bit integers"
		}
	}
	if computesSize(w.m, op) {
		return "its result's size is computed"
	}
	if d := w.m.Tensors[op.Outputs[0]].Shape; rule.rank > 0 && len(d) != rule.rank {
		return fmt.Sprintf("has %d dimensions", len(d))
	}
	if rule.more == nil {
		return ""
	}
	return rule.more(w, op)
}

// weighted: weights and bias are constants, and a convolution has a bias.
func weighted(w *writer, op *fb.Operator) string {
	if w.m.Tensors[op.Inputs[1]].Buffer == 0 && !w.dequantizes(op.Inputs[1]) {
		return "its weights are computed"
	}
	at := 2
	if op.Code == fb.TransposeConv {
		at = 3
	}
	biased := len(op.Inputs) > at && op.Inputs[at] >= 0
	switch {
	case !biased && (op.Code == fb.Conv2D || op.Code == fb.DepthwiseConv2D):
		return "has no bias"
	case biased && w.m.Tensors[op.Inputs[at]].Buffer == 0 && !w.dequantizes(op.Inputs[at]):
		return "its bias is computed"
	}
	if x, k := w.m.Tensors[op.Inputs[0]], w.m.Tensors[op.Inputs[1]]; op.Code == fb.DepthwiseConv2D && x.Type != k.Type && x.Type == fb.Float32 && k.Type == fb.Int8 {
		return "has int8 weights for real numbers"
	}
	return ""
}

func constantOperand(w *writer, op *fb.Operator) string {
	if w.m.Tensors[op.Inputs[1]].Buffer == 0 && !w.dequantizes(op.Inputs[1]) {
		return "its second operand is computed"
	}
	return ""
}

func poolTaken(_ *writer, op *fb.Operator) string {
	o, _ := op.Options.(fb.Pool2DOptions)
	switch {
	case o.StrideW > o.FilterW || o.StrideH > o.FilterH:
		return "steps over elements between its windows"
	case o.FilterW == 1 && o.FilterH == 1 && max(o.StrideW, o.StrideH) > 1:
		return "its window is one element"
	}
	return ""
}

func counted(least, most int, verb string, count func(*fb.Operator) int) func(*writer, *fb.Operator) string {
	return func(_ *writer, op *fb.Operator) string {
		if n := count(op); n < least || n > most {
			return fmt.Sprintf("%s %d tensors, XNNPACK takes %d to %d", verb, n, least, most)
		}
		return ""
	}
}

func stepless(w *writer, op *fb.Operator) string {
	if o, _ := op.Options.(fb.StridedSliceOptions); o.ShrinkAxisMask != 0 {
		return "drops dimensions"
	}
	for i, name := range [...]string{"start", "end", "step"} {
		if w.m.Tensors[op.Inputs[i+1]].Buffer == 0 {
			return "its " + name + " is computed"
		}
	}
	step := w.m.Buffers[w.m.Tensors[op.Inputs[3]].Buffer].Data
	for i := 0; i+4 <= len(step); i += 4 {
		if !slices.Equal(step[i:i+4], []byte{1, 0, 0, 0}) {
			return "takes steps other than 1"
		}
	}
	return ""
}

// sized: a SLICE tells its sizes, not "all that is left" (-1).
func sized(w *writer, op *fb.Operator) string {
	for _, t := range op.Inputs[1:3] {
		if w.m.Tensors[t].Buffer == 0 {
			return "its bounds are computed"
		}
	}
	size := w.m.Buffers[w.m.Tensors[op.Inputs[2]].Buffer].Data // int32, little-endian
	for i := 3; i < len(size); i += 4 {
		if size[i]&0x80 != 0 {
			return "its size is the rest of a dimension"
		}
	}
	return ""
}

// scaleOf is the scale of an int8 tensor, 0 of another.
func (w *writer) scaleOf(t int) float64 {
	if q := w.m.Tensors[t].Quant; q != nil && len(q.Scale) == 1 && w.m.Tensors[t].Type == fb.Int8 {
		return float64(q.Scale[0])
	}
	return 0
}

// within reports whether ratio is 0 (of no int8 tensors) or from lo up to hi.
func within(ratio, lo, hi float64) bool { return !(ratio > 0) || ratio >= lo && ratio < hi }

const scalesApart = "its scales are too far apart"

func sumTaken(w *writer, op *fb.Operator) string {
	y := w.scaleOf(op.Outputs[0])
	if y > 0 && !(within(w.scaleOf(op.Inputs[0])/y, 1.0/1024, 256) && within(w.scaleOf(op.Inputs[1])/y, 1.0/1024, 256)) {
		return scalesApart
	}
	return ""
}

func productTaken(w *writer, op *fb.Operator) string {
	y := w.scaleOf(op.Outputs[0])
	if y > 0 && !within(w.scaleOf(op.Inputs[0])*w.scaleOf(op.Inputs[1])/y, 1.0/65536, 256) {
		return scalesApart
	}
	return ""
}

func quantizeTaken(w *writer, op *fb.Operator) string {
	x, y := w.m.Tensors[op.Inputs[0]], w.m.Tensors[op.Outputs[0]]
	if x.Type == fb.Float32 {
		return ""
	}
	if x.Type != y.Type {
		return "changes between integer types"
	}
	if s := w.scaleOf(op.Outputs[0]); s > 0 && !within(w.scaleOf(op.Inputs[0])/s, 1.0/256, 128) {
		return scalesApart
	}
	return ""
}

func leakyTaken(w *writer, op *fb.Operator) string {
	o, _ := op.Options.(fb.LeakyReluOptions)
	y := w.scaleOf(op.Outputs[0])
	switch ratio := w.scaleOf(op.Inputs[0]) / max(y, 1e-38); {
	case o.Alpha == 0:
		return "has slope 0"
	case y > 0 && !(within(ratio, 1.0/256, 128) && within(ratio*max(float64(o.Alpha), -float64(o.Alpha)), 1.0/256, 127.99)):
		return scalesApart
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

// parts counts the pieces into which LiteRT cuts the graph for the delegate. It
// gathers in turns all operators of one kind, taken or not, that wait for none
// of the other.
func parts(m *fb.Model, taken []bool) int {
	done := make([]bool, len(m.Operators))
	pending := map[int]bool{} // tensors that an operator has yet to write
	for _, op := range m.Operators {
		for _, t := range op.Outputs {
			pending[t] = true
		}
	}
	ready := func(op *fb.Operator) bool {
		return !slices.ContainsFunc(op.Inputs, func(t int) bool { return pending[t] })
	}
	n, left := 0, len(m.Operators)
	for left > 0 {
		started, kind := false, false
		for again := true; again; {
			again = false
			for i := range m.Operators {
				op := &m.Operators[i]
				if done[i] || started && taken[i] != kind || !ready(op) {
					continue
				}
				if !started {
					started, kind = true, taken[i]
				}
				done[i], again = true, true
				left--
				for _, t := range op.Outputs {
					pending[t] = false
				}
			}
		}
		if !started {
			return n
		}
		if kind {
			n++
		}
	}
	return n
}

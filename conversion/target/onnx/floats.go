package onnx

import (
	"math"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target/internal/quantized"
	"slipway/conversion/target/onnx/faults"
	"slipway/conversion/tensor"
)

// inFloat has layers of a quantized model computed in floats that ONNX Runtime gets
// wrong in integers, and those that have weights in floats, which it would round to
// integers of one step. Before the QuantizeLinear behind such a layer stands a Max of
// one value: it changes nothing, and the runtime neither removes it nor looks through.
// A finding for each reason names the layers.
func inFloat(g *ir.Graph, reg *op.Registry) (diag.List, error) {
	told := &quantized.Told{Code: "onnx.float-layer"}
	for _, part := range quantized.Graphs(g) {
		if err := partInFloat(part, reg, told); err != nil {
			return nil, err
		}
	}
	return told.Findings(), nil
}

// partInFloat does it in a graph or a body, and leaves bodies in it alone.
func partInFloat(g *ir.Graph, reg *op.Registry, told *quantized.Told) error {
	p := g.Edit("onnx", reg.Infer)
	for _, n := range slices.Clone(g.Nodes) {
		in, known := stepBefore(n.In(0))
		if !known {
			continue
		}
		why, apart := "", false
		behind := quantizers(n.Out(0))
		switch n.Op {
		case "Conv", "ConvTranspose", "Gemm":
			var err error
			if why, err = biasFault(p, reg, n, in); err != nil {
				return err
			}
			apart = n.In(1).IsConst()
		case "AveragePool", "Softmax", "GlobalAveragePool":
			if n.Op == "AveragePool" && unpadded(n) {
				p.SetAttr(n, "count_include_pad", nil) // of no padding: the same, and right in integers
			}
			for _, q := range behind {
				if step, ok := q.In(1).ConstScalar(); ok && why == "" {
					why = faults.Integers(n, in, step)
				}
			}
			apart = why != ""
		}
		for _, q := range behind {
			if apart {
				p.SetInput(q, 0, p.Add("Max", nil, []*ir.Value{q.In(0)}, q))
			}
		}
		if why != "" {
			told.Add(n, why)
		}
	}
	return p.Done()
}

// biasFault turns the weights of a layer into floats whose biases the runtime gets
// wrong, and says why. Biases of a Gemm in other steps than it expects become floats,
// which it rounds itself.
func biasFault(p *ir.Patch, reg *op.Registry, n *ir.Node, in float64) (string, error) {
	w, bias := n.In(1).Node(), n.In(2)
	if w == nil || bias == nil || !quantized.Constant(w) || w.In(0).DType.Bits() > 8 {
		return "", nil
	}
	steps := w.In(1).Const.Float32s()
	if b := bias.Node(); n.Op == "Gemm" && b != nil && quantized.Constant(b) && b.In(0).DType == tensor.Int32 && otherSteps(b, in, steps) {
		if err := quantized.Widen(p, reg, n, 2, b); err != nil {
			return "", err
		}
		bias = n.In(2)
	}
	if !bias.IsConst() {
		return "", nil
	}
	why := faults.Bias(bias.Const.Float32s(), in, steps)
	if why == "" {
		return "", nil
	}
	return why, quantized.Widen(p, reg, n, 1, w)
}

// otherSteps reports whether the integers that b dequantizes are not biases for an
// input with steps of in and weights with the given steps.
func otherSteps(b *ir.Node, in float64, weights []float32) bool {
	if z := b.In(2); z != nil && slices.ContainsFunc(z.Const.Float64s(), func(z float64) bool { return z != 0 }) {
		return true
	}
	steps := b.In(1).Const.Float32s()
	for i := range max(len(steps), len(weights)) {
		want := in * float64(weights[i%len(weights)])
		if math.Abs(float64(steps[i%len(steps)])-want) > 1e-4*want {
			return true
		}
	}
	return false
}

func unpadded(n *ir.Node) bool {
	auto := n.Str("auto_pad", "NOTSET")
	return auto == "VALID" || auto == "NOTSET" && !slices.ContainsFunc(n.Ints("pads"), func(p int64) bool { return p != 0 })
}

// passedThrough lists the operators that the runtime moves DequantizeLinear and
// QuantizeLinear past, or removes.
var passedThrough = map[string]bool{
	"Identity": true, "Dropout": true, "Cast": true, "Reshape": true, "Transpose": true, "Squeeze": true, "Unsqueeze": true, "Slice": true, "MaxPool": true,
}

// stepBefore is the step of the integers that v stands for.
func stepBefore(v *ir.Value) (float64, bool) {
	for v != nil && v.Node() != nil {
		n := v.Node()
		if quantized.Data(n) {
			return n.In(1).ConstScalar()
		}
		if !passedThrough[n.Op] {
			break
		}
		v = n.In(0)
	}
	return 0, false
}

// quantizers are the nodes that make 8-bit integers of v.
func quantizers(v *ir.Value) []*ir.Node {
	var out []*ir.Node
	for _, u := range v.Uses() {
		switch n := u.Node; {
		case u.Index != 0:
		case n.Op == "QuantizeLinear" && n.Out(0).DType.Bits() <= 8:
			out = append(out, n)
		case passedThrough[n.Op], n.Op == "Relu", n.Op == "Clip": // ranges of integers do what these do
			out = append(out, quantizers(n.Out(0))...)
		}
	}
	return out
}

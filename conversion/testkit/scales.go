package testkit

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// ScaleCase is a quantized convolution one of whose scales is unusual, and means
// something all the same.
type ScaleCase struct {
	Name                string
	In, Out             float32    // scales that the data and the results are quantized with
	Read                float32    // of the data's integers when they are read
	Weights             [4]float32 // of each channel
	Bias                float32
	unsigned, perTensor bool
}

// ScaleCases have scales below zero, of zeros, and very far from each other.
var ScaleCases = []ScaleCase{
	{Name: "usual", In: 0.02, Read: 0.02, Out: 0.2, Weights: [4]float32{0.01, 0.01, 0.012, 0.008}, Bias: 2e-4},
	{Name: "data below zero", In: -0.02, Read: -0.02, Out: 0.2, Weights: [4]float32{0.01, 0.01, 0.012, 0.008}, Bias: 2e-4},
	{Name: "data below zero, unsigned", In: -0.02, Read: -0.02, Out: 0.2, Weights: [4]float32{0.01, 0.01, 0.012, 0.008}, Bias: 2e-4, unsigned: true},
	{Name: "turned", In: -0.02, Read: 0.02, Out: 0.2, Weights: [4]float32{0.01, 0.01, 0.012, 0.008}, Bias: 2e-4},
	{Name: "results below zero", In: 0.02, Read: 0.02, Out: -0.2, Weights: [4]float32{0.01, 0.01, 0.012, 0.008}, Bias: 2e-4},
	{Name: "data read as zeros", In: 0.02, Read: 0, Out: 0.002, Weights: [4]float32{0.01, 0.01, 0.012, 0.008}, Bias: 2e-4},
	{Name: "weights below zero", In: 0.02, Read: 0.02, Out: 0.2, Weights: [4]float32{0.01, -0.01, 0.012, -0.008}, Bias: -2e-4},
	{Name: "all weights below zero", In: 0.02, Read: 0.02, Out: 0.2, Weights: [4]float32{-0.01}, Bias: 2e-4, perTensor: true},
	{Name: "a channel of zeros", In: 0.02, Read: 0.02, Out: 0.2, Weights: [4]float32{0.01, 0, 0.012, 0.008}, Bias: 0.01},
	{Name: "a channel of nearly nothing", In: 0.02, Read: 0.02, Out: 0.2, Weights: [4]float32{0.01, 1e-30, 0.012, 0.008}, Bias: 0.01},
	{Name: "weights of zeros", In: 0.02, Read: 0.02, Out: 0.002, Weights: [4]float32{}, Bias: 2e-4, perTensor: true},
	{Name: "fine results", In: 0.02, Read: 0.02, Out: 5e-7, Weights: [4]float32{0.01, 0.01, 0.012, 0.008}, Bias: 2e-4},
	{Name: "a coarse channel", In: 0.02, Read: 0.02, Out: 0.2, Weights: [4]float32{0.01, 9000, 0.012, 0.008}, Bias: 2e-4},
	{Name: "coarse biases", In: 0.02, Read: 0.02, Out: 4000, Weights: [4]float32{0.01, 0.01, 0.012, 0.008}, Bias: 1e4},
}

// Graph makes the case, inferred, with its input.
func (c ScaleCase) Graph(t testing.TB, reg *op.Registry) (*ir.Graph, map[string]*tensor.Tensor) {
	t.Helper()
	g := ir.New("scales")
	add := func(op string, a ir.Attrs, in ...*ir.Value) *ir.Value {
		n := g.AddNode(op, op, a, in, "v")
		n.Origin = []string{n.Name}
		return n.Outputs[0]
	}
	zero := g.AddConst("zero", tensor.Scalar(int8(3)))
	if c.unsigned {
		zero = g.AddConst("zero", tensor.Scalar(uint8(120)))
	}
	step := func(s float32) *ir.Value { return g.AddConst("step", tensor.Scalar(s)) }
	x := g.AddInput("x", tensor.Float32, ir.Dims(1, 8, 5, 5))
	d := add("DequantizeLinear", nil, add("QuantizeLinear", nil, x, step(c.In), zero), step(c.Read), zero)
	w := tensor.New(tensor.Int8, 4, 8, 3, 3)
	for i := range tensor.View[int8](w) {
		tensor.View[int8](w)[i] = int8(i*89%255 - 127)
	}
	scales, zeros := g.AddConst("scales", tensor.Of(c.Weights[:], 4)), g.AddConst("zeros", tensor.New(tensor.Int8, 4))
	if c.perTensor {
		scales, zeros = step(c.Weights[0]), g.AddConst("zeros", tensor.Scalar(int8(0)))
	}
	weights := add("DequantizeLinear", ir.Attrs{"axis": int64(0)}, g.AddConst("w", w), scales, zeros)
	bias := add("DequantizeLinear", nil, g.AddConst("b", tensor.Of([]int32{100, 900, -300, 1}, 4)), step(c.Bias))
	y := add("Conv", nil, d, weights, bias)
	y = add("DequantizeLinear", nil, add("QuantizeLinear", nil, y, step(c.Out), zero), step(c.Out), zero)
	g.Outputs = []*ir.Value{y}
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	in := tensor.New(tensor.Float32, 1, 8, 5, 5)
	for i := range tensor.View[float32](in) {
		tensor.View[float32](in)[i] = float32(i*37%101)/20 - 2.5
	}
	return g, map[string]*tensor.Tensor{"x": in}
}

// Steps is how many steps of the results got is from want at the most.
func (c ScaleCase) Steps(got, want *tensor.Tensor) (most float64) {
	g := got.Float64s()
	for i, w := range want.Float64s() {
		d := (g[i] - w) / float64(c.Out)
		most = max(most, d, -d)
		if d != d {
			return float64(len(g)) * 1e9
		}
	}
	return most
}

package quantize

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// shortcut is the start of a residual network: the sum of two convolutions, which
// a third one and, at the end, a mean read.
func shortcut(t *testing.T) *ir.Graph {
	b := &builder{t, ir.New("shortcut")}
	x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 3, 8, 8))
	y := b.add("Relu", "relu1", nil, b.conv("conv1", x, 8))
	y = b.add("Relu", "relu2", nil, b.add("Add", "add", nil, b.conv("main", y, 8), b.conv("side", y, 8)))
	y = b.add("Relu", "relu3", nil, b.conv("conv2", y, 8))
	y = b.add("Flatten", "flat", nil, b.add("GlobalAveragePool", "mean", nil, y))
	b.g.Outputs = []*ir.Value{b.add("Gemm", "fc", nil, y, b.g.AddConst("fc_w", noise(9, 0.3, 8, 5)), b.g.AddConst("fc_b", noise(8, 0.1, 5)))}
	return b.g
}

// TestBetween: OpenVINO computes a sum of two products with the second of them if
// the first gives integers; another rounding would cost precision for nothing.
func TestBetween(t *testing.T) {
	g := shortcut(t)
	staticOn(t, g, Defaults(OpenVINO), samples(4, 1, 3, 8, 8))
	reads := func(name string, i int) string {
		for _, n := range g.Nodes {
			if n.Name == name {
				return n.In(i).Node().Op
			}
		}
		t.Fatalf("no node %s", name)
		return ""
	}
	for _, c := range []struct {
		name string
		i    int
		want string
	}{
		{"add", 0, "DequantizeLinear"}, {"add", 1, "Conv"}, {"conv2", 0, "DequantizeLinear"}, {"mean", 0, "DequantizeLinear"}, {"fc", 0, "Flatten"},
	} {
		if got := reads(c.name, c.i); got != c.want {
			t.Errorf("%s reads %s as operand %d, want %s", c.name, got, c.i, c.want)
		}
	}
}

// TestBorders: what a convolution with a border reads has zero point 0 where that
// costs little, in the profiles where another costs time.
func TestBorders(t *testing.T) {
	for _, c := range []struct {
		name     string
		p        *Profile
		asked    string
		min, max float64
		zero     int64
		is       tensor.DType
	}{
		{"nearly even", OpenVINO, "auto", -2.2, 2.6, 0, tensor.Int8},
		{"one-sided", OpenVINO, "auto", -1, 2.6, 71, tensor.Uint8},
		{"positive", OpenVINO, "auto", 0, 2.6, 0, tensor.Uint8},
		{"asked for", OpenVINO, "u8", -2.2, 2.6, 117, tensor.Uint8},
		{"free of charge", ONNXRuntime, "auto", -2.2, 2.6, 117, tensor.Uint8},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := shortcut(t)
			o := Defaults(c.p)
			o.Activation = c.asked
			o.Stats = map[string]Stats{"x": {Min: c.min, Max: c.max, MeanMin: c.min, MeanMax: c.max}}
			params, _ := NewPlan(g, o).params()
			if got := params[g.Inputs[0]]; got.Zero != c.zero || got.Type != c.is {
				t.Errorf("zero point %d of %v, want %d of %v", got.Zero, got.Type, c.zero, c.is)
			}
		})
	}
}

package quantize

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// TestFaintSoftmax: a Softmax over so many classes that the format's step of 1/256
// holds none of them is computed in float; one over few classes in integers.
func TestFaintSoftmax(t *testing.T) {
	for classes, want := range map[int]bool{4: true, 512: false} {
		b := &builder{t, ir.New("net")}
		y := b.conv("conv", b.g.AddInput("x", tensor.Float32, ir.Dims(1, 3, 8, 8)), classes)
		y = b.add("GlobalAveragePool", "pool", nil, y)
		b.g.Outputs = []*ir.Value{b.add("Softmax", "prob", ir.Attrs{"axis": int64(1)}, y)}
		o := &Options{Profile: TFLite}
		staticOn(t, b.g, o, samples(4, 1, 3, 8, 8))
		integers := false
		for _, n := range b.g.Nodes {
			integers = integers || n.Op == "QuantizeLinear" && n.In(0).Node() != nil && n.In(0).Node().Op == "Softmax"
		}
		if integers != want {
			t.Errorf("%d classes: in integers %v, want %v", classes, integers, want)
		}
	}
}

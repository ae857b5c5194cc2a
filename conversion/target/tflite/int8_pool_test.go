package tflite

import (
	"context"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/target"
)

// TestInt8MaxPoolBorder: the border under a maximum is PAD, which XNNPACK takes
// and PADV2 is not, where the smallest integer stands for zero.
func TestInt8MaxPoolBorder(t *testing.T) {
	for name, c := range map[string]struct {
		relu bool
		want string
	}{"zero is lowest": {true, "PAD"}, "below zero": {false, "PADV2"}} {
		t.Run(name, func(t *testing.T) {
			b := newBuild(t, name)
			y := b.conv(b.in("x", 1, 3, 8, 8), 4)
			if c.relu {
				y = b.op("Relu", nil, y)
			}
			a := ir.Attrs{"kernel_shape": ints(3, 3), "strides": ints(2, 2), "pads": ints(1, 1, 1, 1)}
			b.g.Outputs = one(b.op("MaxPool", a, y))
			quantized(t, b.g, randomInputs(t, b.g, -1, 1, 1))
			w := newWriter(b.g, target.Options{})
			if err := w.build(context.Background()); err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, o := range w.m.Operators {
				codes = append(codes, o.Code.String())
			}
			all := strings.ToUpper(strings.Join(codes, " ")) + " "
			if !strings.Contains(all, c.want+" MAX") {
				t.Errorf("operators are %s, want %s before the pool", all, c.want)
			}
		})
	}
}

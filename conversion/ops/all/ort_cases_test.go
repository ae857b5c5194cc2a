package all_test

import (
	"context"
	"testing"

	"slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/testkit"
)

// TestORTCases compares operators with ONNX Runtime where ONNX itself has no
// cases: those of com.microsoft, and old or rare forms of standard ones.
func TestORTCases(t *testing.T) {
	reg := all.Registry()
	for _, c := range testkit.ORTCases(t) {
		m, err := onnx.Source{}.Open(context.Background(), c.Model, source.Options{Registry: reg})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if err := runCase(t, reg, m.Graph, c); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		m.Close()
	}
}

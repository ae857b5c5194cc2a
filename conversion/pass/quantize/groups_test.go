package quantize

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// TestGroupedPoints: what OpenVINO gets wrong in integers stays in float there,
// and nowhere else.
func TestGroupedPoints(t *testing.T) {
	for _, c := range []struct {
		perGroup, kernel int
		float            bool
	}{{68, 1, true}, {80, 1, true}, {64, 1, false}, {66, 1, false}, {128, 1, false}, {68, 3, false}} {
		for _, profile := range []*Profile{OpenVINO, ONNXRuntime} {
			b := &builder{t, ir.New("net")}
			x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 2*c.perGroup, 8, 8))
			w := b.g.AddConst("w", noise(1, 0.1, 4, c.perGroup, c.kernel, c.kernel))
			b.g.Outputs = []*ir.Value{b.add("Conv", "conv", ir.Attrs{"group": int64(2)}, x, w)}
			d := NewPlan(b.g, &Options{Profile: profile}).Decisions()
			if want := !c.float || profile != OpenVINO; len(d) != 1 || d[0].Int8 != want {
				t.Errorf("%s, %d channels a group, kernel %d: %+v, want integers %v", profile.Name, c.perGroup, c.kernel, d, want)
			}
		}
	}
}

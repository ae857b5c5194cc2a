package shape_test

import (
	"fmt"
	"slices"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestCropThenPad: what a Pad removes is a Slice of its own that leaves the same;
// what cannot be taken apart so stays.
func TestCropThenPad(t *testing.T) {
	for name, c := range map[string]struct {
		pads  string
		count int
		more  string
		apart bool
	}{
		"shift":            {"[0,1,0,-1]", 4, "%x, %p, %v", true},
		"crop":             {"[1,-1,0,-2]", 4, "%x, %p, %v", true},
		"both ends":        {"[-1,-2,-1,0]", 4, "%x, %p", true},
		"axes":             {"[-1,2]", 2, "%x, %p, %v, %a", true},
		"edge":             {"[-1,2,0,1]", 4, `%x, %p) {mode="edge"`, true},
		"edge of the rest": {"[-1,0,2,0]", 4, `%x, %p) {mode="edge"`, false},
		"wrap":             {"[0,-1,0,1]", 4, `%x, %p) {mode="wrap"`, false},
		"all":              {"[-2,0,-1,0]", 4, "%x, %p, %v", false},
		"all and more":     {"[-3,0,2,0]", 4, "%x, %p, %v", false},
		"nothing":          {"[1,0,0,2]", 4, "%x, %p, %v", false},
	} {
		text := fmt.Sprintf("graph g {\n  input %%x : f32[3,4]\n  const %%p : i64[%d] = %s\n  const %%v : f32[] = [7]\n  const %%a : i64[1] = [-1]\n  %%y : ?[?] = Pad(%s", c.count, c.pads, c.more)
		if !slices.Contains([]byte(c.more), '{') {
			text += ")"
		} else {
			text += "}"
		}
		g, err := ir.Parse(text + " @n\n  output %y\n}\n")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		reg := ops.Registry()
		if err := reg.InferGraph(g); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		x := map[string]*tensor.Tensor{"x": tensor.Of([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 3, 4)}
		want, err := testkit.Eval(reg, g, x)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		changed, err := testkit.Decomposed(reg, g)
		if err != nil || changed != c.apart {
			t.Errorf("%s: taken apart: %v, %v", name, changed, err)
			continue
		}
		got, err := testkit.Eval(reg, g, x)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(got[0].Float32s(), want[0].Float32s()) || !slices.Equal(got[0].Shape(), want[0].Shape()) {
			t.Errorf("%s: %v%v, want %v%v", name, got[0].Shape(), got[0].Float32s(), want[0].Shape(), want[0].Float32s())
		}
	}
}

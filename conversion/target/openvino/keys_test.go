package openvino

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestTurnedKeys: the keys of an attention in 8 bits are turned by the product,
// and the numbers are what they were.
func TestTurnedKeys(t *testing.T) {
	testkit.Python(t)
	for name, c := range map[string]struct {
		shape, perm, reshaped []int64
		turned                bool
	}{
		"reshaped":            {[]int64{5, 2, 4}, []int64{1, 2, 0}, []int64{1, 2, 4, 5}, true},
		"four axes":           {[]int64{1, 5, 2, 4}, []int64{0, 2, 3, 1}, nil, true},
		"a turn alone":        {[]int64{1, 2, 5, 4}, []int64{0, 1, 3, 2}, nil, true},
		"last axis stays":     {[]int64{1, 4, 2, 5}, []int64{0, 2, 1, 3}, nil, false},
		"reshaped to another": {[]int64{5, 4, 2}, []int64{1, 2, 0}, []int64{1, 2, 4, 5}, false},
	} {
		t.Run(name, func(t *testing.T) {
			graph := func() *ir.Graph {
				return build(t, func(g *ir.Graph) {
					s, z := g.AddConst("s", tensor.Scalar(float32(0.125))), g.AddConst("z", tensor.Scalar(uint8(128)))
					pair := func(v *ir.Value) *ir.Value {
						q := g.AddNode("QuantizeLinear", "", nil, []*ir.Value{v, s, z}, v.Name+"_q").Outputs[0]
						return g.AddNode("DequantizeLinear", "", nil, []*ir.Value{q, s, z}, v.Name+"_d").Outputs[0]
					}
					var dims []int
					for _, d := range c.shape {
						dims = append(dims, int(d))
					}
					q, k := g.AddInput("q", tensor.Float32, ir.Dims(1, 2, 3, 4)), g.AddInput("k", tensor.Float32, ir.Dims(dims...))
					v := g.AddNode("Transpose", "turn", ir.Attrs{"perm": c.perm}, []*ir.Value{pair(k)}, "t").Outputs[0]
					if c.reshaped != nil {
						v = g.AddNode("Reshape", "shape", nil, []*ir.Value{v, g.AddConst("to", tensor.Of(c.reshaped, 4))}, "r").Outputs[0]
					}
					g.Outputs = []*ir.Value{g.AddNode("MatMul", "product", nil, []*ir.Value{pair(q), v}, "y").Outputs[0]}
				})
			}
			g := graph()
			if _, err := (Target{}).Prepare(context.Background(), g, all.Registry(), target.Options{}); err != nil {
				t.Fatal(err)
			}
			dir, a := write(t, g, target.Options{})
			xml, err := os.ReadFile(filepath.Join(dir, "m.xml"))
			if err != nil {
				t.Fatal(err)
			}
			if got := bytes.Contains(xml, []byte(`transpose_b="true"`)); got != c.turned {
				t.Errorf("the product turns its operand: %v", got)
			}
			for layer, at := range a.Taps {
				if !bytes.Contains(xml, []byte(`names="`+at+`"`)) {
					t.Errorf("the tap of %s is %q, which is not written", layer, at)
				}
			}
			var dims []int
			for _, d := range c.shape {
				dims = append(dims, int(d))
			}
			feed := map[string]*tensor.Tensor{"q": ramp(1, 2, 3, 4), "k": ramp(dims...)}
			want, err := testkit.Eval(all.Registry(), graph(), feed)
			if err != nil {
				t.Fatal(err)
			}
			r := testkit.Vendor(t, []testkit.Job{{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: feed}})
			if r[0].Err != "" {
				t.Fatal(r[0].Err)
			}
			testkit.Close(t, r[0].Outputs["y"], want[0], all.Registry().Get("MatMul").Tol)
		})
	}
}

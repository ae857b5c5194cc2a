package ncnn

import (
	"fmt"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestRows runs products of several rows with and without a bias, in whose place
// the layer must not read what follows in the file.
func TestRows(t *testing.T) {
	for _, precision := range []string{"fp32", "fp16"} {
		for _, bias := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s bias %v", precision, bias), func(t *testing.T) {
				g := ir.New("rows")
				noise := func(name string, seed uint64, dims ...int) *ir.Value {
					x, err := ir.Noise(tensor.Float32, seed, dims...)
					if err != nil {
						t.Fatal(err)
					}
					return g.AddConst(name, x)
				}
				v := g.AddInput("x", tensor.Float32, ir.Dims(1, 5, 16))
				for k, n := range []int{24, 16} {
					v = g.AddNode("MatMul", fmt.Sprintf("m%d", k), nil, []*ir.Value{v, noise(fmt.Sprintf("w%d", k), uint64(k), 40-n, n)}, fmt.Sprintf("m%d", k)).Outputs[0]
					if bias {
						v = g.AddNode("Add", fmt.Sprintf("a%d", k), nil, []*ir.Value{v, noise(fmt.Sprintf("b%d", k), uint64(9+k), n)}, fmt.Sprintf("a%d", k)).Outputs[0]
					}
				}
				g.Outputs = []*ir.Value{v}
				if err := ops.Registry().InferGraph(g); err != nil {
					t.Fatal(err)
				}
				in := inputs(t, g, 3, 1)
				want, err := testkit.Eval(ops.Registry(), g, map[string]*tensor.Tensor{"x": in[0]})
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				convert(t, g, precision, dir, "m")
				tol := 1e-5
				if precision == "fp16" {
					tol = 2e-3
				}
				a := vendor(t, []job{{dir, "m", in, 1}})[0]
				if a.err != "" {
					t.Fatal(a.err)
				}
				if d := differs(a.outputs[0], want[0].Float32s()); d > tol {
					t.Errorf("differs by %g", d)
				}
			})
		}
	}
}

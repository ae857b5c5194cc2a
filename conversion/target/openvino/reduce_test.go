package openvino

import (
	"fmt"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestReduceBeforeChannels has constants of one number a channel after a
// reduction of three dimensions, which the CPU plugin would take into it.
func TestReduceBeforeChannels(t *testing.T) {
	testkit.Python(t)
	var jobs []testkit.Job
	var want []*tensor.Tensor
	x := ramp(2, 3, 4)
	for _, c := range []struct {
		axis, keep int64
		shape      []int
	}{{2, 0, []int{3}}, {-1, 1, []int{3, 1}}, {0, 0, []int{3, 1}}, {1, 0, []int{4}}} {
		for _, reduce := range []string{"ReduceSum", "ReduceMean", "ReduceMax"} {
			g := build(t, func(g *ir.Graph) {
				scale := tensor.New(tensor.Float32, c.shape...)
				for i := range tensor.View[float32](scale) {
					tensor.View[float32](scale)[i] = float32(i) - 0.5
				}
				in := g.AddInput("x", tensor.Float32, ir.Dims(2, 3, 4))
				y := g.AddNode(reduce, "reduce", ir.Attrs{"keepdims": c.keep}, []*ir.Value{in, g.AddConst("axes", tensor.Of([]int64{c.axis}, 1))}, "y").Outputs[0]
				z := g.AddNode("Mul", "scale", nil, []*ir.Value{y, g.AddConst("c", scale)}, "z").Outputs[0]
				w := g.AddNode("Add", "shift", nil, []*ir.Value{z, g.AddConst("d", scale)}, "w").Outputs[0]
				g.Outputs = []*ir.Value{w}
			})
			out, err := testkit.Eval(all.Registry(), g, map[string]*tensor.Tensor{"x": x})
			if err != nil {
				t.Fatal(err)
			}
			dir, _ := write(t, g, target.Options{})
			jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: map[string]*tensor.Tensor{"x": x}})
			want = append(want, out[0])
		}
	}
	for i, r := range testkit.Vendor(t, jobs) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if r.Err != "" {
				t.Fatal(r.Err)
			}
			testkit.Close(t, r.Outputs["w"], want[i], all.Registry().Get("ReduceSum").Tol)
		})
	}
}

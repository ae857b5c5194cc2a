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
		for i, reduce := range []string{"ReduceSum", "ReduceMean", "ReduceMax", "ReduceSum"} {
			g := build(t, func(g *ir.Graph) {
				numbers := tensor.New(tensor.Int8, c.shape...)
				for i := range tensor.View[int8](numbers) {
					tensor.View[int8](numbers)[i] = int8(2*i - 1)
				}
				scale := g.AddConst("c8", numbers)
				if i == 3 { // as the weights of files in 8 bits
					scale = g.AddNode("DequantizeLinear", "c", nil, []*ir.Value{scale, g.AddConst("half", tensor.Scalar(float32(0.5)))}, "c").Outputs[0]
				} else {
					numbers, _ = numbers.Cast(tensor.Float32)
					scale = g.AddConst("c", numbers)
				}
				in := g.AddInput("x", tensor.Float32, ir.Dims(2, 3, 4))
				y := g.AddNode(reduce, "reduce", ir.Attrs{"keepdims": c.keep}, []*ir.Value{in, g.AddConst("axes", tensor.Of([]int64{c.axis}, 1))}, "y").Outputs[0]
				z := g.AddNode("Mul", "scale", nil, []*ir.Value{y, scale}, "z").Outputs[0]
				w := g.AddNode("Add", "shift", nil, []*ir.Value{z, scale}, "w").Outputs[0]
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

// TestReduceOneNumber: what has no axes is what it is reduced to, or its magnitude.
func TestReduceOneNumber(t *testing.T) {
	testkit.Python(t)
	var jobs []testkit.Job
	ops := []string{"ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean", "ReduceProd", "ReduceL1", "ReduceL2"}
	x := tensor.Scalar(float32(-2.5))
	for _, op := range ops {
		g := build(t, func(g *ir.Graph) {
			g.Outputs = g.AddNode(op, "reduce", nil, []*ir.Value{g.AddInput("x", tensor.Float32, ir.Shape{})}, "y").Outputs
		})
		dir, _ := write(t, g, target.Options{})
		jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: map[string]*tensor.Tensor{"x": x}})
	}
	for i, r := range testkit.Vendor(t, jobs) {
		want := float32(-2.5)
		if ops[i] == "ReduceL1" || ops[i] == "ReduceL2" {
			want = 2.5
		}
		if r.Err != "" || r.Outputs["y"].Float32s()[0] != want {
			t.Errorf("%s: %v %s", ops[i], r.Outputs["y"], r.Err)
		}
	}
}

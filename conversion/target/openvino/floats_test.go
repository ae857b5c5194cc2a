package openvino

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestLayersWrongInIntegers has layers as other programs quantize them, of which the
// CPU plugin gets many wrong on a processor with AMX, or refuses the file, where it
// computes them in integers.
func TestLayersWrongInIntegers(t *testing.T) {
	testkit.Python(t)
	type layer struct {
		op           string
		groups       int
		in, out      int // channels of a group
		kernel, size []int
		attrs        ir.Attrs
		zero         uint8 // of the input
		weights      string
		after        string
		float        bool
	}
	two := func(op string, groups, in, out, k, size int, a ir.Attrs, zero uint8, weights string, float bool) layer {
		return layer{op, groups, in, out, []int{k, k}, []int{size, size}, a, zero, weights, "", float}
	}
	stride := func(s ...int64) ir.Attrs { return ir.Attrs{"strides": s} }
	pads := ir.Attrs{"pads": []int64{1, 1, 1, 1}}
	cases := []layer{
		two("Conv", 2, 68, 32, 1, 7, nil, 0, "", true),
		two("Conv", 4, 96, 16, 1, 7, nil, 90, "", true),
		{"Conv", 2, 65, 65, []int{1, 1}, []int{15, 4}, stride(2, 2), 90, "", "quantized", true}, // refused
		two("Conv", 2, 64, 32, 1, 7, nil, 60, "", false),
		two("Conv", 2, 66, 16, 1, 7, nil, 60, "", false),
		two("Conv", 1, 68, 32, 1, 7, nil, 60, "", false),
		two("Conv", 2, 68, 32, 3, 7, nil, 60, "", false),
		two("Conv", 2, 5, 32, 3, 7, pads, 60, "", true),
		two("Conv", 2, 8, 32, 3, 7, nil, 60, "", false),
		two("Conv", 8, 1, 1, 3, 7, nil, 60, "", false),
		{"Conv", 1, 8, 16, []int{3, 3}, []int{18, 4}, stride(3, 3), 0, "", "", true},
		{"Conv", 1, 8, 16, []int{3, 3}, []int{4, 18}, stride(3, 3), 0, "", "", false},
		{"Conv", 1, 2, 8, []int{3, 3, 3}, []int{1, 3, 4}, ir.Attrs{"pads": []int64{1, 1, 1, 1, 1, 1}}, 60, "", "relu", true},
		{"Conv", 1, 8, 16, []int{3, 3, 3}, []int{4, 4, 4}, nil, 0, "", "", false},
		{"Conv", 2, 4, 16, []int{3}, []int{9}, nil, 0, "zeros", "", true}, // refused
		two("Conv", 2, 4, 16, 3, 9, nil, 0, "zero", false),
		two("Conv", 1, 16, 16, 3, 9, nil, 60, "zeros", false),
		two("ConvTranspose", 1, 16, 8, 2, 6, stride(2, 2), 0, "zero", true),
		{"ConvTranspose", 1, 64, 32, []int{2, 2}, []int{9, 6}, stride(3, 3), 0, "", "quantized", true},
		{"ConvTranspose", 1, 48, 64, []int{2, 2}, []int{6, 6}, ir.Attrs{"dilations": []int64{2, 2}, "strides": []int64{2, 2}}, 0, "", "relu quantized", true},
		{"ConvTranspose", 1, 3, 16, []int{2, 2}, []int{8, 8}, stride(2, 2), 0, "", "relu quantized", true},
		{"ConvTranspose", 1, 16, 16, []int{4}, []int{8}, stride(2), 0, "", "relu quantized", true},
		{"ConvTranspose", 1, 64, 32, []int{2, 2}, []int{8, 8}, stride(2, 2), 0, "", "relu quantized", false},
		two("ConvTranspose", 1, 16, 8, 2, 6, stride(2, 2), 0, "", false),
		two("ConvTranspose", 1, 64, 32, 4, 6, stride(2, 2), 60, "", false),
		two("ConvTranspose", 2, 3, 4, 2, 6, stride(2, 2), 0, "", false),
	}
	const coarse = 0.1 // a step of the results that are quantized again
	rng := rand.New(rand.NewPCG(3, 4))
	reg := all.Registry()
	var jobs []testkit.Job
	var want []*tensor.Tensor
	for _, kind := range []string{"", "If", "Loop"} {
		for i, c := range cases {
			g := build(t, func(g *ir.Graph) {
				x := g.AddInput("x", tensor.Float32, ir.Dims(append([]int{1, c.groups * c.in}, c.size...)...))
				step, zero := g.AddConst("step", tensor.Scalar(float32(0.01))), g.AddConst("zero", tensor.Scalar(c.zero))
				q := g.AddNode("QuantizeLinear", "q", nil, []*ir.Value{x, step, zero}, "q").Outputs[0]
				x = g.AddNode("DequantizeLinear", "dq", nil, []*ir.Value{q, step, zero}, "dq").Outputs[0]
				shape, axis, outs := []int{c.groups * c.out, c.in}, 0, c.groups*c.out
				if c.op == "ConvTranspose" {
					shape, axis, outs = []int{c.groups * c.in, c.out}, 1, c.out
				}
				w := tensor.New(tensor.Int8, append(shape, c.kernel...)...)
				for i := range tensor.View[int8](w) {
					tensor.View[int8](w)[i] = int8(rng.IntN(255) - 127)
				}
				scale, zeros := tensor.New(tensor.Float32, outs), tensor.New(tensor.Int8, outs)
				for i := range outs {
					tensor.View[float32](scale)[i] = 0.001 + 0.001*rng.Float32()
					if c.weights != "" {
						tensor.View[int8](zeros)[i] = 9
					}
					if c.weights == "zeros" {
						tensor.View[int8](zeros)[i] = int8(rng.IntN(40) - 20)
					}
				}
				d := g.AddNode("DequantizeLinear", "weights", ir.Attrs{"axis": int64(axis)}, []*ir.Value{g.AddConst("w", w), g.AddConst("scale", scale), g.AddConst("zeros", zeros)}, "wide")
				a := c.attrs.Clone()
				if a == nil {
					a = ir.Attrs{}
				}
				a["group"] = int64(c.groups)
				y := g.AddNode(c.op, "layer", a, []*ir.Value{x, d.Outputs[0]}, "y").Outputs[0]
				if strings.Contains(c.after, "relu") {
					y = g.AddNode("Relu", "relu", nil, []*ir.Value{y}, "z").Outputs[0]
				}
				if strings.Contains(c.after, "quantized") {
					step, zero := g.AddConst("step", tensor.Scalar(float32(coarse))), g.AddConst("zero", tensor.Scalar(int8(40)))
					q := g.AddNode("QuantizeLinear", "q2", nil, []*ir.Value{y, step, zero}, "q2").Outputs[0]
					y = g.AddNode("DequantizeLinear", "dq2", nil, []*ir.Value{q, step, zero}, "dq2").Outputs[0]
				}
				g.Outputs = []*ir.Value{y}
			})
			x := tensor.New(tensor.Float32, append([]int{1, c.groups * c.in}, c.size...)...)
			for i := range tensor.View[float32](x) {
				tensor.View[float32](x)[i] = 0.01 * (rng.Float32()*255 - float32(c.zero))
			}
			feeds := map[string]*tensor.Tensor{"x": x}
			if kind != "" {
				g, feeds = testkit.Within(t, kind, g, reg), testkit.WithinFeeds(kind, feeds)
			}
			want = append(want, testkit.Compute(t, g, reg, feeds)[0])
			found, err := Target{}.Prepare(context.Background(), g, reg, target.Options{})
			if err != nil {
				t.Fatal(err)
			}
			told := slices.ContainsFunc(found, func(f *diag.Finding) bool {
				return f.Code == "openvino.float-layer" && slices.Contains(f.Layers, "layer")
			})
			if told != c.float {
				t.Errorf("%s case %d, %+v: findings %v", kind, i, c, found)
			}
			dir, _ := write(t, g, target.Options{})
			jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: feeds})
		}
	}
	for i, r := range testkit.Vendor(t, jobs) {
		c := cases[i%len(cases)]
		t.Run(fmt.Sprint(i, c.op), func(t *testing.T) {
			if r.Err != "" {
				t.Fatal(r.Err)
			}
			for _, got := range r.Outputs {
				tol := 1e-3
				if strings.Contains(c.after, "quantized") {
					tol += coarse / slices.Max(want[i].Float64s())
				}
				if d, _ := testkit.Difference(got, want[i]); d > tol {
					t.Errorf("%+v: wrong by %.3f of the largest result", c, d)
				}
			}
		})
	}
}

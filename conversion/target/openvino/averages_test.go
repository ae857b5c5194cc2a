package openvino

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestAveragesOfBorders has pools that count the zeros around quantized data.
func TestAveragesOfBorders(t *testing.T) {
	testkit.Python(t)
	reg := all.Registry()
	var jobs []testkit.Job
	var want []*tensor.Tensor
	cases := []struct {
		zero    uint8
		before  string // between the data and the pool
		attrs   ir.Attrs
		changed bool
		after   bool // the result is quantized, too
	}{
		{60, "", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, true, false},
		{255, "MaxPool", ir.Attrs{"pads": []int64{2, 0, 1, 1}, "strides": []int64{2, 1}}, true, false},
		{90, "Relu", ir.Attrs{"pads": []int64{0, 1, 0, 0}, "strides": []int64{1, 3}}, true, false},
		{60, "Sigmoid", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, false, false},
		{60, "", ir.Attrs{}, false, false},
		{60, "Pad", ir.Attrs{}, true, false},
		{60, "Pad", ir.Attrs{"pads": []int64{1, 1, 1, 1}, "count_include_pad": int64(0)}, false, false},
		{60, "", ir.Attrs{"pads": []int64{1, 1, 1, 1}, "count_include_pad": int64(0)}, false, false},
		{0, "", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, false, false},
		{128, "", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, false, false},
		{60, "Pad", ir.Attrs{"ceil_mode": int64(1), "strides": []int64{2, 2}}, false, false},
		{60, "Pad", ir.Attrs{"ceil_mode": int64(1), "strides": []int64{2, 2}}, false, true},
		{60, "Pad", ir.Attrs{"ceil_mode": int64(1), "strides": []int64{3, 2}, "pads": []int64{1, 1, 1, 1}, "count_include_pad": int64(0)}, false, true},
		{60, "Pad", ir.Attrs{"pads": []int64{1, 1, 0, 0}}, true, true},
		{128, "Pad", ir.Attrs{"pads": []int64{1, 1, 0, 0}}, false, true},
		{60, "Pad", ir.Attrs{"pads": []int64{0, 0, 1, 0}, "strides": []int64{4, 1}}, true, true},
	}
	for i, c := range cases {
		x := tensor.New(tensor.Float32, 1, 4, 8, 9)
		for k := range tensor.View[float32](x) {
			tensor.View[float32](x)[k] = 0.02 * float32(k*37%256-int(c.zero))
		}
		make := func(open bool) *ir.Graph {
			return build(t, func(g *ir.Graph) {
				shape := ir.Dims(1, 4, 8, 9)
				if open {
					shape[2] = ir.Symbol("h")
				}
				v := g.AddInput("x", tensor.Float32, shape)
				step, zero := g.AddConst("step", tensor.Scalar(float32(0.02))), g.AddConst("zero", tensor.Scalar(c.zero))
				v = g.AddNode("QuantizeLinear", "q", nil, []*ir.Value{v, step, zero}, "q").Outputs[0]
				v = g.AddNode("DequantizeLinear", "dq", nil, []*ir.Value{v, step, zero}, "dq").Outputs[0]
				if c.before != "" {
					a := ir.Attrs{}
					if c.before == "MaxPool" {
						a["kernel_shape"] = []int64{2, 2}
					}
					in := []*ir.Value{v}
					if c.before == "Pad" {
						in = append(in, g.AddConst("pads", tensor.Of([]int64{0, 0, 1, 0, 0, 0, 2, 1}, 8)))
					}
					v = g.AddNode(c.before, "before", a, in, "b").Outputs[0]
				}
				a := c.attrs.Clone()
				a["kernel_shape"] = []int64{3, 2}
				if _, given := a["count_include_pad"]; !given {
					a["count_include_pad"] = int64(1)
				}
				g.Outputs = g.AddNode("AveragePool", "pool", a, []*ir.Value{v}, "y").Outputs
				if c.after {
					v = g.AddNode("QuantizeLinear", "q2", nil, []*ir.Value{g.Outputs[0], step, zero}, "q2").Outputs[0]
					g.Outputs = g.AddNode("DequantizeLinear", "dq2", nil, []*ir.Value{v, step, zero}, "dq2").Outputs
				}
			})
		}
		for _, kind := range []string{"", "If", "Loop"} {
			g, feeds := make(false), map[string]*tensor.Tensor{"x": x}
			part := g
			if kind != "" {
				g, feeds = testkit.Within(t, kind, g, reg), testkit.WithinFeeds(kind, feeds)
				part = g.Nodes[0].Bodies()[0]
			}
			want = append(want, testkit.Compute(t, g, reg, feeds)[0])
			if f, err := (Target{}).Prepare(context.Background(), g, reg, target.Options{}); err != nil || len(f) > 0 {
				t.Fatal(f, err)
			}
			if changed := slices.ContainsFunc(part.Nodes, func(n *ir.Node) bool { return n.Op == "Mul" }); changed != c.changed {
				t.Errorf("%s case %d: changed %v, want %v", kind, i, changed, c.changed)
			}
			dir, _ := write(t, g, target.Options{})
			jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: feeds})
		}
		f, err := Target{}.Prepare(context.Background(), make(true), reg, target.Options{})
		if told := len(f) == 1 && f[0].Code == "openvino.average-border"; err != nil || told != c.changed {
			t.Errorf("case %d with an open size: %v %v", i, f, err)
		}
	}
	for i, r := range testkit.Vendor(t, jobs) {
		c := cases[i/3]
		t.Run(fmt.Sprint(i/3, []string{"", "If", "Loop"}[i%3]), func(t *testing.T) {
			if r.Err != "" {
				t.Fatal(r.Err)
			}
			limit := 0.51
			if c.after {
				limit = 1.01
			}
			for _, got := range r.Outputs {
				g := got.Float64s()
				for k, w := range want[i].Float64s() {
					if d := math.Abs(g[k]-w) / 0.02; d > limit { // before arithmetic the plugin rounds means to the data's steps
						t.Fatalf("%+v: element %d is wrong by %.1f steps", c, k, d)
					}
				}
			}
		})
	}
}

// TestAveragesOfZerosAlone: where a window lies on zeros alone, all that can be done
// is to say so, whatever the data's zero.
func TestAveragesOfZerosAlone(t *testing.T) {
	for _, c := range []struct {
		zero uint8
		pads []int64 // on either side
		told bool
	}{
		{60, []int64{3, 0}, true},
		{128, []int64{3, 0}, true},
		{128, []int64{0, 2}, true},
		{128, []int64{2, 1}, false},
	} {
		g := build(t, func(g *ir.Graph) {
			v := g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8, 9))
			step, zero := g.AddConst("step", tensor.Scalar(float32(0.02))), g.AddConst("zero", tensor.Scalar(c.zero))
			v = g.AddNode("QuantizeLinear", "q", nil, []*ir.Value{v, step, zero}, "q").Outputs[0]
			v = g.AddNode("DequantizeLinear", "dq", nil, []*ir.Value{v, step, zero}, "dq").Outputs[0]
			pads := g.AddConst("pads", tensor.Of([]int64{0, 0, c.pads[0], c.pads[1], 0, 0, c.pads[0], c.pads[1]}, 8))
			v = g.AddNode("Pad", "pad", nil, []*ir.Value{v, pads}, "p").Outputs[0]
			g.Outputs = g.AddNode("AveragePool", "pool", ir.Attrs{"kernel_shape": []int64{3, 2}}, []*ir.Value{v}, "y").Outputs
		})
		f, err := Target{}.Prepare(context.Background(), g, all.Registry(), target.Options{})
		if told := len(f) == 1 && f[0].Code == "openvino.average-border"; err != nil || told != c.told {
			t.Errorf("%+v: %v %v", c, f, err)
		}
	}
}

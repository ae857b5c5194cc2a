package openvino

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestNeighboursWrong has layers that the CPU plugin gets right alone, and wrong beside
// what quantizes them or in a body, where they are not kept apart.
func TestNeighboursWrong(t *testing.T) {
	testkit.Python(t)
	const quantize = `  %q : ?[?] = QuantizeLinear(%v, %s, %z) @q
  %d : ?[?] = DequantizeLinear(%q, %s, %z) @d
`
	reg := all.Registry()
	var jobs []testkit.Job
	var want []*tensor.Tensor
	var names []string
	for _, c := range []struct{ name, text string }{
		{"maximum of channels", "  %v : ?[?] = ReduceMax(%x, %one) @n\n" + quantize + "  %y : ?[?] = Unsqueeze(%d, %zero) @u\n"},
		{"minimum of channels", "  %v : ?[?] = ReduceMin(%x, %one) @n\n" + quantize + "  %y : ?[?] = Unsqueeze(%d, %zero) @u\n"},
		{"maximum, then more", "  %m : ?[?] = ReduceMax(%x, %last) @n\n  %v : ?[?] = Relu(%m) @r\n" + quantize + "  %y : ?[?] = Unsqueeze(%d, %zero) @u\n"},
		{"maximum of pictures", "  %v : ?[?] = GlobalMaxPool(%x) @n\n" + quantize + "  %y : ?[?] = Flatten(%d) @f\n"},
		{"softmax", "  %y : ?[?] = Softmax(%x) @n\n"},
		{"softmax of a view", "  %f : ?[?] = Flatten(%x) @f\n  %y : ?[?] = Softmax(%f) @n\n"},
		{"normalized", "  %y : ?[?] = InstanceNormalization(%x, %k, %k) {epsilon=0.5} @n\n"},
		{"turned channels", "  %v : ?[?] = Mul(%x, %c) @n\n" + quantize + "  %y : ?[?] = Identity(%d) @i\n"},
		{"turned channels, stored", "  %w : ?[?] = DequantizeLinear(%cq, %s) @w\n  %v : ?[?] = Mul(%x, %w) @n\n" + quantize + "  %y : ?[?] = Identity(%d) @i\n"},
		{"divided channels", "  %v : ?[?] = Div(%x, %c) @n\n" + quantize + "  %y : ?[?] = Identity(%d) @i\n"},
		{"points of padding", "  %r : ?[?] = Relu(%x) @r\n  %y : ?[?] = Conv(%r, %p) {pads=[1,1,1,1], strides=[2,1]} @n\n"},
		{"points of padding, in groups", "  %r : ?[?] = Relu(%x) @r\n  %y : ?[?] = Conv(%r, %g) {group=2, pads=[0,1,2,0], strides=[2,3]} @n\n"},
		{"normalized channels", "  %v : ?[?] = BatchNormalization(%x, %k, %k, %b, %b) @n\n" + quantize + "  %y : ?[?] = Identity(%d) @i\n"},
	} {
		for _, kind := range []string{"", "If", "Loop"} {
			g, err := ir.Parse(`graph g {
  input %x : f32[1,4,5,8]
  const %one : i64[1] = [1]
  const %zero : i64[1] = [0]
  const %last : i64[1] = [3]
  const %k : f32[4] = [0.7,-1.2,1.6,-0.6]
  const %b : f32[4] = [1.0,1.1,0.9,1.0]
  const %c : f32[1,4,1,1] = [0.7,-1.2,1.6,-0.6]
  const %cq : i8[1,4,1,1] = [14,-24,32,-12]
  const %p : f32[2,4,1,1] = [0.7,-1.2,1.6,-0.6,0.3,0.4,-0.9,1.1]
  const %g : f32[4,2,1,1] = [0.7,-1.2,1.6,-0.6,0.3,0.4,-0.9,1.1]
  const %s : f32[] = [0.05]
  const %z : u8[] = [100]
` + c.text + `  output %y
}`)
			if err == nil {
				err = reg.InferGraph(g)
			}
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			x := tensor.New(tensor.Float32, 1, 4, 5, 8)
			for i := range tensor.View[float32](x) {
				tensor.View[float32](x)[i] = float32(i*37%101)/20 - 2.53
			}
			feeds := map[string]*tensor.Tensor{"x": x}
			if kind != "" {
				g, feeds = testkit.Within(t, kind, g, reg), testkit.WithinFeeds(kind, feeds)
			}
			names, want = append(names, fmt.Sprintf("%s %s", kind, c.name)), append(want, testkit.Compute(t, g, reg, feeds)[0])
			if l := legalize.Run(context.Background(), g, reg, Target{}, target.Options{}); l.Err() != nil {
				t.Fatal(l)
			}
			if _, err := (Target{}).Prepare(context.Background(), g, reg, target.Options{}); err != nil {
				t.Fatal(err)
			}
			dir, _ := write(t, g, target.Options{})
			jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: feeds})
		}
	}
	for i, r := range testkit.Vendor(t, jobs) {
		t.Run(names[i], func(t *testing.T) {
			if r.Err != "" {
				t.Fatal(r.Err)
			}
			for _, got := range r.Outputs {
				g := got.Float64s()
				for k, w := range want[i].Float64s() {
					if d := g[k] - w; !(d*d < 0.051*0.051) { // one step
						t.Fatalf("element %d is %g, want %g", k, g[k], w)
					}
				}
			}
		})
	}
}

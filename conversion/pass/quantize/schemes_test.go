package quantize

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestBiasCorrection: with inputs that are the same everywhere, the correction
// removes all of the mean error but what the bias's own rounding leaves.
func TestBiasCorrection(t *testing.T) {
	for _, group := range []int64{1, 4} {
		mean := func(correct bool) float64 {
			b := &builder{t, ir.New("g")}
			x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 8, 4, 4))
			w := noise(5, 0.2, 8, 8/int(group), 1, 1)
			y := b.add("Conv", "c", ir.Attrs{"group": group}, x, b.g.AddConst("w", w))
			b.g.Outputs = []*ir.Value{y}
			in := tensor.New(tensor.Float32, 1, 8, 4, 4)
			for i := range tensor.View[float32](in) {
				tensor.View[float32](in)[i] = float32(i/16 + 1)
			}
			feed := map[string]*tensor.Tensor{"x": in}
			want, err := testkit.Eval(ops.Registry(), b.g, feed)
			if err != nil {
				t.Fatal(err)
			}
			o := Defaults(OpenVINO)
			o.BiasCorrection = correct
			staticOn(t, b.g, o, []*tensor.Tensor{in})
			got, err := testkit.Eval(ops.Registry(), b.g, feed)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for i, w := range want[0].Float64s() {
				sum += math.Abs(got[0].Float64s()[i] - w)
			}
			return sum
		}
		if with, without := mean(true), mean(false); with > without/2 {
			t.Errorf("%d groups: error %g with correction, %g without", group, with, without)
		}
	}
}

func TestDynamicAndWeightOnly(t *testing.T) {
	for _, c := range []struct {
		p        *pass.Pass
		target   string
		ops      string
		findings []string
	}{
		{Dynamic, "onnx", "Cast Conv DynamicQuantizeLinear Flatten MatMulInteger Mul Mul Add", []string{"quantize.dynamic-conv"}},
		{Dynamic, "openvino", "DequantizeLinear Conv Flatten DequantizeLinear Gemm", nil},
		{WeightOnly, "onnx", "DequantizeLinear Conv Flatten DequantizeLinear Gemm", nil},
	} {
		for _, trans := range []int64{0, 1} {
			b := &builder{t, ir.New("g")}
			x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 3, 8, 8))
			y := b.add("Flatten", "flat", nil, b.conv("conv", x, 4))
			w := noise(4, 0.1, 256, 10)
			if trans == 1 {
				w = noise(4, 0.1, 10, 256)
			}
			y = b.add("Gemm", "fc", ir.Attrs{"transB": trans}, y, b.g.AddConst("w", w), b.g.AddConst("b", noise(5, 1, 10)))
			b.g.Outputs = []*ir.Value{y}
			feed := map[string]*tensor.Tensor{"x": noise(6, 1, 1, 3, 8, 8)}
			want, err := testkit.Eval(ops.Registry(), b.g, feed)
			if err != nil {
				t.Fatal(err)
			}
			o := WeightDefaults(c.target)
			o.Smallest = 100
			_, found := apply(t, c.p, b.g, o)
			var names, codes []string
			for _, n := range b.g.Nodes {
				names = append(names, n.Op)
			}
			for _, f := range found {
				codes = append(codes, f.Code)
			}
			wantOps := strings.Fields(c.ops)
			sort.Strings(names)
			sort.Strings(wantOps)
			if !slices.Equal(names, wantOps) || fmt.Sprint(codes) != fmt.Sprint(c.findings) {
				t.Errorf("%s for %s: operators %v, findings %v", c.p.Name, c.target, names, codes)
			}
			got, err := testkit.Eval(ops.Registry(), b.g, feed)
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want[0].Float64s() {
				if d := math.Abs(got[0].Float64s()[i] - w); d > 0.1 {
					t.Errorf("%s for %s: output %d differs by %g", c.p.Name, c.target, i, d)
				}
			}
		}
	}
}

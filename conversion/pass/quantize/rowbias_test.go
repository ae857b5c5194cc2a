package quantize

import (
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestRowBias: for ONNX Runtime a constant row behind a MatMul is a bias of 32
// bits, and stands for what it was.
func TestRowBias(t *testing.T) {
	for name, c := range map[string]struct {
		p     *Profile
		row   []int
		large bool
		want  bool
	}{
		"row":             {ONNXRuntime, []int{5}, false, true},
		"row of rank 3":   {ONNXRuntime, []int{1, 1, 5}, false, true},
		"column":          {ONNXRuntime, []int{4, 1}, false, false},
		"beyond 32 bits":  {ONNXRuntime, []int{5}, true, false},
		"another profile": {OpenVINO, []int{5}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := &builder{t, ir.New("g")}
			x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8))
			row := noise(5, 1, c.row...)
			if c.large {
				tensor.View[float32](row)[0] = 1e9
			}
			y := b.add("MatMul", "product", nil, x, b.g.AddConst("w", noise(4, 0.3, 8, 5)))
			b.g.Outputs = []*ir.Value{b.add("Add", "sum", nil, y, b.g.AddConst("row", row))}
			in := samples(3, 1, 4, 8)
			feed := map[string]*tensor.Tensor{"x": in[0]}
			want, err := testkit.Eval(ops.Registry(), b.g, feed)
			if err != nil {
				t.Fatal(err)
			}
			staticOn(t, b.g, Defaults(c.p), in)
			for _, n := range b.g.Nodes {
				if n.Name != "sum" {
					continue
				}
				d := n.In(1).Node()
				if got := d != nil && d.Op == "DequantizeLinear" && d.In(0).DType == tensor.Int32; got != c.want {
					t.Errorf("the row is of 32-bit integers: %v, want %v", got, c.want)
				}
			}
			got, err := testkit.Eval(ops.Registry(), b.g, feed)
			if err != nil {
				t.Fatal(err)
			}
			if s := ratioOf(got[0].Float64s(), want[0].Float64s()).dB(); s < 35 {
				t.Errorf("%.1f dB to the float graph", s)
			}
		})
	}
}

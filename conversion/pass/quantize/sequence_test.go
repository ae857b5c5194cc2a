package quantize

import (
	"math"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestTFLiteSequences: a row behind a MatMul is its bias, and the sums that a
// normalisation reads, or a part of, stay in float; others are integers.
func TestTFLiteSequences(t *testing.T) {
	b := &builder{t, ir.New("block")}
	x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8))
	y := b.add("MatMul", "up", nil, x, b.g.AddConst("w1", noise(2, 1, 8, 8)))
	y = b.add("Add", "bias", nil, y, b.g.AddConst("b", noise(3, 1, 8)))
	y = b.add("Add", "residual", nil, x, y)
	norm := b.add("LayerNormalization", "norm", nil, y, b.g.AddConst("s", noise(1, 1, 8)))
	z := b.add("MatMul", "down", nil, norm, b.g.AddConst("w2", noise(4, 1, 8, 8)))
	z = b.add("Add", "shift", nil, b.add("Sigmoid", "gate", nil, z), z)
	b.g.Outputs = []*ir.Value{b.add("Add", "last", nil, y, z)}
	plan := NewPlan(b.g, Defaults(TFLite))
	for _, d := range plan.Decisions() {
		if want := d.Node.Name != "residual" && d.Node.Name != "norm" && d.Node.Name != "last"; d.Int8 != want {
			t.Errorf("%s in integers: %v, want %v", d.Node.Name, d.Int8, want)
		}
	}
	staticOn(t, b.g, Defaults(TFLite), samples(2, 1, 4, 8))
	want := "qq MatMul f\nf Add q\nqq Add f\nf LayerNormalization q\nqq MatMul q\nq Sigmoid q\nqq Add q\nfq Add f"
	if got := sketch(b.g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestWindowsKeepTheirSums: what a normalisation reads is float on tensors of any
// rank.
func TestWindowsKeepTheirSums(t *testing.T) {
	for _, p := range []*Profile{ONNXRuntime, TFLite} {
		b := &builder{t, ir.New("block")}
		x := b.conv("patches", b.g.AddInput("x", tensor.Float32, ir.Dims(1, 3, 8, 8)), 8)
		y := b.add("Add", "residual", nil, x, b.conv("branch", x, 8))
		norm := b.add("LayerNormalization", "norm", nil, y, b.g.AddConst("s", noise(1, 1, 8)))
		b.g.Outputs = []*ir.Value{b.conv("after", norm, 4), b.conv("beside", b.add("Add", "other", nil, x, x), 4)}
		for _, d := range NewPlan(b.g, Defaults(p)).Decisions() {
			if want := d.Node.Name != "residual" && d.Node.Name != "norm"; d.Int8 != want {
				t.Errorf("%s: %s in integers: %v, want %v", p.Name, d.Node.Name, d.Int8, want)
			}
		}
	}
}

// TestWrittenOutAttention: on TFLite what stands between two products of computed
// matrices is float as they are, and other Softmaxes are integers.
func TestWrittenOutAttention(t *testing.T) {
	b := &builder{t, ir.New("attention")}
	x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8))
	q := b.add("MatMul", "queries", nil, x, b.g.AddConst("w", noise(2, 1, 8, 8)))
	y := b.add("MatMul", "scores", nil, q, b.add("Transpose", "keys", ir.Attrs{"perm": []int64{0, 2, 1}}, q))
	y = b.add("Div", "scaled", nil, y, b.g.AddConst("by", tensor.Scalar(float32(3))))
	y = b.add("Add", "mask", nil, y, b.g.AddConst("m", noise(3, 1, 1, 4, 4)))
	y = b.add("Reshape", "heads", nil, y, b.g.AddConst("shape", tensor.Of([]int64{1, 4, 4}, 3)))
	y = b.add("Softmax", "weights", ir.Attrs{"axis": int64(-1)}, y)
	y = b.add("MatMul", "values", nil, y, q)
	y = b.add("MatMul", "classes", nil, y, b.g.AddConst("w2", noise(4, 1, 8, 8)))
	b.g.Outputs = []*ir.Value{b.add("Softmax", "out", ir.Attrs{"axis": int64(-1)}, y)}
	var floats []string
	for _, d := range NewPlan(b.g, Defaults(TFLite)).Decisions() {
		if !d.Int8 {
			floats = append(floats, d.Node.Name)
		}
	}
	if got := strings.Join(floats, " "); got != "scores scaled mask heads weights values" {
		t.Errorf("in float: %s", got)
	}
}

// TestRowsAreCorrected: the row behind a MatMul takes what rounding the weights
// takes from the result on average.
func TestRowsAreCorrected(t *testing.T) {
	for _, p := range []*Profile{ONNXRuntime, OpenVINO, TFLite} {
		mean := func(correct bool) float64 {
			b := &builder{t, ir.New("g")}
			x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8))
			y := b.add("MatMul", "product", nil, x, b.g.AddConst("w", noise(5, 0.2, 8, 6)))
			y = b.add("Add", "bias", nil, y, b.g.AddConst("b", noise(6, 1, 6)))
			b.g.Outputs = []*ir.Value{b.add("Softplus", "out", nil, y)} // nothing integer behind
			in := tensor.New(tensor.Float32, 1, 4, 8)
			for i := range tensor.View[float32](in) {
				tensor.View[float32](in)[i] = float32(i%8 + 1)
			}
			feed := map[string]*tensor.Tensor{"x": in}
			want, err := testkit.Eval(ops.Registry(), b.g, feed)
			if err != nil {
				t.Fatal(err)
			}
			o := Defaults(p)
			o.BiasCorrection, o.Activation = correct, "u8"
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
		if with, without := mean(true), mean(false); with >= without {
			t.Errorf("%s: error %g with correction, %g without", p.Name, with, without)
		}
	}
}

package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// builder makes graphs by hand.
type builder struct {
	t *testing.T
	g *ir.Graph
}

func noise(seed uint64, scale float32, shape ...int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 7))
	x := tensor.New(tensor.Float32, shape...)
	for i := range tensor.View[float32](x) {
		tensor.View[float32](x)[i] = float32(r.NormFloat64()) * scale
	}
	return x
}

func (b *builder) add(op, name string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	b.t.Helper()
	n := b.g.AddNode(op, name, attrs, in, name+"_y")
	n.Origin = []string{name}
	n.Outputs[0].Layers = []string{name}
	if err := ops.Registry().Infer(n); err != nil {
		b.t.Fatal(err)
	}
	return n.Outputs[0]
}

func (b *builder) conv(name string, x *ir.Value, out int) *ir.Value {
	in, _ := x.Shape[1].Int()
	w, c := noise(uint64(len(name)), 0.3, out, int(in), 3, 3), noise(3, 0.1, out)
	return b.add("Conv", name, ir.Attrs{"pads": []int64{1, 1, 1, 1}}, x, b.g.AddConst(name+"_w", w), b.g.AddConst(name+"_b", c))
}

// residual is conv-relu-pool-conv-add-relu-concat-pool-gemm-softmax.
func residual(t *testing.T) *ir.Graph {
	b := &builder{t, ir.New("residual")}
	x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 3, 8, 8))
	y := b.add("Relu", "relu1", nil, b.conv("conv1", x, 8))
	y = b.add("MaxPool", "pool", ir.Attrs{"kernel_shape": []int64{2, 2}, "strides": []int64{2, 2}}, y)
	z := b.conv("conv2", y, 8)
	y = b.add("Relu", "relu2", nil, b.add("Add", "add", nil, z, y))
	y = b.add("Concat", "concat", ir.Attrs{"axis": int64(1)}, y, b.add("Sigmoid", "gate", nil, b.conv("conv3", y, 8)))
	y = b.add("Flatten", "flat", nil, b.add("GlobalAveragePool", "gap", nil, y))
	y = b.add("Gemm", "fc", nil, y, b.g.AddConst("fc_w", noise(9, 0.3, 16, 5)), b.g.AddConst("fc_b", noise(8, 0.1, 5)))
	b.g.Outputs = []*ir.Value{b.add("Softmax", "prob", nil, y)}
	return b.g
}

// referenceRunner evaluates calibration graphs with the reference arithmetic.
type referenceRunner struct{ t *testing.T }

type referenceRunning struct{ g *ir.Graph }

func (referenceRunner) Open(_ context.Context, g *ir.Graph) (Running, error) {
	return referenceRunning{g}, nil
}

func (r referenceRunning) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	m := map[string]*tensor.Tensor{}
	for i, v := range r.g.Inputs {
		m[v.Name] = in[i]
	}
	return testkit.Eval(ops.Registry(), r.g, m)
}

func (referenceRunning) Close() error { return nil }

func samples(n int, shape ...int) []*tensor.Tensor {
	var out []*tensor.Tensor
	for i := range n {
		out = append(out, noise(uint64(100+i), 1, shape...))
	}
	return out
}

func apply(t *testing.T, p *pass.Pass, g *ir.Graph, o any) (pass.Report, diag.List) {
	t.Helper()
	var found diag.List
	r, err := p.Run1(context.Background(), g, ops.Registry(), o, &found)
	if err != nil {
		t.Fatal(err)
	}
	return r, found
}

func staticOn(t *testing.T, g *ir.Graph, o *Options, in []*tensor.Tensor) pass.Report {
	t.Helper()
	var err error
	if o.Stats, err = Calibrate(context.Background(), g, ops.Registry(), o, referenceRunner{t}, each(in), nil); err != nil {
		t.Fatal(err)
	}
	r, _ := apply(t, Static, g, o)
	return r
}

// sketch prints each operator but the quantizing ones, with q before every
// operand and behind every result that is quantized.
func sketch(g *ir.Graph) string {
	var out []string
	is := func(v *ir.Value, op string) bool { return v != nil && v.Node() != nil && v.Node().Op == op }
	for _, n := range g.Nodes {
		if strings.HasSuffix(n.Op, "Linear") {
			continue
		}
		s := ""
		for _, v := range n.Inputs {
			if is(v, "DequantizeLinear") {
				s += "q"
			} else if v != nil && !v.IsConst() {
				s += "f"
			}
		}
		s += " " + n.Op + " "
		quantized := false
		for _, u := range n.Out(0).Uses() {
			quantized = quantized || u.Node.Op == "QuantizeLinear"
		}
		if quantized {
			s += "q"
		} else {
			s += "f"
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestWhatEachProfileQuantizes(t *testing.T) {
	for _, c := range []struct {
		p    *Profile
		want string
	}{
		{ONNXRuntime, `qqq Conv q
q MaxPool q
qqq Conv q
qq Add q
qqq Conv q
q Sigmoid q
qq Concat q
q GlobalAveragePool q
q Flatten q
qqq Gemm f
f Softmax f`},
		// Softmax reads and gives prescribed integers in TFLite.
		{TFLite, `qqq Conv q
q MaxPool q
qqq Conv q
qq Add q
qqq Conv q
q Sigmoid q
qq Concat q
q GlobalAveragePool q
q Flatten q
qqq Gemm q
q Softmax q`},
		// Relu stays and is fused by the plugin; the pool works on the quantized
		// tensor before it; nothing is quantized only because it is a result.
		{OpenVINO, `qq Conv f
f Relu q
q MaxPool f
fq Conv q
qf Add f
f Relu q
qq Conv f
f Sigmoid f
qf Concat f
f GlobalAveragePool q
q Flatten f
fq Gemm f
f Softmax f`},
	} {
		g := residual(t)
		o := Defaults(c.p)
		staticOn(t, g, o, samples(4, 1, 3, 8, 8))
		if got := sketch(g); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.p.Name, got, c.want)
		}
	}
}

// TestHeadsAreJoinedInFloat: boxes and scores that end the model side by side
// have no common scale.
func TestHeadsAreJoinedInFloat(t *testing.T) {
	for _, p := range []*Profile{ONNXRuntime, TFLite, OpenVINO} {
		b := &builder{t, ir.New("heads")}
		x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 3, 8, 8))
		y := b.add("Concat", "join", ir.Attrs{"axis": int64(1)}, b.conv("boxes", x, 4), b.add("Sigmoid", "scores", nil, b.conv("classes", x, 2)))
		y = b.add("Reshape", "flat", nil, y, b.g.AddConst("shape", tensor.Of([]int64{1, 6, 64}, 3)))
		b.g.Outputs = []*ir.Value{b.add("Transpose", "out", ir.Attrs{"perm": []int64{0, 2, 1}}, y)}
		staticOn(t, b.g, Defaults(p), samples(2, 1, 3, 8, 8))
		for _, n := range b.g.Nodes {
			for _, u := range n.Out(0).Uses() {
				if u.Node.Op == "QuantizeLinear" && (n.Op == "Concat" || n.Op == "Reshape" || n.Op == "Transpose") {
					t.Errorf("%s: the result of %s is quantized", p.Name, n.Op)
				}
			}
		}
	}
}

// TestSequencesKeepTheirSums: in a transformer's block only the matrix products
// read integers, and what becomes their bias is one of them.
func TestSequencesKeepTheirSums(t *testing.T) {
	b := &builder{t, ir.New("block")}
	x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8))
	norm := b.add("LayerNormalization", "norm", nil, x, b.g.AddConst("s", noise(1, 1, 8)))
	y := b.add("MatMul", "up", nil, norm, b.g.AddConst("w1", noise(2, 1, 8, 16)))
	y = b.add("Gelu", "gelu", nil, b.add("Add", "bias", nil, y, b.g.AddConst("b", noise(3, 1, 16))))
	y = b.add("MatMul", "down", nil, y, b.g.AddConst("w2", noise(4, 1, 16, 8)))
	b.g.Outputs = []*ir.Value{b.add("Add", "residual", nil, x, y)}
	staticOn(t, b.g, Defaults(ONNXRuntime), samples(2, 1, 4, 8))
	want := "f LayerNormalization q\nqq MatMul f\nfq Add f\nf Gelu q\nqq MatMul f\nff Add f"
	if got := sketch(b.g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestQuantizedStaysClose evaluates the annotated graph.
func TestQuantizedStaysClose(t *testing.T) {
	in := samples(6, 1, 3, 8, 8)
	for _, name := range []string{"onnx", "openvino", "tflite"} {
		for _, method := range []string{"minmax", "percentile", "mse", "entropy"} {
			for _, activation := range []string{"auto", "i8-symmetric"} {
				g := residual(t)
				want, err := testkit.Eval(ops.Registry(), g, map[string]*tensor.Tensor{"x": in[0]})
				if err != nil {
					t.Fatal(err)
				}
				o := Defaults(Profiles[name])
				o.Method, o.Activation = method, activation
				staticOn(t, g, o, in)
				got, err := testkit.Eval(ops.Registry(), g, map[string]*tensor.Tensor{"x": in[0]})
				if err != nil {
					t.Fatal(err)
				}
				for i, w := range want[0].Float64s() {
					if d := math.Abs(got[0].Float64s()[i] - w); d > 0.06 {
						t.Errorf("%s %s %s: output %d differs by %g", name, method, activation, i, d)
					}
				}
			}
		}
	}
}

func TestSharedAndPrescribedScales(t *testing.T) {
	g := residual(t)
	o := Defaults(TFLite)
	staticOn(t, g, o, samples(4, 1, 3, 8, 8))
	scale := func(v *ir.Value) float64 { s, _ := v.Node().In(1).ConstScalar(); return s }
	for _, n := range g.Nodes {
		out := n.Out(0)
		var q *ir.Node
		for _, u := range out.Uses() {
			if u.Node.Op == "QuantizeLinear" {
				q = u.Node
			}
		}
		switch n.Op {
		case "MaxPool", "Flatten":
			if s, _ := q.In(1).ConstScalar(); s != scale(n.In(0)) {
				t.Errorf("%s changes the scale from %g to %g", n.Op, scale(n.In(0)), s)
			}
		case "Concat":
			s, _ := q.In(1).ConstScalar()
			if s != scale(n.In(0)) || s != scale(n.In(1)) {
				t.Errorf("Concat joins the scales %g and %g to %g", scale(n.In(0)), scale(n.In(1)), s)
			}
		case "Sigmoid", "Softmax":
			s, _ := q.In(1).ConstScalar()
			z, _ := q.In(2).ConstScalar()
			if s != 1.0/256 || z != -128 {
				t.Errorf("%s gives scale %g, zero point %g", n.Op, s, z)
			}
		case "Conv", "Gemm":
			w, b := n.In(1).Node(), n.In(2).Node()
			ws, bs, in := w.In(1).Const.Float32s(), b.In(1).Const.Float32s(), float32(scale(n.In(0)))
			for i := range bs {
				if bs[i] != in*ws[i] {
					t.Fatalf("%s: bias scale %g is not %g*%g", n.Name, bs[i], in, ws[i])
				}
			}
			if b.In(0).DType != tensor.Int32 || w.In(0).DType != tensor.Int8 {
				t.Errorf("%s has weights %v and bias %v", n.Name, w.In(0).DType, b.In(0).DType)
			}
		}
	}
}

func TestLayersStayWhereTheirOutputIs(t *testing.T) {
	g := residual(t)
	o := Defaults(ONNXRuntime)
	o.KeepFloat = []string{"conv2"}
	staticOn(t, g, o, samples(2, 1, 3, 8, 8))
	at := map[string]string{}
	for _, v := range g.Values() {
		for _, l := range v.Layers {
			if v.Node() != nil {
				at[l] = v.Node().Op
			}
		}
	}
	if at["relu1"] != "DequantizeLinear" || at["prob"] != "Softmax" {
		t.Errorf("layers are held by %v", at)
	}
	for _, n := range g.Nodes {
		if n.Op == "Conv" && slices.Contains(n.Origin, "conv2") && !n.In(1).IsConst() {
			t.Error("a layer to be kept in float has quantized weights")
		}
		if n.Op == "Conv" && slices.Contains(n.Origin, "conv1") && !slices.Contains(n.Origin, "relu1") {
			t.Errorf("the convolution that took in the Relu comes from %v", n.Origin)
		}
	}
}

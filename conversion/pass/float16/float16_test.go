package float16

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	onnxtarget "slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func run(t *testing.T, p *pass.Pass, g *ir.Graph, o any) (pass.Report, diag.List) {
	t.Helper()
	var found diag.List
	r, err := p.Run1(context.Background(), g, all.Registry(), o, &found)
	if err != nil {
		t.Fatal(err)
	}
	return r, found
}

// weights makes x -> Conv -> MatMul-free graph with the given weights.
func conv(t *testing.T, w *tensor.Tensor) *ir.Graph {
	t.Helper()
	g := ir.New("conv")
	x := g.AddInput("x", tensor.Float32, ir.Dims(1, w.Shape()[1], 4, 4))
	n := g.AddNode("Conv", "conv", nil, []*ir.Value{x, g.AddConst("w", w), g.AddConst("b", tensor.New(tensor.Float32, w.Shape()[0]))}, "y")
	n.Origin = []string{"conv"}
	g.Outputs = n.Outputs
	if err := all.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func filled(v float32, odd float32) *tensor.Tensor {
	w := tensor.New(tensor.Float32, 64, 4, 1, 1)
	for i := range tensor.View[float32](w) {
		tensor.View[float32](w)[i] = v
	}
	tensor.View[float32](w)[7] = odd
	return w
}

func TestStorage(t *testing.T) {
	for _, c := range []struct {
		name     string
		w        *tensor.Tensor
		half     bool
		findings int
	}{
		{"ordinary weights", filled(0.1, 60000), true, 0},
		{"one value is too large", filled(0.1, 65505), false, 1},
		{"a NaN", filled(0.1, float32(nan())), false, 1},
		{"most values vanish", filled(1e-6, 1), false, 1},
		{"a small tensor", tensor.Of([]float32{1, 2}, 1, 2, 1, 1), false, 0},
	} {
		g := conv(t, c.w)
		_, found := run(t, Pass, g, nil)
		n := g.Nodes[len(g.Nodes)-1]
		half := n.In(1).Node() != nil && n.In(1).Node().Op == "Cast" && n.In(1).Node().In(0).DType == tensor.Float16
		if half != c.half || len(found) != c.findings {
			t.Errorf("%s: half precision %v with %v, want %v with %d findings", c.name, half, found, c.half, c.findings)
		}
		if !n.In(2).IsConst() {
			t.Errorf("%s: the bias was narrowed", c.name)
		}
	}
}

func nan() float64 { var z float64; return z / z }

func TestArithmeticKeepsWhatOverflows(t *testing.T) {
	g := ir.New("chain")
	v := g.AddInput("x", tensor.Float32, ir.Dims(2))
	for _, s := range []struct {
		op string
		c  float32
	}{{"Mul", 2}, {"Add", 1e6}, {"Exp", 0}, {"Mul", 3}} {
		in := []*ir.Value{v}
		if s.c != 0 {
			in = append(in, g.AddConst("c", tensor.Scalar(s.c)))
		}
		n := g.AddNode(s.op, s.op, nil, in, "t")
		n.Origin = []string{n.Name}
		v = n.Outputs[0]
	}
	g.Outputs = []*ir.Value{v}
	if err := all.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Mode = "arithmetic"
	_, found := run(t, Pass, g, o)
	if len(found) != 1 || found[0].Code != "fp16.overflow" || len(found[0].Layers) != 1 || found[0].Layers[0] != "Add" {
		t.Errorf("findings are %v", found)
	}
	want := map[string]tensor.DType{"Mul": tensor.Float16, "Add": tensor.Float32, "Exp": tensor.Float32, "Mul_1": tensor.Float16}
	for _, n := range g.Nodes {
		if d, ok := want[n.Name]; ok && n.Out(0).DType != d {
			t.Errorf("%s computes in %v, want %v", n.Name, n.Out(0).DType, d)
		}
	}
}

// TestZoo compares onnxruntime on the rewritten and on the source model.
func TestZoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	for _, c := range []struct {
		name, file string
		pass       *pass.Pass
		mode       string
		span, tol  float64
	}{
		{"storage", "imagenet/efficientnet-lite0.onnx", Pass, "storage", 1, 1e-2},
		{"arithmetic", "imagenet/efficientnet-lite0.onnx", Pass, "arithmetic", 1, 3e-2},
		{"arithmetic", "detect/yolox_nano_coco.onnx", Pass, "arithmetic", 255, 3e-2},
		{"widen", "imagenet/squeezenet_fp16.onnx", Widen, "", 100, 1e-2},
	} {
		t.Run(c.name+" "+filepath.Base(c.file), func(t *testing.T) {
			ctx, reg := context.Background(), all.Registry()
			path := filepath.Join(zoo, c.file)
			m, err := onnx.Source{}.Open(ctx, path, source.Options{Registry: reg})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			var o any
			if c.mode != "" {
				d := Defaults()
				d.Mode = c.mode
				o = d
			}
			if r, _ := run(t, c.pass, m.Graph, o); r.Fired == 0 {
				t.Error("nothing was changed")
			}
			dir := t.TempDir()
			a, err := onnxtarget.Target{}.Write(ctx, m.Graph, dir, target.Options{Name: "m", Registry: reg})
			if err != nil {
				t.Fatal(err)
			}
			in := map[string]*tensor.Tensor{}
			rng := rand.New(rand.NewPCG(1, 1))
			for _, v := range m.Graph.Inputs {
				shape, _ := v.Shape.Ints()
				if shape == nil {
					shape = []int{1, 3, 224, 224}
				}
				n, _ := tensor.NumElements(shape)
				x := make([]float64, n)
				for i := range x {
					x[i] = rng.Float64() * c.span
				}
				if in[v.Name], err = tensor.FromFloat64s(v.DType, x, shape...); err != nil {
					t.Fatal(err)
				}
			}
			r := testkit.Vendor(t, []testkit.Job{
				{Runtime: "onnxruntime", Model: path, Inputs: in},
				{Runtime: "onnxruntime", Model: filepath.Join(dir, a.Files[0]), Inputs: in},
			})
			if r[0].Err+r[1].Err != "" {
				t.Fatal(r[0].Err, r[1].Err)
			}
			for name, want := range r[0].Outputs {
				if err := testkit.Compare(r[1].Outputs[name], want, op.Tolerance{Rel: c.tol / map[bool]float64{true: 1024, false: 1}[want.DType() == tensor.Float16]}); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

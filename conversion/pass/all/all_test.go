package all

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/recognise"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	target_onnx "slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func TestOrder(t *testing.T) {
	at := map[string]int{}
	for i, p := range Passes() {
		if _, dup := at[p.Name]; dup {
			t.Errorf("%s is listed twice", p.Name)
		}
		if p.About == "" || p.Run == nil {
			t.Errorf("%s lacks About or Run", p.Name)
		}
		at[p.Name] = i
	}
	for _, p := range Passes() {
		for _, a := range p.After {
			if j, ok := at[a]; !ok || j >= at[p.Name] {
				t.Errorf("%s must run after %s", p.Name, a)
			}
		}
	}
}

// most is the number of nodes that today's simplifiers leave, or fewer.
var most = map[string]int{
	"mobilenet_v3_small_raw.onnx": 122,
	"resnet20_cifar10.onnx":       54,
	"efficientnet-lite0.onnx":     94,
	"yolox_nano_coco.onnx":        365,
	"mnist.onnx":                  8,
	"squeezenet_fp16.onnx":        66,
}

// TestZoo simplifies real models: they must become as small as other tools make
// them, and ONNX Runtime must compute the same from what we write.
func TestZoo(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(testkit.Zoo(t), "*", "*.onnx"))
	if len(files) < len(most) {
		t.Fatalf("%d models", len(files))
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			m, err := onnx.Source{}.Open(context.Background(), f, source.Options{Registry: ops.Registry()})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			before := len(m.Graph.Nodes)
			reports, err := Simplify(context.Background(), m.Graph, ops.Registry(), nil, nil, nil, &m.Findings)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d nodes -> %d", before, len(m.Graph.Nodes))
			restore := recognise.Restore(func(n *ir.Node) bool { return target_onnx.Target{}.Legal(n, target.Options{}) == nil })
			if _, err := restore.Run1(context.Background(), m.Graph, ops.Registry(), nil, &m.Findings); err != nil {
				t.Fatal(err)
			}
			for _, r := range reports {
				t.Logf("%+v", r)
			}
			if n := len(m.Graph.Nodes); n > most[filepath.Base(f)] {
				t.Errorf("%d nodes, want at most %d", n, most[filepath.Base(f)])
			}
			dir := t.TempDir()
			for _, n := range m.Graph.Nodes {
				if why := (target_onnx.Target{}).Legal(n, target.Options{}); why != nil {
					t.Error(why)
				}
			}
			if _, err := (target_onnx.Target{}).Write(context.Background(), m.Graph, dir, target.Options{Name: "small"}); err != nil {
				t.Fatal(err)
			}
			feeds := map[string]*tensor.Tensor{}
			for _, v := range m.Graph.Inputs {
				feeds[v.Name] = noise(t, v)
			}
			r := testkit.Vendor(t, []testkit.Job{
				{Runtime: "onnxruntime", Model: f, Inputs: feeds, Plain: true},
				{Runtime: "onnxruntime", Model: filepath.Join(dir, "small.onnx"), Inputs: feeds, Plain: true},
			})
			if r[0].Err != "" || r[1].Err != "" {
				t.Fatal(r[0].Err, r[1].Err)
			}
			tol := 3e-5 // weights in another order add up otherwise
			if m.Graph.Inputs[0].DType == tensor.Float16 {
				tol = 2e-3
			}
			for name, want := range r[0].Outputs {
				compare(t, name, r[1].Outputs[name], want, tol)
			}
		})
	}
}

func compare(t *testing.T, name string, got, want *tensor.Tensor, tol float64) {
	t.Helper()
	if got == nil || !slices.Equal(got.Shape(), want.Shape()) || got.DType() != want.DType() {
		t.Fatalf("output %s is %v, want %v", name, got, want)
	}
	a, b := got.Float64s(), want.Float64s()
	lo, hi, worst := b[0], b[0], 0.0
	for i := range b {
		lo, hi = min(lo, b[i]), max(hi, b[i])
		worst = max(worst, max(a[i]-b[i], b[i]-a[i]))
	}
	if !(worst <= tol*max(hi-lo, 1e-6)) {
		t.Errorf("output %s differs by %g of its range %g", name, worst, hi-lo)
	}
}

func noise(t *testing.T, v *ir.Value) *tensor.Tensor {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 1))
	var dims []int
	n := 1
	for _, d := range v.Shape {
		k, ok := d.Int()
		if !ok {
			k = 1
		}
		dims = append(dims, int(k))
		n *= int(k)
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	out, err := tensor.FromFloat64s(v.DType, x, dims...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

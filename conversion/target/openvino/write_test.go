package openvino

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// build makes a graph and infers it.
func build(t *testing.T, f func(g *ir.Graph)) *ir.Graph {
	t.Helper()
	g := ir.New("test")
	f(g)
	for _, n := range g.Nodes {
		n.Origin, n.Outputs[0].Layers = []string{n.Name}, []string{n.Name}
	}
	if err := all.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func write(t *testing.T, g *ir.Graph, o target.Options) (dir string, a *target.Artefact) {
	t.Helper()
	dir = t.TempDir()
	for _, n := range g.Nodes {
		if f := (Target{}).Legal(n, o); f != nil {
			t.Fatal(f)
		}
	}
	o.Name = "m"
	a, err := Target{}.Write(context.Background(), g, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, a
}

func ramp(shape ...int) *tensor.Tensor {
	n, _ := tensor.NumElements(shape)
	v := make([]float32, n)
	for i := range v {
		v[i] = float32((i*7)%23-11) / 8
	}
	return tensor.Of(v, shape...)
}

// awkward holds every character that a list of names or an attribute of XML
// treats specially.
const awkward = `a,b<&>"'\ü` + "\t"

func awkwardGraph(t *testing.T) *ir.Graph {
	return build(t, func(g *ir.Graph) {
		x := g.AddInput("in "+awkward, tensor.Float32, ir.Dims(1, 4, 5, 6))
		y := g.AddNode("Relu", "relu "+awkward, nil, []*ir.Value{x}, "mid "+awkward).Outputs[0]
		z := g.AddNode("Neg", "neg", nil, []*ir.Value{y}, "out "+awkward).Outputs[0]
		g.Outputs = []*ir.Value{z}
	})
}

func TestNamesLayoutAndTaps(t *testing.T) {
	testkit.Python(t)
	g := awkwardGraph(t)
	x := ramp(1, 4, 5, 6)
	nhwc := ramp(1, 5, 6, 4)
	dir, a := write(t, g, target.Options{})
	turned, _ := write(t, awkwardGraph(t), target.Options{Layout: "nhwc"})
	if got := a.Taps["relu "+awkward]; got != "mid "+awkward {
		t.Errorf("tap is %q", got)
	}
	if got := a.Layers["relu "+awkward]; len(got) != 1 || got[0] != "relu "+awkward {
		t.Errorf("layers are %q", a.Layers)
	}
	tapped, err := Target{}.Tap(context.Background(), filepath.Join(dir, "m.xml"), []string{"mid " + awkward}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in := "in " + awkward
	r := testkit.Vendor(t, []testkit.Job{
		{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: map[string]*tensor.Tensor{in: x}},
		{Runtime: "openvino", Model: tapped, Inputs: map[string]*tensor.Tensor{in: x}},
		{Runtime: "openvino", Model: filepath.Join(turned, "m.xml"), Inputs: map[string]*tensor.Tensor{in: nhwc}},
	})
	for i, j := range r {
		if j.Err != "" {
			t.Fatalf("job %d: %s", i, j.Err)
		}
	}
	want := tensor.New(tensor.Float32, 1, 4, 5, 6)
	for i, v := range tensor.View[float32](x) {
		tensor.View[float32](want)[i] = -max(v, 0)
	}
	testkit.Close(t, r[0].Outputs["out "+awkward], want, all.Registry().Get("Relu").Tol)
	if mid := r[1].Outputs["mid "+awkward]; mid == nil || mid.Float32s()[10] != max(x.Float32s()[10], 0) {
		t.Errorf("tapped tensor is %v", mid)
	}
	if out := r[2].Outputs["out "+awkward]; out == nil || out.Shape()[3] != 4 || out.Float32s()[7] != -max(nhwc.Float32s()[7], 0) {
		t.Errorf("NHWC output is %v", out)
	}
}

func TestEqualConstantsAreStoredOnceAndAligned(t *testing.T) {
	g := build(t, func(g *ir.Graph) {
		v := g.AddInput("x", tensor.Float32, ir.Dims(1, 3, 8, 8))
		for i, w := range []*tensor.Tensor{ramp(3, 3, 3, 3), ramp(3, 3, 3, 3), ramp(3, 3, 1, 1)} {
			v = g.AddNode("Conv", "", nil, []*ir.Value{v, g.AddConst("w", w)}, "y").Outputs[0]
			_ = i
		}
		g.Outputs = []*ir.Value{v}
	})
	dir, _ := write(t, g, target.Options{})
	st, err := os.Stat(filepath.Join(dir, "m.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(384 + 36); st.Size() != want { // 81 floats, padded to 64, and 9
		t.Errorf(".bin has %d bytes, want %d", st.Size(), want)
	}
	xml, err := os.ReadFile(filepath.Join(dir, "m.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(xml), `offset="0" size="324"`); n != 2 {
		t.Errorf("%d constants share the first offset, want 2", n)
	}
}

// TestHalfPrecisionWeights: a half-precision constant behind a Cast carries the
// mark that keeps it in half precision at run time.
func TestHalfPrecisionWeights(t *testing.T) {
	testkit.Python(t)
	half, err := ramp(4, 2, 3, 3).Cast(tensor.Float16)
	if err != nil {
		t.Fatal(err)
	}
	g := build(t, func(g *ir.Graph) {
		x := g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8, 8))
		c := g.AddNode("Cast", "widen", ir.Attrs{"to": int64(1)}, []*ir.Value{g.AddConst("w", half)}, "wide")
		y := g.AddNode("Conv", "conv", ir.Attrs{"group": int64(2)}, []*ir.Value{x, c.Outputs[0]}, "y")
		g.Outputs = y.Outputs
	})
	dir, _ := write(t, g, target.Options{})
	xml, err := os.ReadFile(filepath.Join(dir, "m.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(xml), `name="decompression"`) != 1 || !strings.Contains(string(xml), `element_type="f16" shape="2,2,2,3,3"`) {
		t.Errorf("no marked half-precision weights in\n%s", xml)
	}
	r := testkit.Vendor(t, []testkit.Job{{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: map[string]*tensor.Tensor{"x": ramp(1, 4, 8, 8)}}})
	if r[0].Err != "" {
		t.Fatal(r[0].Err)
	}
}

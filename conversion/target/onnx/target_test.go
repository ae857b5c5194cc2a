package onnx_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/source"
	source_onnx "slipway/conversion/source/onnx"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func graph(t testing.TB, lines string) *ir.Graph {
	t.Helper()
	g, err := ir.Parse("graph g {\n" + lines + "\n}")
	if err != nil {
		t.Fatal(err)
	}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func writeAndRead(t testing.TB, g *ir.Graph, o target.Options) (*target.Artefact, *source.Model, string) {
	t.Helper()
	dir := t.TempDir()
	a, err := onnx.Target{}.Write(context.Background(), g, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, a.Files[0])
	m, err := source_onnx.Source{}.Open(context.Background(), path, source.Options{Registry: ops.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return a, m, path
}

// TestOpset: the smallest operator set that can say what is in the graph.
func TestOpset(t *testing.T) {
	for _, c := range []struct{ name, graph, version, opset, refused, legal string }{
		{name: "float", version: "opset 17, IR 8", graph: `
			input %x : f32[1,3]
			%y : ?[?] = Relu(%x) @r
			output %y`},
		{name: "axes", version: "opset 17, IR 8", graph: `
			input %x : f32[1,3,4]
			const %a : i64[2] = [1,2]
			%y : ?[?] = ReduceMean(%x, %a) {keepdims=0} @r
			output %y`},
		{name: "axes as input", version: "opset 18, IR 8", opset: "18", graph: `
			input %x : f32[1,3,4]
			const %a : i64[2] = [1,2]
			%y : ?[?] = ReduceMean(%x, %a) {keepdims=0} @r
			output %y`},
		{name: "equal split", version: "opset 17, IR 8", graph: `
			input %x : f32[1,5]
			%y : ?[?], %z : ?[?] = Split(%x) {axis=1, num_outputs=2} @s
			output %y
			output %z`},
		{name: "half scales", version: "opset 19, IR 9", graph: `
			input %x : f16[1,3]
			const %s : f16[] = [0.5]
			const %z : i8[] = [0]
			%q : ?[?] = QuantizeLinear(%x, %s, %z) @q
			%y : ?[?] = DequantizeLinear(%q, %s, %z) @d
			output %y`},
		{name: "four bits", version: "opset 21, IR 10", graph: `
			input %x : f32[1,3]
			const %w : i4[3] = [1,-8,7]
			const %s : f32[] = [0.5]
			%d : ?[?] = DequantizeLinear(%w, %s) @d
			%y : ?[?] = Mul(%x, %d) @m
			output %y`},
		{name: "signed without zero point", version: "opset 17, IR 8", graph: `
			input %x : f32[1,3]
			const %s : f32[3] = [0.5,0.25,0.125]
			%q : ?[?] = QuantizeLinear(%x, %s) {axis=1, output_dtype=3} @q
			%y : ?[?] = DequantizeLinear(%q, %s) {axis=1} @d
			output %y`},
		{name: "newer operator that nothing made simpler", version: "opset 20, IR 9", legal: "operator set 20", graph: `
			input %x : f32[1,3]
			%y : ?[?] = Gelu(%x) @g
			output %y`},
		{name: "newer operator on request", version: "opset 20, IR 9", opset: "20", graph: `
			input %x : f32[1,3]
			%y : ?[?] = Gelu(%x) @g
			output %y`},
		{name: "no such set", refused: "cannot be written", opset: "99", graph: `
			input %x : f32[1,3]
			%y : ?[?] = Relu(%x) @g
			output %y`},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graph(t, c.graph)
			o := target.Options{Name: "m", Values: map[string]string{}}
			if c.opset != "" {
				o.Values[onnx.KeyOpset] = c.opset
			}
			if c.legal != "" {
				if f := (onnx.Target{}).Legal(g.Nodes[0], o); f == nil || !strings.Contains(f.Text, c.legal) {
					t.Errorf("legal says %v, want %q in it", f, c.legal)
				}
			}
			if c.refused != "" {
				if f := (onnx.Target{}).Legal(g.Nodes[0], o); f == nil || !strings.Contains(f.Text, c.refused) {
					t.Errorf("legal says %v, want %q in it", f, c.refused)
				}
				if _, err := (onnx.Target{}).Write(context.Background(), g, t.TempDir(), o); err == nil {
					t.Error("written")
				}
				return
			}
			a, m, path := writeAndRead(t, g, o)
			if m.Version != c.version {
				t.Errorf("version %s, want %s", m.Version, c.version)
			}
			if raised := len(a.Findings) > 0; raised != (c.opset == "" && !strings.Contains(c.version, "opset 17")) {
				t.Errorf("findings %v", a.Findings)
			}
			checkModel(t, testkit.Python(t), path)
			feeds := map[string]*tensor.Tensor{}
			for _, v := range g.Inputs {
				dims, _ := v.Shape.Ints()
				x, err := ir.Noise(v.DType, 5, dims...)
				if err != nil {
					t.Fatal(err)
				}
				feeds[v.Name] = x
			}
			want := testkit.Compute(t, g, ops.Registry(), feeds)
			r := testkit.Vendor(t, []testkit.Job{{Runtime: "onnxruntime", Model: path, Inputs: feeds}})[0]
			if r.Err != "" {
				t.Fatal(r.Err)
			}
			for i, v := range g.Outputs {
				testkit.Close(t, r.Outputs[v.Name], want[i], ops.Registry().Get("Gelu").Tol)
			}
		})
	}
}

const twoConvs = `
	input %x : f32[N,8,4,4]
	const %w : f32[8,8,1,1] = noise(1)
	const %v : f32[8,8,1,1] = noise(1)
	const %b : f32[8] = [1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0]
	%a : ?[?] holds relu = Conv(%x, %w, %b) @conv from conv, relu by fuse
	%y : ?[?] holds conv2 = Conv(%a, %v) @conv2
	output %y`

func TestProvenanceAndSharing(t *testing.T) {
	g := graph(t, twoConvs)
	g.Meta["metadata.license"] = "Apache-2.0"
	g.Meta["producer"] = "pytorch 2"
	a, m, _ := writeAndRead(t, g, target.Options{Name: "net"})
	if a.Taps["relu"] != "a" || a.Taps["conv2"] != "y" || a.Taps["conv"] != "" {
		t.Errorf("taps %v", a.Taps)
	}
	if l := a.Layers["conv"]; len(l) != 2 || l[1] != "relu" {
		t.Errorf("layers %v", a.Layers)
	}
	if n := len(m.Graph.Consts()); n != 2 {
		t.Errorf("%d weights, want the equal ones shared", n)
	}
	if m.Producer != "slipway" || m.Graph.Meta["metadata.license"] != "Apache-2.0" || m.Graph.Meta["metadata.slipway.source_producer"] != "pytorch 2" {
		t.Errorf("producer %q, meta %v", m.Producer, m.Graph.Meta)
	}
	if s := m.Graph.Inputs[0].Shape.String(); s != "[N,8,4,4]" {
		t.Errorf("input shape %s", s)
	}
}

func TestSideFile(t *testing.T) {
	g := graph(t, twoConvs)
	a, m, _ := writeAndRead(t, g, target.Options{Name: "net", Values: map[string]string{onnx.KeyExternal: "true"}})
	if len(a.Files) != 1 || len(m.Files) != 1 {
		t.Errorf("files %v, though no weight reaches the least size for a side file", a.Files)
	}
	big, err := ir.Noise(tensor.Float32, 2, 64, 8, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := g.Edit("test", ops.Registry().Infer)
	conv := g.Nodes[1]
	p.SetInput(conv, 1, p.Const("big", big))
	odd, err := ir.Noise(tensor.Float32, 3, 64, 67, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	y := p.Add("Concat", ir.Attrs{"axis": int64(0)}, []*ir.Value{p.Const("odd", odd), p.Const("odd2", big2(t))})
	g.Outputs = append(g.Outputs, y)
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	a, m, path := writeAndRead(t, g, target.Options{Name: "net", Values: map[string]string{onnx.KeyExternal: "true"}})
	if len(a.Files) != 2 || a.Files[1] != "net.onnx.data" || len(m.Files) != 2 {
		t.Errorf("files %v, read from %v", a.Files, m.Files)
	}
	checkModel(t, testkit.Python(t), path)
	for _, v := range m.Graph.Consts() {
		if v.Name == "odd" && !tensor.Equal(v.Const, odd) {
			t.Error("a weight in the side file changed")
		}
	}
}

func big2(t *testing.T) *tensor.Tensor {
	t.Helper()
	x, err := ir.Noise(tensor.Float32, 4, 5, 67, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestChannelsLast(t *testing.T) {
	g := graph(t, strings.Replace(twoConvs, "f32[N,", "f32[1,", 1))
	o := target.Options{Name: "m", Layout: "nhwc"}
	feed, err := ir.Noise(tensor.Float32, 9, 1, 8, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	want := testkit.Compute(t, g, ops.Registry(), map[string]*tensor.Tensor{"x": feed})[0]
	if _, err := (onnx.Target{}).Prepare(context.Background(), g, ops.Registry(), o); err != nil {
		t.Fatal(err)
	}
	if err := ir.Check(g); err != nil {
		t.Fatal(err)
	}
	last := transpose(t, feed, 0, 2, 3, 1)
	got := testkit.Compute(t, g, ops.Registry(), map[string]*tensor.Tensor{"x": last})[0]
	testkit.Close(t, got, transpose(t, want, 0, 2, 3, 1), ops.Registry().Get("Conv").Tol)
	if g.Inputs[0].Name != "x" || g.Outputs[0].Name != "y" {
		t.Errorf("the interface is %s -> %s", g.Inputs[0].Name, g.Outputs[0].Name)
	}
}

func transpose(t *testing.T, x *tensor.Tensor, perm ...int64) *tensor.Tensor {
	t.Helper()
	g := ir.New("t")
	n := g.AddNode("Transpose", "", ir.Attrs{"perm": perm}, []*ir.Value{g.AddConst("x", x)}, "y")
	out, err := ops.Registry().EvalNode(n, []*tensor.Tensor{x})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (onnx.Target{}).Write(ctx, graph(t, twoConvs), t.TempDir(), target.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNoSpace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if _, err := (onnx.Target{}).Write(context.Background(), graph(t, twoConvs), dir, target.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

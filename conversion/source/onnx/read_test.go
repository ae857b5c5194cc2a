package onnx

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/tensor"
)

func openBytes(t testing.TB, data []byte, o source.Options) (*source.Model, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if o.Registry == nil {
		o.Registry = ops.Registry()
	}
	m, err := Source{}.Open(context.Background(), path, o)
	if m != nil {
		t.Cleanup(func() { m.Close() })
	}
	return m, err
}

func mustOpen(t testing.TB, data []byte, o source.Options) *source.Model {
	t.Helper()
	m, err := openBytes(t, data, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Check(m.Graph); err != nil {
		t.Fatal(err)
	}
	return m
}

func has(l diag.List, code string) bool {
	return slices.ContainsFunc(l, func(f *diag.Finding) bool { return f.Code == code })
}

func TestSymbolsAndFixedShapes(t *testing.T) {
	data := ModelMsg(Parts{
		Nodes: []Msg{
			NodeMsg("Add", "add", []string{"a", "b"}, []string{"s"}),
			NodeMsg("Relu", "", []string{"c"}, []string{"r"}),
		},
		Inputs:  []Msg{InfoMsg("a", 1, "batch size", 3), InfoMsg("b", 1, "batch size", 3), InfoMsg("c", 1, nil, -1)},
		Outputs: []Msg{InfoMsg("s", 1, "batch size", 3), InfoMsg("r", 1)},
	}.bytes(), 17)
	g := mustOpen(t, data, source.Options{}).Graph
	if got := fmt.Sprint(g.Inputs[0].Shape, g.Inputs[1].Shape, g.Inputs[2].Shape, g.Outputs[0].Shape); got != "[batch_size,3] [batch_size,3] [c_d0,c_d1] [batch_size,3]" {
		t.Errorf("shapes %s", got)
	}
	if n := g.Nodes[1].Name; n != "Relu_1" || g.Nodes[1].Origin[0] != n || g.Outputs[1].Layers[0] != n {
		t.Errorf("unnamed node is called %q", n)
	}
	g = mustOpen(t, data, source.Options{InputShapes: map[string][]int64{"a": {4, 3}, "c": {-1, 7}}}).Graph
	if got := fmt.Sprint(g.Inputs[0].Shape, g.Inputs[1].Shape, g.Inputs[2].Shape, g.Outputs[0].Shape); got != "[4,3] [4,3] [c_d0,7] [4,3]" {
		t.Errorf("fixed shapes %s", got)
	}
	for _, c := range []struct {
		shapes map[string][]int64
		says   string
	}{
		{map[string][]int64{"q": {1}}, `no input "q"`},
		{map[string][]int64{"a": {1}}, "rank"},
		{map[string][]int64{"a": {4, 5}}, "is 3 in the model"},
	} {
		if _, err := openBytes(t, data, source.Options{InputShapes: c.shapes}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: got %v", c.shapes, err)
		}
	}
}

func TestUnsortedAndDefaults(t *testing.T) {
	g := Parts{
		Nodes: []Msg{
			NodeMsg("Add", "last", []string{"m", "w"}, []string{"y"}),
			NodeMsg("Neg", "last", []string{"r"}, []string{"m"}),
			NodeMsg("Relu", "first", []string{"x"}, []string{"r"}),
		},
		Inits:   []Msg{WeightMsg("w", 1, []int64{1}, []byte{0, 0, 128, 63})},
		Inputs:  []Msg{InfoMsg("x", 1, 2), InfoMsg("w", 1, 1)},
		Outputs: []Msg{InfoMsg("y", 1, 2)},
	}
	m := mustOpen(t, ModelMsg(g.bytes(), 17), source.Options{})
	var names []string
	for _, n := range m.Graph.Nodes {
		names = append(names, n.Op+":"+n.Name)
	}
	if got := strings.Join(names, " "); got != "Relu:first Neg:last Add:last_1" {
		t.Errorf("order %s", got)
	}
	if len(m.Graph.Inputs) != 1 || !has(m.Findings, "onnx.default-inputs") || !has(m.Findings, "onnx.duplicate-node-name") {
		t.Errorf("inputs %d, findings %v", len(m.Graph.Inputs), m.Findings)
	}
}

func TestUnknownOperators(t *testing.T) {
	data := ModelMsg(Parts{
		Nodes: []Msg{
			NodeMsg("Foo", "f1", []string{"x"}, []string{"a"}),
			NodeMsg("Relu", "r", []string{"a"}, []string{"b"}),
			NodeMsg("Foo", "f2", []string{"b"}, []string{"c"}, IntAttr("k", 3)),
			NodeMsg("Bar", "g", []string{"c"}, []string{"y"}),
		},
		Inputs:  []Msg{InfoMsg("x", 1, 2)},
		Outputs: []Msg{InfoMsg("y", 1, 2)},
	}.bytes(), 17)
	_, err := openBytes(t, data, source.Options{})
	l := diag.FromError("", err)
	if len(l) != 2 || strings.Join(l[0].Layers, " ") != "f1 f2" || l[0].Code != "onnx.unknown-operator" || strings.Join(l[1].Layers, " ") != "g" {
		t.Fatalf("findings %v", err)
	}
	m := mustOpen(t, data, source.Options{KeepUnknown: true})
	if len(m.Graph.Nodes) != 4 || m.Graph.Nodes[2].Int("k", 0) != 3 || m.Findings.Err() == nil {
		t.Errorf("kept %d nodes, findings %v", len(m.Graph.Nodes), m.Findings)
	}
	if s := m.Graph.Outputs[0].Shape; !s.Equal(ir.Dims(2)) {
		t.Errorf("the declared shape of the output is lost: %v", s)
	}
}

func TestConstants(t *testing.T) {
	scalar := WeightMsg("", 1, nil, []byte{0, 0, 0, 64})
	for _, c := range []struct {
		attr Msg
		want *tensor.Tensor
		code string
	}{
		{attr: Msg{}.S(1, "value").B(5, scalar).I(20, 4), want: tensor.Scalar(float32(2))},
		{attr: Msg{}.S(1, "value_int").I(3, 7).I(20, 2), want: tensor.Scalar(int64(7))},
		{attr: Msg{}.S(1, "value_float").F(2, 0.5).I(20, 1), want: tensor.Scalar(float32(0.5))},
		{attr: IntsAttr("value_ints", 1, -2), want: tensor.Of([]int64{1, -2}, 2)},
		{attr: Msg{}.S(1, "value_floats").F(7, 1).F(7, -1).I(20, 6), want: tensor.Of([]float32{1, -1}, 2)},
		{attr: Msg{}.S(1, "sparse_value").B(22, nil).I(20, 11), code: "onnx.sparse"},
		{attr: Msg{}.S(1, "value_graph").I(3, 1).I(20, 2), code: "onnx.bad-node"},
	} {
		m, err := openBytes(t, ModelMsg(Parts{
			Nodes:   []Msg{NodeMsg("Constant", "c", nil, []string{"c"}, c.attr), NodeMsg("Identity", "i", []string{"c"}, []string{"y"})},
			Outputs: []Msg{InfoMsg("y", 0)},
		}.bytes(), 17), source.Options{})
		if c.code != "" {
			if l := diag.FromError("", err); err == nil || l[0].Code != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		if got := m.Graph.Nodes[0].In(0).Const; !tensor.Equal(got, c.want) {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
}

func TestFunctions(t *testing.T) {
	// Leaky(x; slope=0.5) = LeakyRelu(x, alpha=slope); Twice(x) = Leaky(Leaky(x)).
	ref := Msg{}.S(1, "alpha").S(21, "slope").I(20, 1)
	leaky := Msg{}.S(1, "Leaky").S(4, "in").S(5, "out").S(6, "other").
		B(7, NodeMsg("LeakyRelu", "inner", []string{"in"}, []string{"out"}, ref)).
		B(9, Msg{}.I(2, 16)).S(10, "me").B(11, Msg{}.S(1, "slope").F(2, 0.5).I(20, 1))
	twice := Msg{}.S(1, "Twice").S(4, "in").S(5, "out").
		B(7, NodeMsg("Leaky", "one", []string{"in"}, []string{"mid"}, Msg{}.S(1, "slope").F(2, 0.25).I(20, 1)).S(7, "me")).
		B(7, NodeMsg("Leaky", "two", []string{"mid"}, []string{"out"}).S(7, "me")).
		B(9, Msg{}.I(2, 16)).S(10, "me")
	g := Parts{
		Nodes:   []Msg{NodeMsg("Twice", "call", []string{"x"}, []string{"y"}).S(7, "me")},
		Inputs:  []Msg{InfoMsg("x", 1, 2)},
		Outputs: []Msg{InfoMsg("y", 1, 2)},
	}
	m := mustOpen(t, ModelMsg(g.bytes(), 17, Msg{}.B(25, leaky), Msg{}.B(25, twice)), source.Options{})
	var got []string
	for _, n := range m.Graph.Nodes {
		got = append(got, fmt.Sprint(n.Op, " ", n.Name, " ", n.Float("alpha", 0), " ", n.Out(0).Name))
	}
	want := "LeakyRelu call/one/inner 0.25 call/mid, LeakyRelu call/two/inner 0.5 y"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("inlined as %s, want %s", s, want)
	}
}

func TestSubgraphCaptures(t *testing.T) {
	branch := func(name, op, in string) Msg {
		return Msg{}.S(1, name).I(20, 5).B(6, Parts{
			Nodes:   []Msg{NodeMsg(op, "n", []string{in}, []string{"o"})},
			Outputs: []Msg{InfoMsg("o", 1)},
		}.bytes())
	}
	data := ModelMsg(Parts{
		Nodes: []Msg{
			NodeMsg("If", "if", []string{"c"}, []string{"y"}, branch("then_branch", "Relu", "a"), branch("else_branch", "Neg", "x")),
			NodeMsg("Abs", "abs", []string{"x"}, []string{"a"}), // after its reader in a branch
		},
		Inputs:  []Msg{InfoMsg("c", 9), InfoMsg("x", 1, 2)},
		Outputs: []Msg{InfoMsg("y", 1, 2)},
	}.bytes(), 17)
	g := mustOpen(t, data, source.Options{KeepUnknown: true}).Graph
	n := g.Nodes[1]
	if n.Op != "If" || n.Int(ir.CapturedAttr, 0) != 2 || n.In(1).Name != "a" || n.In(2).Name != "x" {
		t.Fatalf("read as %s", ir.Text(g))
	}
	for _, a := range []string{"then_branch", "else_branch"} {
		if sub := n.Graph(a); len(sub.Inputs) != 2 || sub.Inputs[0].Name != "a" || sub.Inputs[1].Name != "x" || !sub.Inputs[1].Shape.Equal(ir.Dims(2)) {
			t.Errorf("%s has inputs %v", a, sub.Inputs)
		}
	}
	mustOpen(t, data, source.Options{})
	odd := bytes.ReplaceAll(data, []byte("Relu"), []byte("Rulu"))
	_, err := openBytes(t, odd, source.Options{})
	if l := diag.FromError("", err); len(l) != 1 || l[0].Code != "onnx.unknown-operator" || l[0].Layer != "if/then_branch/n" {
		t.Errorf("got %v", err)
	}
}

// TestNamesSurvive: a reader's inner name must give way to a name in the file.
func TestNamesSurvive(t *testing.T) {
	inner := &op.Def{
		Name: "Two", Family: "test",
		Infer: func(c *op.InferCtx) error { c.Set(0, c.InType(0), c.InShape(0)); return nil },
		Eval:  func(*op.EvalCtx) error { return nil },
		FromONNX: func(s *op.Src) error {
			n, err := s.Emit("Two", nil, 1, s.In(0))
			if err != nil {
				return err
			}
			return s.Lower("Two", nil, n.Outputs...)
		},
	}
	reg, err := op.NewRegistry([]*op.Def{inner})
	if err != nil {
		t.Fatal(err)
	}
	data := ModelMsg(Parts{
		Nodes:   []Msg{NodeMsg("Two", "n", []string{"x"}, []string{"y"}), NodeMsg("Two", "m", []string{"y"}, []string{"n_out"})},
		Inputs:  []Msg{InfoMsg("x", 1, 2)},
		Outputs: []Msg{InfoMsg("n_out", 1, 2)},
	}.bytes(), 17)
	g := mustOpen(t, data, source.Options{Registry: reg}).Graph
	if g.Outputs[0].Name != "n_out" || g.Outputs[0].Node() != g.Nodes[3] || g.Nodes[1].Out(0).Name != "y" {
		t.Errorf("read as %s", ir.Text(g))
	}
}

// TestLargeFileIsCheap opens a file of 350 MB: neither mapped nor parsed weights
// may be copied.
func TestLargeFileIsCheap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.onnx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	const each, count = 5 << 20, 70
	g := Parts{Inputs: []Msg{InfoMsg("x", 1, 1)}, Outputs: []Msg{InfoMsg("y", 1)}}
	in := "x"
	head := g.bytes()
	for i := range count {
		out := fmt.Sprint("v", i)
		if i == count-1 {
			out = "y"
		}
		head = head.B(1, NodeMsg("Add", "", []string{in, fmt.Sprint("w", i)}, []string{out}))
		in = out
	}
	// The weights' bytes are holes in the file, so that the test writes little.
	weights := int64(0)
	var heads []Msg
	for i := range count {
		h := WeightMsg(fmt.Sprint("w", i), 1, []int64{each / 4}, nil)
		h = append(h, Msg{}.Tag(9, each)...)
		h = append(Msg{}.Tag(5, len(h)+each), h...)
		heads = append(heads, h)
		weights += int64(len(h)) + each
	}
	start := Msg{}.I(1, 8).B(8, Msg{}.I(2, 17))
	start = append(start, Msg{}.Tag(7, len(head)+int(weights))...)
	at := int64(0)
	put := func(b []byte) {
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
		at += int64(len(b))
	}
	put(start)
	put(head)
	for _, h := range heads {
		put(h)
		at += each
	}
	if err := f.Truncate(at); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := Source{}.Open(context.Background(), path, source.Options{Registry: ops.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
		t.Errorf("opening %d MB allocated %d KB", at>>20, n>>10)
	}
	if len(m.Graph.Nodes) != count || m.Graph.Nodes[3].In(1).Const.Len() != each/4 {
		t.Error("the model is not whole")
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

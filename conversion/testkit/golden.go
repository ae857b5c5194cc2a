package testkit

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

var update = flag.Bool("update", false, "write what the passes make into the golden files")

const (
	inMark   = "-- in --\n"
	outMark  = "-- out --\n"
	missMark = "-- misses --\n"
)

// Goldens runs each pass on the graphs in dir/PASS/CASE.txt and compares with
// what the file says comes out and is nearly missed; -update rewrites that. The
// graphs before and after are also computed, with sizes in the place of symbols,
// and must agree. A folder that belongs to no pass and a pass without a folder
// are errors. Sections of a file: "-- in --", "-- out --", "-- misses --", the
// graphs in text form; types of node outputs may be written ?[?] in the first.
func Goldens(t *testing.T, dir string, reg *op.Registry, passes []*pass.Pass) {
	t.Helper()
	folders, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !slices.ContainsFunc(passes, func(p *pass.Pass) bool { return p.Name == f.Name() }) {
			t.Errorf("%s belongs to no pass", filepath.Join(dir, f.Name()))
		}
	}
	for _, p := range passes {
		files, err := filepath.Glob(filepath.Join(dir, p.Name, "*.txt"))
		if err != nil || len(files) == 0 {
			t.Errorf("pass %s has no golden file", p.Name)
		}
		for _, f := range files {
			t.Run(p.Name+"/"+strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { golden(t, f, reg, p) })
		}
	}
}

func golden(t *testing.T, file string, reg *op.Registry, p *pass.Pass) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	head, rest, ok := strings.Cut(text, inMark)
	if !ok {
		t.Fatalf("%s has no %q", file, inMark)
	}
	in, want, _ := strings.Cut(rest, outMark)
	before, after := parseTyped(t, in, reg), parseTyped(t, in, reg)
	r, err := p.Run1(context.Background(), after, reg, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := ir.Text(after) + missMark
	for _, m := range r.Missed {
		got += fmt.Sprintf("%s: %s\n", m.Layer, m.Why)
	}
	if got != want {
		if *update {
			if err := os.WriteFile(file, []byte(head+inMark+in+outMark+got), 0o644); err != nil {
				t.Fatal(err)
			}
		} else {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	feeds := map[string]*tensor.Tensor{}
	for i, v := range before.Inputs {
		x, err := ir.Noise(v.DType, uint64(100+i), sizes(v.Shape)...)
		if err != nil {
			t.Fatal(err)
		}
		feeds[v.Name] = x
	}
	a, b2 := Compute(t, before, reg, feeds), Compute(t, after, reg, feeds)
	for i := range a {
		if err := Compare(b2[i], a[i], op.Tolerance{Abs: 1e-5, Rel: 1e-5}); err != nil {
			t.Errorf("output %s: %v", after.Outputs[i].Name, err)
		}
	}
}

func parseTyped(t testing.TB, text string, reg *op.Registry) *ir.Graph {
	t.Helper()
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

// sizes puts 2 in the place of what is not known.
func sizes(s ir.Shape) []int {
	out := make([]int, len(s))
	for i, d := range s {
		out[i] = 2
		if n, ok := d.Int(); ok {
			out[i] = int(n)
		}
	}
	return out
}

// Compute evaluates a graph with the operators' reference arithmetic and returns
// its outputs.
func Compute(t testing.TB, g *ir.Graph, reg *op.Registry, feeds map[string]*tensor.Tensor) []*tensor.Tensor {
	t.Helper()
	values := map[*ir.Value]*tensor.Tensor{}
	get := func(v *ir.Value) *tensor.Tensor {
		if v == nil || v.IsConst() {
			if v == nil {
				return nil
			}
			return v.Const
		}
		return values[v]
	}
	for _, v := range g.Inputs {
		values[v] = feeds[v.Name]
	}
	for _, n := range g.Nodes {
		in := make([]*tensor.Tensor, len(n.Inputs))
		for i, v := range n.Inputs {
			in[i] = get(v)
		}
		out, err := reg.EvalNode(n, in)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range n.Outputs {
			if v != nil {
				values[v] = out[i]
			}
		}
	}
	var out []*tensor.Tensor
	for _, v := range g.Outputs {
		out = append(out, get(v))
	}
	return out
}

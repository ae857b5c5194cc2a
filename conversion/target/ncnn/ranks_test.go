package ncnn

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// computes writes each graph, runs it with ncnn's package on noise and compares
// with the reference; it gives the text of each .param file.
func computes(t *testing.T, graphs map[string]string, feeds map[string]map[string]*tensor.Tensor) map[string]string {
	t.Helper()
	ctx, reg := context.Background(), ops.Registry()
	texts := map[string]string{}
	var jobs []job
	var names []string
	var want [][]*tensor.Tensor
	for name, text := range graphs {
		g := parse(t, text)
		in := inputs(t, g, 7, 1)
		fed := map[string]*tensor.Tensor{}
		for k, v := range g.Inputs {
			if x := feeds[name][v.Name]; x != nil {
				in[k] = x
			}
			fed[v.Name] = in[k]
		}
		out, err := testkit.Eval(reg, g, fed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if l := legalize.Run(ctx, g, reg, Target{}, target.Options{}); l.Err() != nil {
			t.Errorf("%s: %v", name, l)
			continue
		}
		dir := t.TempDir()
		a, err := (Target{}).Write(ctx, g, dir, target.Options{Name: "g"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		param, err := os.ReadFile(filepath.Join(dir, a.Files[0]))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(param)
		jobs, names, want = append(jobs, job{dir, "g", in, len(out)}), append(names, name), append(want, out)
	}
	for i, got := range vendor(t, jobs) {
		if got.err != "" {
			t.Errorf("%s: %s\n%s", names[i], got.err, texts[names[i]])
			continue
		}
		for k, w := range want[i] {
			if d := differs(got.outputs[k], w.Float32s()); !(d <= 1e-5) {
				t.Errorf("%s: output %d differs by %g\n%s", names[i], k, d, texts[names[i]])
			}
		}
	}
	return texts
}

// graph is a graph of one operator over the input x, or x and z, with constants.
func graph(inputs, constants, node string) string {
	var b strings.Builder
	b.WriteString("graph g {\n")
	for _, v := range strings.Split(inputs, ";") {
		b.WriteString("  input %" + v + "\n")
	}
	for _, c := range strings.Split(constants, ";") {
		if c != "" {
			b.WriteString("  const %" + c + "\n")
		}
	}
	return b.String() + "  %y : ?[?] = " + node + " @n\n  output %y\n}\n"
}

// TestManyAxes: operators on tensors of more axes than a blob has.
func TestManyAxes(t *testing.T) {
	const five = "x : f32[3,1,2,4,5]"
	texts := computes(t, map[string]string{
		"slice of parts":       graph(five, "s : i64[1] = [1];e : i64[1] = [2];a : i64[1] = [0]", "Slice(%x, %s, %e, %a)"),
		"slice of five":        graph("x : f32[3,2,2,4,5]", "s : i64[3] = [1,0,1];e : i64[3] = [3,1,4];a : i64[3] = [0,2,3]", "Slice(%x, %s, %e, %a)"),
		"slice with steps":     graph("x : f32[3,2,2,4,5]", "s : i64[2] = [0,1];e : i64[2] = [3,5];a : i64[2] = [0,4];p : i64[2] = [2,2]", "Slice(%x, %s, %e, %a, %p)"),
		"slice of six":         graph("x : f32[2,3,2,2,3,2]", "s : i64[2] = [1,0];e : i64[2] = [3,2];a : i64[2] = [1,4]", "Slice(%x, %s, %e, %a)"),
		"gather":               graph("x : f32[2,3,2,2,3]", "i : i64[2] = [1,2]", "Gather(%x, %i) {axis=1}"),
		"split":                "graph g {\n  input %x : f32[2,3,2,2,3]\n  const %s : i64[2] = [1,1]\n  %y : ?[?], %z : ?[?] = Split(%x, %s) {axis=2} @n\n  output %y\n  output %z\n}\n",
		"softmax":              graph("x : f32[2,3,2,2,3]", "", "Softmax(%x) {axis=1}"),
		"concat":               graph("x : f32[3,1,2,4,5];z : f32[1,1,2,4,5]", "", "Concat(%x, %z) {axis=0}"),
		"concat of the second": graph(five+";z : f32[3,2,2,4,5]", "", "Concat(%x, %z) {axis=1}"),
		"pad a batch":          graph("x : f32[1,2,3,4]", "p : i64[8] = [1,0,0,1,0,2,0,0]", "Pad(%x, %p)"),
		"pad five":             graph("x : f32[2,3,2,2,3]", "p : i64[10] = [0,1,0,0,1,1,0,0,2,0]", "Pad(%x, %p)"),
		"pad edges":            graph("x : f32[2,3,2,2,3]", "p : i64[10] = [0,1,0,0,1,1,0,0,2,0]", `Pad(%x, %p) {mode="edge"}`),
		"pad a mirror":         graph("x : f32[2,3,2,2,3]", "p : i64[10] = [0,1,0,0,1,0,1,0,1,2]", `Pad(%x, %p) {mode="reflect"}`),
		"pad and cut":          graph("x : f32[1,3,4]", "p : i64[6] = [0,1,0,0,-1,-2];v : f32[] = [3]", "Pad(%x, %p, %v)"),
		"expand":               graph("x : f32[2,1,3,1,2,1]", "s : i64[6] = [2,4,3,2,2,3]", "Expand(%x, %s)"),
		"tile":                 graph("x : f32[2,2,1,2,3]", "r : i64[5] = [2,1,3,2,1]", "Tile(%x, %r)"),
		"add":                  graph("x : f32[2,1,3,1,2,2];z : f32[2,4,1,2,1,2]", "", "Add(%x, %z)"),
		"subtract":             graph("x : f32[2,1,3,1,2,1];z : f32[2,4,3,2,2,3]", "", "Sub(%x, %z)"),
		"multiply matrices":    graph("x : f32[2,3,2,4,5];z : f32[2,3,2,5,2]", "", "MatMul(%x, %z)"),
		"broadcast matrices":   graph("x : f32[2,3,2,4,5];z : f32[2,5,2]", "", "MatMul(%x, %z)"),
		"mean":                 graph("x : f32[2,3,2,2,3]", "a : i64[3] = [0,2,4]", "ReduceMean(%x, %a) {keepdims=0}"),
		"greatest":             graph("x : f32[2,3,2,2,3]", "a : i64[2] = [1,3]", "ReduceMax(%x, %a)"),
		"sum over one":         graph(five, "a : i64[2] = [0,1]", "ReduceSum(%x, %a)"),
	}, nil)
	if s := texts["slice of parts"]; strings.Contains(s, "Reshape") || !strings.Contains(s, "Crop") {
		t.Errorf("a cut that a blob's own axes tell is not one Crop:\n%s", s)
	}
}

// TestPartsTogether: cuts that are all parts of a tensor are one Slice layer;
// others are not.
func TestPartsTogether(t *testing.T) {
	const parts = `graph g {
  input %x : f32[3,1,2,4]
  const %0 : i64[] = [0]
  const %1 : i64[1] = [1]
  const %2 : i64[1] = [2]
  const %3 : i64[1] = [3]
  const %a : i64[1] = [0]
  %k : f32[1,1,2,4] = Slice(%x, %1, %2, %a) @k
  %q : f32[1,2,4] = Gather(%x, %0) {axis=0} @q
  %v : f32[1,1,2,4] = Slice(%x, %2, %3, %a) @v
  %m : ?[?] = Sub(%q, %k) @m
  %y : ?[?] = Mul(%m, %v) @y
  output %y
}
`
	texts := computes(t, map[string]string{
		"all": parts, "twice": strings.Replace(parts, "Slice(%x, %2, %3, %a)", "Slice(%x, %1, %2, %a)", 1),
	}, nil)
	if s := texts["all"]; strings.Contains(s, "Crop") || strings.Count(s, "Slice ") != 1 {
		t.Errorf("three parts are not one layer:\n%s", s)
	}
	if s := texts["twice"]; strings.Count(s, "Crop ") != 3 {
		t.Errorf("parts that are not all are not cropped:\n%s", s)
	}
}

// TestScattered: places that no one cut gives, in few rows of neighbours and in
// many, and backwards.
func TestScattered(t *testing.T) {
	texts := computes(t, map[string]string{
		"few":             graph("x : f32[2,5,3]", "i : i64[2,2] = [4,0,1,3]", "Gather(%x, %i) {axis=1}"),
		"many":            graph("x : f32[2,6,3]", "i : i64[10] = [5,5,4,4,3,3,1,-6,0,2]", "Gather(%x, %i) {axis=1}"),
		"many rows":       graph("x : f32[7,2,2,2,2]", "i : i64[10] = [5,5,4,4,3,3,1,-6,0,6]", "Gather(%x, %i)"),
		"many at the end": graph("x : f32[2,3,6]", "i : i64[9] = [5,3,1,5,3,1,4,2,0]", "Gather(%x, %i) {axis=-1}"),
		"of one":          graph("x : f32[2,1,3]", "i : i64[10] = [0,0,0,0,0,0,0,0,0,0]", "Gather(%x, %i) {axis=1}"),
		"backwards":       graph("x : f32[2,12,3]", "s : i64[1] = [-1];e : i64[1] = [-99];a : i64[1] = [1];p : i64[1] = [-1]", "Slice(%x, %s, %e, %a, %p)"),
		"two backwards":   graph("x : f32[12,4,3]", "s : i64[3] = [10,-1,1];e : i64[3] = [-99,-99,3];a : i64[3] = [0,1,2];p : i64[3] = [-1,-2,1]", "Slice(%x, %s, %e, %a, %p)"),
		"one, backwards":  graph("x : f32[2,4,3]", "s : i64[1] = [2];e : i64[1] = [1];a : i64[1] = [1];p : i64[1] = [-1]", "Slice(%x, %s, %e, %a, %p)"),
		"ninth power":     graph("x : f32[2,4]", "k : f32[] = [9]", "Pow(%x, %k)"),
		"minus third":     graph("x : f32[2,4]", "k : f32[] = [-3]", "Pow(%x, %k)"),
	}, map[string]map[string]*tensor.Tensor{
		"ninth power": {"x": tensor.Of([]float32{-1.5, 2, 0, 1, -1, 0.5, 3, -2}, 2, 4)},
		"minus third": {"x": tensor.Of([]float32{-1.5, 2, 4, 1, -1, 0.5, 3, -2}, 2, 4)},
	})
	if s := texts["few"]; strings.Contains(s, "GridSample") {
		t.Errorf("few rows are picked:\n%s", s)
	}
	if s := texts["many"]; strings.Contains(s, "Crop") {
		t.Errorf("many rows are cut:\n%s", s)
	}
}

// weights is a constant of small numbers.
func weights(name string, shape ...int) string {
	x, dims := "", ""
	n := 1
	for i, d := range shape {
		n *= d
		dims += strings.Repeat(",", min(i, 1)) + strconv.Itoa(d)
	}
	for i := range n {
		x += strings.Repeat(",", min(i, 1)) + strconv.Itoa(i*7%11-5)
	}
	return name + " : f32[" + dims + "] = [" + x + "]"
}

// TestBatch: pictures of a batch are convolved one below the other.
func TestBatch(t *testing.T) {
	computes(t, map[string]string{
		"patches":   graph("x : f32[3,2,4,6]", weights("w", 3, 2, 2, 2)+";b : f32[3] = [1,2,3]", "Conv(%x, %w, %b) {strides=[2,2]}"),
		"padded":    graph("x : f32[2,2,5,4]", weights("w", 3, 2, 3, 3), "Conv(%x, %w) {pads=[1,1,1,1]}"),
		"stride":    graph("x : f32[2,2,6,4]", weights("w", 3, 2, 3, 3), "Conv(%x, %w) {pads=[1,1,1,1], strides=[2,2]}"),
		"gaps":      graph("x : f32[2,1,9,3]", weights("w", 1, 1, 2, 2), "Conv(%x, %w) {strides=[3,1]}"),
		"spread":    graph("x : f32[2,2,9,7]", weights("w", 1, 2, 3, 3), "Conv(%x, %w) {dilations=[2,2], pads=[2,0,0,1], strides=[2,1]}"),
		"each":      graph("x : f32[2,3,5,5]", weights("w", 3, 1, 3, 3), "Conv(%x, %w) {group=3, pads=[1,1,1,1]}"),
		"of a line": graph("x : f32[2,3,9]", weights("w", 2, 3, 3), "Conv(%x, %w) {pads=[1,1]}"),
	}, nil)
}

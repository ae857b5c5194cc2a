package tflite

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// build makes small graphs of known shapes with seeded random weights.
type build struct {
	t   testing.TB
	g   *ir.Graph
	reg *op.Registry
	rng *rand.Rand
}

func newBuild(t testing.TB, name string) *build {
	h := fnv.New64()
	h.Write([]byte(name))
	return &build{t, ir.New(name), all.Registry(), rand.New(rand.NewPCG(h.Sum64(), 7))}
}

func (b *build) in(name string, shape ...int) *ir.Value {
	return b.g.AddInput(name, tensor.Float32, ir.Dims(shape...))
}

func (b *build) w(shape ...int) *ir.Value {
	t := tensor.New(tensor.Float32, shape...)
	v := make([]float64, t.Len())
	for i := range v {
		v[i] = b.rng.NormFloat64() * 0.5
	}
	t, err := tensor.FromFloat64s(tensor.Float32, v, shape...)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.g.AddConst("w", t)
}

func (b *build) ints(v ...int64) *ir.Value { return b.g.AddConst("ints", tensor.Of(v, len(v))) }

func (b *build) scalar(v float32) *ir.Value { return b.g.AddConst("s", tensor.Scalar(v)) }

func (b *build) ops(n int, name string, attrs ir.Attrs, in ...*ir.Value) []*ir.Value {
	b.t.Helper()
	var outs []string
	for range n {
		outs = append(outs, strings.ToLower(name))
	}
	node := b.g.AddNode(name, name, attrs, in, outs...)
	node.Origin = []string{node.Name}
	if err := b.reg.Infer(node); err != nil {
		b.t.Fatalf("%s: %s: %v", b.g.Name, name, err)
	}
	return node.Outputs
}

func (b *build) op(name string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	b.t.Helper()
	return b.ops(1, name, attrs, in...)[0]
}

// conv is a 3x3 convolution to the given number of channels.
func (b *build) conv(x *ir.Value, channels int) *ir.Value {
	c, _ := x.Shape[1].Int()
	return b.op("Conv", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, x, b.w(channels, int(c), 3, 3), b.w(channels))
}

type graphCase struct {
	name       string
	transposes int // -1: any
	build      func(b *build) []*ir.Value
}

func one(v *ir.Value) []*ir.Value { return []*ir.Value{v} }

func ints(v ...int64) []int64 { return v }

// TestGraphs writes small graphs, counts their transpositions and compares the
// vendor's package, with both kinds of kernels, with the reference arithmetic.
func TestGraphs(t *testing.T) {
	testkit.Python(t)
	ctx, dir := context.Background(), t.TempDir()
	only := os.Getenv("GRAPH_ONLY")
	type check struct {
		c    graphCase
		outs []string
		want []*tensor.Tensor
		ops  string
		slow []string // why the delegate leaves operators
		part int      // pieces it computes
	}
	var jobs []testkit.Job
	var checks []check
	for _, c := range graphCases {
		if only != "" && !strings.Contains(c.name, only) {
			continue
		}
		b := newBuild(t, c.name)
		b.g.Outputs = c.build(b)
		in := randomInputs(t, b.g, -1, 1, 1)
		want, err := testkit.Eval(b.reg, b.g, in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var outs []string
		for _, v := range b.g.Outputs {
			outs = append(outs, v.Name)
		}
		if err := legalize.Run(ctx, b.g, b.reg, Target{}, target.Options{}).Err(); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		w := newWriter(b.g, target.Options{})
		if err := w.build(ctx); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		n, codes := 0, []string{}
		for _, o := range w.m.Operators {
			codes = append(codes, o.Code.String())
			if o.Code == fb.Transpose {
				n++
			}
		}
		if c.transposes >= 0 && n != c.transposes {
			t.Errorf("%s: %d transpositions, want %d: %v\n%v", c.name, n, c.transposes, codes, w.findings)
		}
		if w.plan.Bytes > w.plan.WrappedBytes && w.plan.WrappedBytes > 0 {
			t.Errorf("%s: the plan moves %d bytes, wrapping %d", c.name, w.plan.Bytes, w.plan.WrappedBytes)
		}
		file := filepath.Join(dir, fmt.Sprintf("g%d.tflite", len(jobs)))
		if err := writeModel(ctx, w.m, file); err != nil {
			t.Fatal(err)
		}
		k := check{c: c, outs: outs, want: want, ops: strings.Join(codes, " ")}
		fast := []bool{}
		for i, why := range w.pace() {
			fast = append(fast, why == "")
			if why != "" {
				k.slow = append(k.slow, codes[i]+" "+why)
			}
		}
		k.part = parts(w.m, fast)
		jobs = append(jobs, testkit.Job{Runtime: "litert", Model: file, Inputs: in}, testkit.Job{Runtime: "litert", Model: file, Inputs: in, Reference: true})
		checks = append(checks, k, k)
	}
	for i, r := range testkit.Vendor(t, jobs) {
		k := checks[i]
		if jobs[i].Reference && (strings.Contains(r.Err, "Didn't find op") || strings.Contains(k.c.name, "without reference")) {
			continue
		}
		if r.Err != "" {
			t.Errorf("%s: %s (%s)", k.c.name, r.Err, k.ops)
			continue
		}
		if !jobs[i].Reference && r.Parts != k.part {
			t.Errorf("%s: the delegate computes %d pieces, want %d (%s; left: %v)", k.c.name, r.Parts, k.part, k.ops, k.slow)
		}
		for o, name := range k.outs {
			got := r.Outputs[name]
			if got == nil || fmt.Sprint(got.Shape()) != fmt.Sprint(k.want[o].Shape()) {
				t.Errorf("%s: output %q is %v, want %v (%s)", k.c.name, name, got, k.want[o], k.ops)
			} else if d, _ := testkit.Difference(got, k.want[o]); !(d <= 2e-5) {
				t.Errorf("%s: output %q differs by %g of its range (%s)", k.c.name, name, d, k.ops)
			}
		}
	}
}

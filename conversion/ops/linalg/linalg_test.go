package linalg_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func random(r *rand.Rand, shape ...int) *tensor.Tensor {
	n, _ := tensor.NumElements(shape)
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.IntN(9) - 4)
	}
	return tensor.Of(v, shape...)
}

func eval(t *testing.T, name string, attrs ir.Attrs, in ...*tensor.Tensor) *tensor.Tensor {
	t.Helper()
	out, err := all.Registry().EvalNode(&ir.Node{Name: name, Op: name, Attrs: attrs, Outputs: make([]*ir.Value, 1)}, in)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// Three independent spellings of one product must agree exactly on whole
// numbers.
func TestProductsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	a, b := random(r, 3, 1, 17, 300), random(r, 5, 300, 33)
	y := eval(t, "MatMul", nil, a, b)
	testkit.Close(t, y, eval(t, "Einsum", ir.Attrs{"equation": "...ij,...jk->...ik"}, a, b), op.Exact)
	if fmt.Sprint(y.Shape()) != "[3 5 17 33]" {
		t.Fatalf("shape %v", y.Shape())
	}
	m, _ := a.Reshape(51, 300)
	n := tensor.Of(b.Float32s()[:300*33], 300, 33)
	c := random(r, 33)
	sum := eval(t, "Gemm", nil, m, n, c)
	testkit.Close(t, sum, eval(t, "Add", nil, eval(t, "MatMul", nil, m, n), c), op.Exact)
	turned := eval(t, "Gemm", ir.Attrs{"transA": int64(1), "transB": int64(1)}, eval(t, "Transpose", nil, m), eval(t, "Transpose", nil, n), c)
	testkit.Close(t, turned, sum, op.Exact)
	scaled := eval(t, "Gemm", ir.Attrs{"alpha": 2.0, "beta": 0.0}, m, n, c)
	testkit.Close(t, scaled, eval(t, "Add", nil, eval(t, "MatMul", nil, m, n), eval(t, "MatMul", nil, m, n)), op.Exact)
}

func TestInfer(t *testing.T) {
	n, s := ir.Symbol("N"), ir.Symbol("S")
	st := ir.Static
	for _, c := range []struct {
		op    string
		attrs ir.Attrs
		in    []ir.Shape
		want  string
	}{
		{"MatMul", nil, []ir.Shape{{n, st(12), s, st(64)}, {n, st(12), st(64), s}}, "[N,12,S,S]"},
		{"MatMul", nil, []ir.Shape{{n, st(12), st(64)}, {s, st(64), st(8)}}, "[max(N,S),12,8]"},
		{"MatMul", nil, []ir.Shape{{n, s, st(64)}, {st(64), st(8)}}, "[N,S,8]"},
		{"MatMul", nil, []ir.Shape{{st(64)}, {n, st(64), st(8)}}, "[N,8]"},
		{"MatMul", nil, []ir.Shape{{n, st(8)}, {st(8)}}, "[N]"},
		{"Gemm", ir.Attrs{"transB": int64(1)}, []ir.Shape{{n, st(8)}, {st(10), st(8)}}, "[N,10]"},
		{"Einsum", ir.Attrs{"equation": "bhid,bhjd->bhij"}, []ir.Shape{{n, st(12), s, st(64)}, {n, st(12), s, st(64)}}, "[N,12,S,S]"},
		{"Einsum", ir.Attrs{"equation": "ij"}, []ir.Shape{{n, s}}, "[N,S]"},
		{"MatMul", nil, []ir.Shape{{n, st(8)}, {st(9), st(8)}}, "error"},
		{"Gemm", nil, []ir.Shape{{n, st(8)}, {st(9), st(8)}}, "error"},
		{"Einsum", ir.Attrs{"equation": "ij,jk->iz"}, []ir.Shape{{n, s}, {s, n}}, "error"},
		{"Softmax", ir.Attrs{"axis": int64(2)}, []ir.Shape{{n, s}}, "error"},
	} {
		g := ir.New("g")
		var in []*ir.Value
		for i, s := range c.in {
			in = append(in, g.AddInput(fmt.Sprint("x", i), tensor.Float32, s))
		}
		nd := g.AddNode(c.op, "n", c.attrs, in, "y")
		got := "error"
		if err := all.Registry().Infer(nd); err == nil {
			got = nd.Out(0).Shape.String()
		}
		if got != c.want {
			t.Errorf("%s %v: %s, want %s", c.op, c.in, got, c.want)
		}
	}
}

// Before opset 13 Softmax flattened its input at axis, which was 1 by default.
func TestOldSoftmax(t *testing.T) {
	for _, c := range []struct {
		version int
		attrs   ir.Attrs
		shape   ir.Shape
		want    string // operators
		axis    int64
	}{
		{13, ir.Attrs{}, ir.Dims(2, 3, 4), "Softmax", -1},
		{11, ir.Attrs{}, ir.Dims(2, 1000, 1, 1), "Softmax", 1},
		{11, ir.Attrs{"axis": int64(2)}, ir.Dims(2, 3, 4), "Softmax", 2},
		{11, ir.Attrs{}, ir.Dims(2, 3, 4), "Flatten Softmax Shape Reshape", 1},
		{7, ir.Attrs{"axis": int64(0)}, ir.Dims(3), "Softmax", 0},
	} {
		g := ir.New("g")
		s := op.NewSrc(g, all.Registry(), c.attrs)
		s.Op, s.Version, s.Name, s.NumOut = "Softmax", c.version, "soft", 1
		s.Inputs = []*ir.Value{g.AddInput("x", tensor.Float32, c.shape)}
		out, err := all.Registry().Get("Softmax").Read(s)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		var ops []string
		for _, n := range g.Nodes {
			ops = append(ops, n.Op)
			if n.Op == "Softmax" && n.Int("axis", -1) != c.axis {
				t.Errorf("%+v: axis %d", c, n.Int("axis", -1))
			}
		}
		if got := strings.Join(ops, " "); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
		if !out[0].Shape.Equal(c.shape) {
			t.Errorf("%+v: shape %v", c, out[0].Shape)
		}
	}
}

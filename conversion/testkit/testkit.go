package testkit

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Close fails the test where got and want differ by more than tol.
func Close(t testing.TB, got, want *tensor.Tensor, tol op.Tolerance) {
	t.Helper()
	if err := Compare(got, want, tol); err != nil {
		t.Error(err)
	}
}

// Compare reports how got differs from want: in type, in shape, or in an element
// by more than Abs + Rel*max|want|, times 1024 for half precision and as one
// step of the type for what is narrower still. NaN equals NaN, and infinities
// must be the same.
func Compare(got, want *tensor.Tensor, tol op.Tolerance) error {
	if got == nil || want == nil {
		if got == want {
			return nil
		}
		return fmt.Errorf("got %v, want %v", got, want)
	}
	if got.DType() != want.DType() || !slices.Equal(got.Shape(), want.Shape()) {
		return fmt.Errorf("got %v%v, want %v%v", got.DType(), got.Shape(), want.DType(), want.Shape())
	}
	if want.DType().IsContainer() {
		for i, w := range want.Items() {
			if err := Compare(got.Items()[i], w, tol); err != nil {
				return fmt.Errorf("item %d: %w", i, err)
			}
		}
		return nil
	}
	if !want.DType().IsReal() {
		if !tensor.Equal(got, want) {
			return fmt.Errorf("got %v %q, want %v %q", got, got.Strings(), want, want.Strings())
		}
		return nil
	}
	g, w := got.Float64s(), want.Float64s()
	bound, largest := limit(want.DType(), w, tol), 0.0
	worst := -1
	for i := range w {
		d := math.Abs(g[i] - w[i])
		switch {
		case g[i] == w[i] || g[i] != g[i] && w[i] != w[i]:
			continue
		case d != d || math.IsInf(d, 0):
			return fmt.Errorf("element %d of %v: got %v, want %v", i, want.Shape(), g[i], w[i])
		case d > bound && d > largest:
			worst, largest = i, d
		}
	}
	if worst >= 0 {
		return fmt.Errorf("element %d of %v: got %v, want %v, off by %.3g where %.3g is allowed",
			worst, want.Shape(), g[worst], w[worst], largest, bound)
	}
	return nil
}

func limit(d tensor.DType, want []float64, tol op.Tolerance) float64 {
	top := 0.0
	for _, v := range want {
		if a := math.Abs(v); a > top && !math.IsInf(a, 0) {
			top = a
		}
	}
	bound := tol.Abs + tol.Rel*top
	switch d {
	case tensor.Float16:
		bound *= 1024
	case tensor.BFloat16:
		bound *= 8192
	}
	return bound
}

// Eval runs all nodes of g on the reference arithmetic and returns the graph's
// outputs. inputs are by name.
func Eval(r *op.Registry, g *ir.Graph, inputs map[string]*tensor.Tensor) ([]*tensor.Tensor, error) {
	have := map[*ir.Value]*tensor.Tensor{}
	for _, v := range g.Inputs {
		t := inputs[v.Name]
		if t == nil {
			return nil, fmt.Errorf("input %q has no value", v.Name)
		}
		have[v] = t
	}
	get := func(v *ir.Value) *tensor.Tensor {
		if v == nil {
			return nil
		}
		if v.IsConst() {
			return v.Const
		}
		return have[v]
	}
	for _, n := range g.Nodes {
		in := make([]*tensor.Tensor, len(n.Inputs))
		for i, v := range n.Inputs {
			if in[i] = get(v); v != nil && in[i] == nil {
				return nil, fmt.Errorf("node %q (%s): input %q was not computed", n.Name, n.Op, v.Name)
			}
		}
		out, err := r.EvalNode(n, in)
		if err != nil {
			return nil, err
		}
		for i, v := range n.Outputs {
			if v != nil {
				have[v] = out[i]
			}
		}
	}
	out := make([]*tensor.Tensor, len(g.Outputs))
	for i, v := range g.Outputs {
		if out[i] = get(v); out[i] == nil {
			return nil, fmt.Errorf("output %q was not computed", v.Name)
		}
	}
	return out, nil
}

// Node makes a graph of one node: inputs become graph inputs called in0, in1 …
// of their types and shapes (nil: omitted), except those listed in consts. The
// node is inferred.
func Node(r *op.Registry, name string, attrs ir.Attrs, outs int, inputs []*tensor.Tensor, consts ...int) (*ir.Graph, error) {
	g := ir.New(name)
	in := make([]*ir.Value, len(inputs))
	for i, t := range inputs {
		switch {
		case t == nil:
		case slices.Contains(consts, i):
			in[i] = g.AddConst(fmt.Sprintf("in%d", i), t)
		default:
			in[i] = g.AddInput(fmt.Sprintf("in%d", i), t.DType(), ir.Dims(t.Shape()...))
		}
	}
	names := make([]string, outs)
	for i := range names {
		names[i] = fmt.Sprintf("out%d", i)
	}
	n := g.AddNode(name, "node", attrs, in, names...)
	n.Origin = []string{"node"}
	g.Outputs = append(g.Outputs, n.Outputs...)
	return g, r.Infer(n)
}

// Decomposed rewrites every node of g once, as far as it decomposes, and reports
// whether any did.
func Decomposed(r *op.Registry, g *ir.Graph) (bool, error) {
	p := g.Edit("decompose", r.Infer)
	for _, n := range slices.Clone(g.Nodes) {
		if err := r.Decompose(p, n); err != nil && !errors.Is(err, op.ErrNoDecomposition) {
			return false, fmt.Errorf("node %q (%s): %w", n.Name, n.Op, err)
		}
	}
	changed := p.Changes() > 0
	if err := p.Done(); err != nil {
		return false, err
	}
	return changed, ir.Check(g)
}

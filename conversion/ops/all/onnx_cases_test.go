package all_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestONNXCases runs ONNX's own conformance cases of all operators that the
// registry has: reading, shape inference, reference arithmetic, and the same
// again with the constants folded in and with the node decomposed.
// testdata/onnx_cases.txt lists the exceptions.
func TestONNXCases(t *testing.T) {
	reg := all.Registry()
	except := readExceptions(t, "testdata/onnx_cases.txt")
	ran, skipped := 0, 0
	for _, c := range testkit.ONNXCases(t, "node", "simple", "pytorch-converted", "pytorch-operator") {
		m, err := onnx.Source{}.Open(context.Background(), c.Model, source.Options{Registry: reg, KeepUnknown: true})
		if err == nil && hasUnknown(reg, m.Graph) {
			m.Close()
			skipped++
			continue
		}
		if err == nil {
			err = runCase(t, reg, m.Graph, c)
			m.Close()
		}
		ran++
		why, listed := except[c.Name]
		delete(except, c.Name)
		switch {
		case err != nil && !listed:
			t.Errorf("%s: %v", c.Name, err)
		case err == nil && listed:
			t.Errorf("%s passes, but is listed as an exception: %s", c.Name, why)
		}
	}
	for name := range except {
		t.Errorf("exception %s names no case that runs", name)
	}
	t.Logf("%d cases ran, %d use operators that are not in the registry", ran, skipped)
}

func readExceptions(t *testing.T, path string) map[string]string {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		if name, why, ok := strings.Cut(line, "  "); ok && !strings.HasPrefix(line, "#") {
			out[name] = strings.TrimSpace(why)
		}
	}
	return out
}

func hasUnknown(reg *op.Registry, g *ir.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool {
		return reg.Get(n.Op) == nil || slices.ContainsFunc(n.Bodies(), func(b *ir.Graph) bool { return hasUnknown(reg, b) })
	})
}

func runCase(t *testing.T, reg *op.Registry, g *ir.Graph, c testkit.ONNXCase) error {
	in := map[string]*tensor.Tensor{}
	for i, f := range c.Inputs {
		if i >= len(g.Inputs) {
			return fmt.Errorf("has %d inputs for %d graph inputs", len(c.Inputs), len(g.Inputs))
		}
		x, err := readValue(f, g.Inputs[i].Type())
		if err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		in[g.Inputs[i].Name] = x
	}
	var want []*tensor.Tensor
	for i, f := range c.Outputs {
		if i >= len(g.Outputs) {
			return fmt.Errorf("has %d outputs for %d graph outputs", len(c.Outputs), len(g.Outputs))
		}
		x, err := readValue(f, g.Outputs[i].Type())
		if err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
		want = append(want, x)
	}
	if err := ir.Check(g); err != nil {
		return err
	}
	tol := tolerance(reg, g)
	if err := check(reg, g, in, want, tol); err != nil {
		return err
	}
	known, err := withConstants(reg, g, in)
	if err != nil {
		return fmt.Errorf("with constants: %w", err)
	}
	if err := check(reg, known, in, want, tol); err != nil {
		return fmt.Errorf("with constants: %w", err)
	}
	for range 12 {
		changed, err := testkit.Decomposed(reg, known)
		if err != nil {
			return fmt.Errorf("decomposed: %w", err)
		}
		if !changed {
			return nil
		}
		tol.Rel = max(tol.Rel, op.Accumulating.Rel)
		tol.Abs = max(tol.Abs, op.Accumulating.Abs)
		if err := check(reg, known, in, want, tol); err != nil {
			return fmt.Errorf("decomposed: %w", err)
		}
	}
	return fmt.Errorf("decomposes without end")
}

// tolerance is that of the operator, or of a sum where there are several.
func tolerance(reg *op.Registry, g *ir.Graph) op.Tolerance {
	tol := op.Exact
	for _, n := range g.Nodes {
		d := reg.Get(n.Op)
		tol.Abs, tol.Rel = max(tol.Abs, d.Tol.Abs), max(tol.Rel, d.Tol.Rel)
	}
	if len(g.Nodes) > 1 && tol != op.Exact {
		tol.Abs, tol.Rel = max(tol.Abs, op.Accumulating.Abs), max(tol.Rel, op.Accumulating.Rel)
	}
	return tol
}

// check compares inferred types and shapes and computed values with want.
func check(reg *op.Registry, g *ir.Graph, in map[string]*tensor.Tensor, want []*tensor.Tensor, tol op.Tolerance) error {
	for i, v := range g.Outputs {
		if err := fits(v, want[i]); err != nil {
			return err
		}
	}
	got, err := testkit.Eval(reg, g, in)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool { return reg.Get(n.Op).Family == "random" || n.Op == "Dropout" && n.In(2) != nil }) {
		return nil // ONNX leaves the numbers open: types and shapes are all that can be compared
	}
	for i := range want {
		if err := testkit.Compare(got[i], want[i], tol); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

// fits checks what inference said of v against the tensor that it must hold.
func fits(v *ir.Value, t *tensor.Tensor) error {
	if v.DType != t.DType() {
		return fmt.Errorf("output %q: inferred %v, is %v", v.Name, v.DType, t.DType())
	}
	if v.DType.IsContainer() {
		if v.Elem == nil {
			return fmt.Errorf("output %q: inferred %v", v.Name, v.Type())
		}
		for _, x := range t.Items() {
			if err := fits(&ir.Value{Name: v.Name, DType: v.Elem.DType, Shape: v.Elem.Shape, Elem: v.Elem.Elem}, x); err != nil {
				return err
			}
		}
	}
	if v.Shape != nil && len(v.Shape) != t.Rank() {
		return fmt.Errorf("output %q: inferred %v, is %v", v.Name, v.Shape, t.Shape())
	}
	for i, d := range v.Shape {
		if n, ok := d.Int(); ok && n != int64(t.Shape()[i]) {
			return fmt.Errorf("output %q: inferred %v, is %v", v.Name, v.Shape, t.Shape())
		}
	}
	if v.Content != nil && t.DType().IsInt() {
		x, err := t.Int64s()
		if err != nil {
			return err
		}
		if len(x) != len(v.Content) {
			return fmt.Errorf("output %q: inferred content %v, is %v", v.Name, v.Content, x)
		}
		for i, d := range v.Content {
			if n, ok := d.Int(); ok && n != x[i] {
				return fmt.Errorf("output %q: inferred content %v, is %v", v.Name, v.Content, x)
			}
		}
	}
	return nil
}

// withConstants copies g with its small integer inputs as constants, so that
// inference knows axes, sizes and indices.
func withConstants(reg *op.Registry, g *ir.Graph, in map[string]*tensor.Tensor) (*ir.Graph, error) {
	out := ir.New(g.Name)
	m := map[*ir.Value]*ir.Value{nil: nil}
	for i, v := range g.Inputs {
		t := in[v.Name]
		if t.DType().IsInt() && t.Rank() <= 1 && (i > 0 || len(g.Inputs) == 1) {
			m[v] = out.AddConst(v.Name, t)
		} else {
			m[v] = out.AddInput(v.Name, v.DType, ir.Dims(t.Shape()...))
			m[v].Elem = v.Elem
		}
	}
	for _, n := range g.Nodes {
		inputs := make([]*ir.Value, len(n.Inputs))
		for i, v := range n.Inputs {
			if v.IsConst() && m[v] == nil {
				m[v] = out.AddConst(v.Name, v.Const)
			}
			inputs[i] = m[v]
		}
		names := make([]string, len(n.Outputs))
		for i, v := range n.Outputs {
			if v != nil {
				names[i] = v.Name
			}
		}
		c := out.AddNode(n.Op, n.Name, n.Attrs.Clone(), inputs, names...)
		c.Origin = n.Origin
		for i, v := range n.Outputs {
			if v == nil {
				c.Outputs[i] = nil
			}
			m[v] = c.Out(i)
		}
		m[nil] = nil
		if err := reg.Infer(c); err != nil {
			return nil, &op.NodeError{Node: c, Err: err}
		}
	}
	for _, v := range g.Outputs {
		if v.IsConst() && m[v] == nil {
			m[v] = out.AddConst(v.Name, v.Const)
		}
		out.Outputs = append(out.Outputs, m[v])
	}
	return out, ir.Check(out)
}

func readValue(path string, t ir.Type) (*tensor.Tensor, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return onnx.ReadValueProto(b, t)
}

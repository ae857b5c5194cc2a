package all_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
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

// TestSymbolicInference infers ONNX's conformance cases with every size above 1
// of the inputs replaced by a symbol, then puts the sizes back into the inferred
// expressions: what inference claims must hold for the expected outputs.
func TestSymbolicInference(t *testing.T) {
	reg := all.Registry()
	except := readExceptions(t, "testdata/onnx_cases.txt")
	// Sizes with symbols are taken to reach the start of every slice.
	except["slice_start_out_of_bounds"] = ""
	ran, dims, open := 0, 0, 0
	for _, c := range testkit.ONNXCases(t) {
		if _, listed := except[c.Name]; listed {
			continue
		}
		m, err := onnx.Source{}.Open(context.Background(), c.Model, source.Options{Registry: reg, KeepUnknown: true})
		if err != nil || hasUnknown(reg, m.Graph) || len(m.Graph.Inputs) != len(c.Inputs) {
			continue
		}
		in, sizes, err := symbolicInputs(m.Graph, c)
		if err != nil {
			continue // an element type that no tensor has
		}
		g, err := withSymbols(reg, m.Graph, in)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		ran++
		for i, v := range g.Outputs {
			want, err := readValue(c.Outputs[i], v.Type())
			if err != nil {
				continue
			}
			n, o, err := holds(v, want, sizes)
			dims, open = dims+n, open+o
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
		m.Close()
	}
	t.Logf("%d cases, %d dimensions inferred, %d left open", ran, dims, open)
	if open > dims/10 {
		t.Errorf("%d of %d dimensions are left open", open, dims+open)
	}
}

// symbolicInputs reads a case's inputs and lists the symbols for their sizes:
// equal sizes share one.
func symbolicInputs(g *ir.Graph, c testkit.ONNXCase) (map[string]*tensor.Tensor, map[string]int64, error) {
	in, sizes := map[string]*tensor.Tensor{}, map[string]int64{}
	for i, f := range c.Inputs {
		x, err := readValue(f, g.Inputs[i].Type())
		if err != nil {
			return nil, nil, err
		}
		in[g.Inputs[i].Name] = x
		for _, d := range x.Shape() {
			if d > 1 {
				sizes[symbolFor(d)] = int64(d)
			}
		}
	}
	return in, sizes, nil
}

func symbolFor(d int) string { return fmt.Sprintf("s%d", d) }

// withSymbols is withConstants with a symbol for every size above 1.
func withSymbols(reg *op.Registry, g *ir.Graph, in map[string]*tensor.Tensor) (*ir.Graph, error) {
	known, err := withConstants(reg, g, in)
	if err != nil {
		return nil, err
	}
	for _, v := range known.Inputs {
		for k, d := range v.Shape {
			if n, ok := d.Int(); ok && n > 1 {
				v.Shape[k] = ir.Symbol(symbolFor(int(n)))
			}
		}
	}
	return known, reg.InferGraph(known)
}

// holds checks inferred dimensions and contents, with the symbols' sizes put in,
// against a tensor; it counts those that say something and those that do not.
func holds(v *ir.Value, want *tensor.Tensor, sizes map[string]int64) (inferred, open int, err error) {
	if v.DType != want.DType() {
		return 0, 0, fmt.Errorf("output %q: inferred %v, is %v", v.Name, v.DType, want.DType())
	}
	if v.Shape == nil {
		return 0, want.Rank(), nil
	}
	if len(v.Shape) != want.Rank() {
		return 0, 0, fmt.Errorf("output %q: inferred %v, is %v", v.Name, v.Shape, want.Shape())
	}
	claim := func(d ir.Dim, is int64) {
		n, ok := evalDim(d, sizes)
		switch {
		case !ok:
			open++
		case n == is:
			inferred++
		case err == nil:
			err = fmt.Errorf("output %q: inferred %v, content %v; %v is %d, should be %d", v.Name, v.Shape, v.Content, d, n, is)
		}
	}
	for i, d := range v.Shape {
		claim(d, int64(want.Shape()[i]))
	}
	if x, e := want.Int64s(); e == nil && len(v.Content) == len(x) {
		for i, d := range v.Content {
			claim(d, x[i])
		}
	}
	return inferred, open, err
}

// evalDim computes an expression as Dim.String prints it; false where it has a
// symbol without a size.
func evalDim(d ir.Dim, sizes map[string]int64) (int64, bool) {
	e := &expression{s: d.String(), sizes: sizes, ok: true}
	v := e.sum()
	return v, e.ok && e.s == ""
}

type expression struct {
	s     string
	sizes map[string]int64
	ok    bool
}

func (e *expression) eat(p string) bool {
	if !strings.HasPrefix(e.s, p) {
		return false
	}
	e.s = e.s[len(p):]
	return true
}

func (e *expression) sum() int64 {
	v := int64(0)
	if e.eat("-") {
		v = -e.product()
	} else {
		v = e.product()
	}
	for {
		switch {
		case e.eat("+"):
			v += e.product()
		case e.eat("-"):
			v -= e.product()
		default:
			return v
		}
	}
}

func (e *expression) product() int64 {
	v := e.atom()
	for e.eat("*") {
		v *= e.atom()
	}
	return v
}

func (e *expression) atom() int64 {
	for _, f := range []string{"floor(", "max(", "min(", "("} {
		if !e.eat(f) {
			continue
		}
		v := e.sum()
		if f != "(" {
			var b int64
			if f == "floor(" {
				e.eat("/")
				b = e.atom()
			} else {
				e.eat(",")
				b = e.sum()
			}
			switch {
			case f == "max(":
				v = max(v, b)
			case f == "min(":
				v = min(v, b)
			case b == 0:
				e.ok = false
			default:
				q := v / b
				if v%b != 0 && (v < 0) != (b < 0) {
					q--
				}
				v = q
			}
		}
		e.ok = e.eat(")") && e.ok
		return v
	}
	i := 0
	for i < len(e.s) && !strings.ContainsRune("+-*/(),", rune(e.s[i])) {
		i++
	}
	word := e.s[:i]
	e.s = e.s[i:]
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n
	}
	n, ok := e.sizes[word]
	e.ok = e.ok && ok
	return n
}

func TestEvalDim(t *testing.T) {
	sizes := map[string]int64{"N": 5, "H": 8}
	n, h := ir.Symbol("N"), ir.Symbol("H")
	for want, d := range maps.All(map[int64]ir.Dim{
		5: n, 41: n.Mul(h).AddInt(1), 3: h.Sub(n), -3: n.Sub(h), 4: h.AddInt(1).FloorDiv(2), 6: h.Add(n).FloorDiv(2),
	}) {
		if got, ok := evalDim(d, sizes); !ok || got != want {
			t.Errorf("%v is %d, want %d", d, got, want)
		}
	}
	if _, ok := evalDim(ir.Symbol("other").AddInt(1), sizes); ok {
		t.Error("a symbol without a size has a value")
	}
}

package tflite

import (
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// The runtime computes what follows from constants and shapes alone while it
// prepares the graph, into memory of its own, and then cannot give it back as an
// output.

// early tells which tensors are there before the graph runs: constants, shapes,
// and what operators make of those alone.
func (w *writer) early() map[int]bool {
	early := map[int]bool{}
	for i, t := range w.m.Tensors {
		early[i] = t.Buffer != 0
	}
	for _, o := range w.m.Operators {
		all := true
		for _, in := range o.Inputs {
			all = all && (in < 0 || early[in])
		}
		for _, out := range o.Outputs {
			early[out] = all || o.Code == fb.Shape
		}
	}
	return early
}

// late is t in a tensor that only running the graph fills: a choice between t
// and t.
func (w *writer) late(t int) int {
	yes, err := w.constant(tensor.Scalar(true), nil)
	if err != nil {
		return w.copyOf(t)
	}
	y := w.temp(t, w.m.Tensors[t].Shape)
	w.op(fb.SelectV2, nil, []int{yes, t, t}, y)
	return y
}

// awkward warns of inputs and outputs that the compiled-model interface of the
// runtime cannot pass: those without elements, and those whose size only the
// values tell.
func awkward(g *ir.Graph) diag.List {
	var out diag.List
	var known []string
	for _, v := range g.Inputs {
		for _, d := range v.Shape {
			known = append(known, d.Symbols()...)
		}
	}
	check := func(side string, list []*ir.Value, result bool) {
		for _, v := range list {
			by := side
			if n := v.Node(); n != nil {
				by = n.Op + ": " + side
			}
			switch {
			case slices.ContainsFunc(v.Shape, func(d ir.Dim) bool { return d.Is(0) }):
				out = append(out, diag.Warnf("tflite.empty-tensor",
					"%s %q is %v, without elements: only the interpreter interface of LiteRT passes it", by, v.Name, v.Shape))
			case result && (v.Shape == nil || slices.ContainsFunc(v.Shape, func(d ir.Dim) bool {
				return !d.Follows(func(s string) bool { return slices.Contains(known, s) })
			})):
				out = append(out, diag.Warnf("tflite.data-dependent-shape",
					"%s %q has a shape that depends on values (%v): only the interpreter interface of LiteRT gives it back", by, v.Name, v.Shape))
			}
		}
	}
	check("input", g.Inputs, false)
	check("output", g.Outputs, true)
	return out
}

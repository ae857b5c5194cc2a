package graph

import (
	"fmt"
	"math"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/summary"
	"slipway/conversion/tensor"
	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
	"slipway/units"
)

// sceneOf turns a graph into boxes and lines: a node a box, constants and what is
// computed from constants alone folded into the box that reads them, inputs and
// outputs boxes of their own. The IDs
// are the nodes' names; inputs and outputs have ":" before theirs.
func sceneOf(g *ir.Graph) graphpaint.Scene {
	var s graphpaint.Scene
	box := map[*ir.Node]int{}
	from := map[*ir.Value]int{}
	tensors := map[*ir.Value]int{}
	for _, v := range g.Inputs {
		from[v] = len(s.Nodes)
		s.Nodes = append(s.Nodes, graphpaint.Node{ID: ":" + v.Name, Title: v.Name, Name: v.Name, Rows: []graphpaint.Row{{Name: v.DType.String(), Value: size(v.Shape)}}, Class: graphpaint.Port, Kind: graphlayout.Input})
	}
	fixed := constants(g)
	for _, n := range g.Nodes {
		if fixed[n] {
			continue
		}
		box[n] = len(s.Nodes)
		s.Nodes = append(s.Nodes, graphpaint.Node{ID: n.Name, Title: n.Op, Name: n.Name, Rows: rows(n, fixed), Class: graphpaint.ClassOf(n.Op)})
		for _, v := range n.Outputs {
			if v != nil {
				from[v] = box[n]
			}
		}
	}
	edge := func(v *ir.Value, to int) {
		f, ok := from[v]
		if !ok {
			return
		}
		id, ok := tensors[v]
		if !ok {
			id = len(tensors)
			tensors[v] = id
		}
		s.Edges = append(s.Edges, graphpaint.Edge{From: f, To: to, Source: id, Label: size(v.Shape)})
	}
	for _, n := range g.Nodes {
		if fixed[n] {
			continue
		}
		seen := map[*ir.Value]bool{}
		for _, v := range n.Inputs {
			if v != nil && !v.IsConst() && !seen[v] {
				seen[v] = true
				edge(v, box[n])
			}
		}
	}
	for _, v := range g.Outputs {
		to := len(s.Nodes)
		s.Nodes = append(s.Nodes, graphpaint.Node{ID: ":" + v.Name, Title: v.Name, Name: v.Name, Rows: []graphpaint.Row{{Name: v.DType.String(), Value: size(v.Shape)}}, Class: graphpaint.Port, Kind: graphlayout.Output})
		edge(v, to)
	}
	return s
}

// constants are the nodes that compute from constants alone, such as a Cast of
// weights, unless the graph returns what they compute.
func constants(g *ir.Graph) map[*ir.Node]bool {
	out := map[*ir.Node]bool{}
	for _, n := range g.Nodes {
		fixed := len(n.Inputs) > 0
		for _, v := range n.Inputs {
			fixed = fixed && (v == nil || v.IsConst() || out[v.Node()])
		}
		for _, v := range n.Outputs {
			fixed = fixed && (v == nil || !g.IsOutput(v))
		}
		if fixed {
			out[n] = true
		}
	}
	return out
}

// rows are the constants that a node reads: weights with their shape, small ones
// with their value.
func rows(n *ir.Node, fixed map[*ir.Node]bool) []graphpaint.Row {
	var out []graphpaint.Row
	for i, v := range n.Inputs {
		if v != nil && fixed[v.Node()] {
			out = append(out, graphpaint.Row{Name: inputName(n, i), Value: "<" + size(v.Shape) + "> " + v.Node().Op})
		}
		if !v.IsConst() {
			continue
		}
		out = append(out, graphpaint.Row{Name: inputName(n, i), Value: constText(v.Const)})
	}
	return out
}

func constText(t *tensor.Tensor) string {
	if t.Len() <= 4 && t.DType() != tensor.String && t.DType().Bits() <= 64 {
		p := make([]string, 0, 4)
		for _, x := range t.Float64s() {
			p = append(p, number(x, t.DType().IsInt()))
		}
		return strings.Join(p, ", ")
	}
	return "<" + size(ir.Dims(t.Shape()...)) + ">"
}

// number prints an element: integers in full, but for the largest and the
// smallest, which stand for the ends of slices.
func number(x float64, whole bool) string {
	switch {
	case !whole:
		return fmt.Sprintf("%.4g", x)
	case x >= math.MaxInt64:
		return "max"
	case x <= math.MinInt64:
		return "min"
	}
	return fmt.Sprintf("%.0f", x)
}

// inputNames are the usual short names of operands that are mostly constant.
var inputNames = map[string][]string{
	"Conv": {"X", "W", "B"}, "ConvTranspose": {"X", "W", "B"}, "Gemm": {"A", "B", "C"}, "MatMul": {"A", "B"},
	"BatchNormalization": {"X", "scale", "B", "mean", "var"}, "Reshape": {"data", "shape"}, "Clip": {"x", "min", "max"},
	"Slice": {"data", "starts", "ends", "axes", "steps"}, "Resize": {"X", "roi", "scales", "sizes"}, "Pad": {"data", "pads", "value", "axes"},
}

func inputName(n *ir.Node, i int) string {
	if names := inputNames[n.Op]; i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("input %d", i)
}

// size prints a shape as people write it: 1×3×224×224.
func size(s ir.Shape) string {
	if !s.Known() {
		return "?"
	}
	if len(s) == 0 {
		return "scalar"
	}
	p := make([]string, len(s))
	for i, d := range s {
		p[i] = d.String()
	}
	return strings.Join(p, "×")
}

// fact is one line of the inspector. Jump, where set, is the node at the other
// end; Const, where set, can be looked at in detail.
type fact struct {
	Name, Value string
	Jump        string
	Const       *tensor.Tensor
}

// section is a titled group of facts.
type section struct {
	Title string
	Facts []fact
}

// constBehind is the constant that v is, or is a mere conversion of type of: many
// exporters store weights in half precision behind a Cast. nil where there is none.
func constBehind(v *ir.Value) *tensor.Tensor {
	for range 4 {
		if v == nil || v.IsConst() {
			break
		}
		n := v.Node()
		if n == nil || n.Op != "Cast" && n.Op != "Identity" || len(n.Inputs) != 1 {
			return nil
		}
		v = n.Inputs[0]
	}
	if v == nil || !v.IsConst() {
		return nil
	}
	return v.Const
}

// describe tells everything about a node, in Netron's order: attributes, inputs,
// outputs, then numbers.
func describe(n *ir.Node) []section {
	var attrs, ins, outs section
	stored := int64(0) // elements of weights that come through a conversion of type
	attrs.Title, ins.Title, outs.Title = "Attributes", "Inputs", "Outputs"
	for _, k := range n.Attrs.Keys() {
		one := &ir.Node{Attrs: ir.Attrs{k: n.Attrs[k]}}
		_, v, _ := strings.Cut(summary.Attributes(one), "=")
		attrs.Facts = append(attrs.Facts, fact{Name: k, Value: v})
	}
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		f := fact{Name: inputName(n, i), Value: v.Name + "  " + v.DType.String() + " " + size(v.Shape)}
		switch {
		case constBehind(v) != nil && !v.IsConst():
			f.Const = constBehind(v)
			f.Value += ", " + f.Const.DType().String() + " through " + v.Node().Op
			stored += int64(f.Const.Len())
		case v.IsConst():
			f.Const, f.Value = v.Const, v.Name+"  "+v.DType.String()+" "+constText(v.Const)
		case v.Node() != nil:
			f.Jump = v.Node().Name
		}
		ins.Facts = append(ins.Facts, f)
	}
	for i, v := range n.Outputs {
		if v == nil {
			continue
		}
		f := fact{Name: fmt.Sprintf("output %d", i), Value: v.Name + "  " + v.DType.String() + " " + size(v.Shape)}
		if u := v.Uses(); len(u) > 0 {
			f.Jump = u[0].Node.Name
		}
		outs.Facts = append(outs.Facts, f)
	}
	l := summary.LayerOf(n)
	l.Params += stored
	num := section{Title: "Size", Facts: []fact{{Name: "parameters", Value: units.Count(l.Params)}, {Name: "MACs", Value: units.Count(l.MACs)}}}
	var all []section
	for _, s := range []section{attrs, ins, outs, num} {
		if len(s.Facts) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// nodeNamed finds a node, nil where there is none.
func nodeNamed(g *ir.Graph, name string) *ir.Node {
	for _, n := range g.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

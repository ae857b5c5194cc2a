package graphscene

import (
	"fmt"
	"math"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
)

// Of turns a graph into boxes and lines: a node a box, constants and what is
// computed from constants alone folded into the box that reads them, inputs and
// outputs boxes of their own. The IDs
// are the nodes' names; inputs and outputs have ":" before theirs.
func Of(g *ir.Graph) graphpaint.Scene {
	var s graphpaint.Scene
	box := map[*ir.Node]int{}
	from := map[*ir.Value]int{}
	tensors := map[*ir.Value]int{}
	for _, v := range g.Inputs {
		from[v] = len(s.Nodes)
		s.Nodes = append(s.Nodes, graphpaint.Node{ID: ":" + v.Name, Title: v.Name, Name: v.Name, Rows: []graphpaint.Row{{Name: v.DType.String(), Value: Size(v.Shape)}}, Class: graphpaint.Port, Kind: graphlayout.Input})
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
		s.Edges = append(s.Edges, graphpaint.Edge{From: f, To: to, Source: id, Label: Size(v.Shape)})
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
		s.Nodes = append(s.Nodes, graphpaint.Node{ID: ":" + v.Name, Title: v.Name, Name: v.Name, Rows: []graphpaint.Row{{Name: v.DType.String(), Value: Size(v.Shape)}}, Class: graphpaint.Port, Kind: graphlayout.Output})
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
			out = append(out, graphpaint.Row{Name: InputName(n, i), Value: "<" + Size(v.Shape) + "> " + v.Node().Op})
		}
		if !v.IsConst() {
			continue
		}
		out = append(out, graphpaint.Row{Name: InputName(n, i), Value: ConstText(v.Const)})
	}
	return out
}

// ConstText is a constant as a box shows it: small ones by value, others by shape.
func ConstText(t *tensor.Tensor) string {
	if t.Len() <= 4 && t.DType() != tensor.String && t.DType().Bits() <= 64 {
		p := make([]string, 0, 4)
		for _, x := range t.Float64s() {
			p = append(p, number(x, t.DType().IsInt()))
		}
		return strings.Join(p, ", ")
	}
	return "<" + Size(ir.Dims(t.Shape()...)) + ">"
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

// InputName is the usual short name of a node's input.
func InputName(n *ir.Node, i int) string {
	if names := inputNames[n.Op]; i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("input %d", i)
}

// Size prints a shape as people write it: 1×3×224×224.
func Size(s ir.Shape) string {
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

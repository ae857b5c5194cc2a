package graph

import (
	"fmt"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/summary"
	"slipway/conversion/tensor"
	"slipway/ui/graphscene"
	"slipway/units"
)

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
		f := fact{Name: graphscene.InputName(n, i), Value: v.Name + "\n" + v.DType.String() + " " + graphscene.Size(v.Shape)}
		switch {
		case constBehind(v) != nil && !v.IsConst():
			f.Const = constBehind(v)
			f.Value += ", " + f.Const.DType().String() + " through " + v.Node().Op
			stored += int64(f.Const.Len())
		case v.IsConst():
			f.Const, f.Value = v.Const, v.Name+"\n"+v.DType.String()+" "+graphscene.ConstText(v.Const)
		case v.Node() != nil:
			f.Jump = v.Node().Name
		}
		ins.Facts = append(ins.Facts, f)
	}
	for i, v := range n.Outputs {
		if v == nil {
			continue
		}
		f := fact{Name: fmt.Sprintf("output %d", i), Value: v.Name + "\n" + v.DType.String() + " " + graphscene.Size(v.Shape)}
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

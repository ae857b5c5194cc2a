package fold

import (
	"fmt"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Duplicates is the pass remove_duplicates.
var Duplicates = &pass.Pass{
	Name:  "remove_duplicates",
	About: "Merges operations that compute the same from the same inputs",
	After: []string{"remove_identity"},
	Run:   removeDuplicates,
}

// smallConst is the size up to which constants of equal content are the same
// input to this pass; larger ones only where they are the same value.
const smallConst = 4096

func removeDuplicates(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	ids := map[*ir.Value]string{}
	seen := map[string]*ir.Node{}
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		key, ok := nodeKey(n, ids)
		if !ok {
			continue
		}
		first := seen[key]
		if first == nil {
			seen[key] = n
			continue
		}
		if bothOutputs(g, first, n) {
			c.Miss(n, "both it and %q are outputs of the model", first.Name)
			continue
		}
		for i, v := range n.Outputs {
			if v != nil {
				p.Replace(v, first.Outputs[i])
			}
		}
		p.AddOrigin(first, n)
		c.Fire()
	}
	return p.Done()
}

func bothOutputs(g *ir.Graph, a, b *ir.Node) bool {
	for i, v := range b.Outputs {
		if v != nil && g.IsOutput(v) && g.IsOutput(a.Outputs[i]) {
			return true
		}
	}
	return false
}

// nodeKey is equal for nodes that compute the same.
func nodeKey(n *ir.Node, ids map[*ir.Value]string) (string, bool) {
	if keep[n.Op] && n.Op != "DequantizeLinear" {
		return "", false
	}
	var b strings.Builder
	b.WriteString(n.Op)
	for _, k := range n.Attrs.Keys() {
		switch v := n.Attrs[k].(type) {
		case *ir.Graph, []*ir.Graph:
			return "", false
		case *tensor.Tensor:
			if v.Size() > smallConst || v.DType() == tensor.String {
				return "", false
			}
			fmt.Fprintf(&b, "|%s=%v%v%x", k, v.DType(), v.Shape(), v.Bytes())
		default:
			fmt.Fprintf(&b, "|%s=%#v", k, v)
		}
	}
	for _, v := range n.Inputs {
		b.WriteString("|")
		if v != nil {
			b.WriteString(valueID(v, ids))
		}
	}
	for _, v := range n.Outputs {
		if v == nil {
			b.WriteString("|-")
		} else {
			b.WriteString("|+")
		}
	}
	return b.String(), true
}

func valueID(v *ir.Value, ids map[*ir.Value]string) string {
	if id, ok := ids[v]; ok {
		return id
	}
	id := fmt.Sprintf("%p", v)
	if v.IsConst() && v.Const.DType() != tensor.String && v.Const.Size() <= smallConst {
		id = fmt.Sprintf("%v%v%x", v.Const.DType(), v.Const.Shape(), v.Const.Bytes())
	}
	ids[v] = id
	return id
}

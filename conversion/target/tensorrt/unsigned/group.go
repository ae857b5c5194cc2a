package unsigned

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// group are unsigned values that nodes join, which change their type together.
type group struct {
	values []*ir.Value
	nodes  []*ir.Node // that read or make them, in the graph's order
	border bool       // an input or output of the graph is among them
	odd    bool       // something reads or makes them that is not understood
}

// groups gives each group of values another type, or takes its quantizers apart.
func (f *freer) groups() bool {
	changed := false
	for _, x := range f.find() {
		if x.odd || !slices.ContainsFunc(x.nodes, func(n *ir.Node) bool { return !f.legal(n) }) {
			continue
		}
		if !x.border && !slices.ContainsFunc(x.nodes, func(n *ir.Node) bool { return n.Op == "Cast" || quantizes(n) && !shifts(n) }) {
			c := &carrier{f: f, to: tensor.Int8}
			c.carry(x)
			changed = true
			continue
		}
		quantizers := false
		for _, n := range x.nodes {
			if quantizes(n) {
				quantizers = true
				changed = f.decompose(n) || changed
			}
		}
		if !quantizers && x.counted() {
			c := &carrier{f: f, to: tensor.Float32}
			c.carry(x)
			changed = true
		}
	}
	return changed
}

// counted reports whether every cast into the group gives the number that it reads.
func (x *group) counted() bool {
	return !slices.ContainsFunc(x.nodes, func(n *ir.Node) bool {
		v := n.In(0)
		return n.Op == "Cast" && n.Out(0).DType == tensor.Uint8 && v.DType != tensor.Uint8 && v.DType != tensor.Bool && !(whole(v) && within(v))
	})
}

// find joins the values; a node may be in one group by its data and in another by none.
func (f *freer) find() []*group {
	at := map[*ir.Value]*group{}
	var list []*group
	of := func(v *ir.Value) *group {
		x := at[v]
		if x == nil {
			x = &group{values: []*ir.Value{v}}
			at[v], list = x, append(list, x)
		}
		return x
	}
	here := map[*ir.Node]bool{}
	for _, n := range f.g.Nodes {
		here[n] = true
	}
	for _, n := range f.g.Nodes {
		var x *group
		for _, v := range slices.Concat(n.Inputs, n.Outputs) {
			if v == nil || v.DType != tensor.Uint8 || v.IsConst() {
				continue
			}
			y := of(v)
			if x != nil && x != y {
				for _, v := range y.values {
					at[v] = x
				}
				x.values, x.odd = append(x.values, y.values...), x.odd || y.odd
				y.values = nil
			} else {
				x = y
			}
		}
		if x != nil && n.Op != "Cast" && !quantizes(n) && !moves(n) {
			x.odd = true
		}
	}
	list = slices.DeleteFunc(list, func(x *group) bool { return x.values == nil })
	for v, x := range at {
		in, out := slices.Contains(f.g.Inputs, v), f.g.IsOutput(v)
		x.border = x.border || in || out
		made := v.Node() == nil || here[v.Node()]
		x.odd = x.odd || in && out || !made || v.Node() == nil && !in || slices.ContainsFunc(v.Uses(), func(u ir.Use) bool { return !here[u.Node] })
	}
	for _, n := range f.g.Nodes {
		for _, v := range slices.Concat(n.Inputs, n.Outputs) {
			if x := at[v]; v != nil && x != nil {
				x.nodes = append(x.nodes, n)
				break
			}
		}
	}
	return list
}

// whole reports whether v is known to hold whole numbers.
func whole(v *ir.Value) bool {
	if v == nil {
		return true
	}
	n := v.Node()
	switch {
	case v.DType.IsInt():
		return true
	case v.IsConst():
		return !slices.ContainsFunc(v.Const.Float64s(), func(x float64) bool { return x != float64(int64(x)) })
	case n == nil:
		return false
	}
	switch n.Op {
	case "Round", "Floor", "Ceil":
		return true
	case "Cast", "Reshape", "Identity", "Gather":
		return whole(n.In(0))
	case "Add", "Sub", "Clip":
		return !slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool { return !whole(v) })
	}
	return false
}

// within reports whether v is known to lie between 0 and 255.
func within(v *ir.Value) bool {
	n := v.Node()
	if n == nil {
		return false
	}
	switch n.Op {
	case "Round", "Floor", "Ceil", "Reshape", "Identity":
		return within(n.In(0))
	case "Cast":
		return n.In(0).DType == tensor.Uint8 || n.In(0).DType == tensor.Bool || within(n.In(0))
	case "Clip":
		lo, low := n.In(1).ConstScalar()
		hi, high := n.In(2).ConstScalar()
		return low && high && lo >= 0 && hi <= 255
	}
	return false
}

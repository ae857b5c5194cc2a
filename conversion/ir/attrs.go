package ir

import (
	"maps"
	"slices"

	"slipway/conversion/tensor"
)

// Attrs are a node's attributes. The values are int64, float64, string,
// []int64, []float64, []string, *tensor.Tensor, *Graph, []*Graph or *Type.
type Attrs map[string]any

// Clone copies the map; subgraphs are cloned too.
func (a Attrs) Clone() Attrs {
	c := maps.Clone(a)
	for k, v := range c {
		switch x := v.(type) {
		case *Graph:
			c[k] = x.Clone()
		case []*Graph:
			list := make([]*Graph, len(x))
			for i, g := range x {
				list[i] = g.Clone()
			}
			c[k] = list
		case []int64:
			c[k] = slices.Clone(x)
		}
	}
	return c
}

// Keys lists the names, sorted.
func (a Attrs) Keys() []string { return slices.Sorted(maps.Keys(a)) }

// Has reports whether the attribute is present.
func (n *Node) Has(name string) bool { _, ok := n.Attrs[name]; return ok }

// Int is the integer attribute, or def where it is absent.
func (n *Node) Int(name string, def int64) int64 {
	if v, ok := n.Attrs[name].(int64); ok {
		return v
	}
	return def
}

// Float is the floating-point attribute, or def where it is absent.
func (n *Node) Float(name string, def float64) float64 {
	if v, ok := n.Attrs[name].(float64); ok {
		return v
	}
	return def
}

// Str is the string attribute, or def where it is absent.
func (n *Node) Str(name, def string) string {
	if v, ok := n.Attrs[name].(string); ok {
		return v
	}
	return def
}

// Ints is the integer-list attribute, nil where it is absent. Do not change it.
func (n *Node) Ints(name string) []int64 { v, _ := n.Attrs[name].([]int64); return v }

// Floats is the float-list attribute, nil where it is absent. Do not change it.
func (n *Node) Floats(name string) []float64 { v, _ := n.Attrs[name].([]float64); return v }

// Tensor is the tensor attribute, nil where it is absent.
func (n *Node) Tensor(name string) *tensor.Tensor { v, _ := n.Attrs[name].(*tensor.Tensor); return v }

// Graph is the subgraph attribute, nil where it is absent.
func (n *Node) Graph(name string) *Graph { v, _ := n.Attrs[name].(*Graph); return v }

// ConstInts returns the elements of a constant integer value.
func (v *Value) ConstInts() ([]int64, bool) {
	if !v.IsConst() {
		return nil, false
	}
	x, err := v.Const.Int64s()
	return x, err == nil
}

// ConstScalar returns the single element of a constant value of one element.
func (v *Value) ConstScalar() (float64, bool) {
	if !v.IsConst() || v.Const.Len() != 1 || !v.Const.DType().IsReal() {
		return 0, false
	}
	return v.Const.Float64s()[0], true
}

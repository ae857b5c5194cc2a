package ir

import (
	"fmt"
	"slices"

	"slipway/conversion/tensor"
)

// Value is one tensor in a Graph: an input, a constant, or an output of a Node.
// It may also be a sequence of tensors or an optional value: then DType says
// which, Elem what it holds, and Shape how many (see Type).
type Value struct {
	Name  string         // unique in its graph, never empty
	DType tensor.DType   // Invalid while unknown
	Shape Shape          // nil while unknown
	Elem  *Type          // of a sequence or optional value; nil for tensors
	Const *tensor.Tensor // the constant's elements; nil for all others
	// Content are the elements of an integer tensor of rank 0 or 1 as far as
	// shape inference knows them, for example the result of Shape. nil: unknown.
	Content []Dim
	// Layers are the source layers whose output this value holds, up to rounding.
	// Sources set it, Patch.Replace hands it on; nil for inner results.
	Layers []string

	node  *Node
	index int
	uses  []Use
}

// Use is one place that reads a Value: input Index of Node.
type Use struct {
	Node  *Node
	Index int
}

// Node is the node that produces v; nil for inputs and constants.
func (v *Value) Node() *Node { return v.node }

// OutputIndex is the position of v among its Node's outputs.
func (v *Value) OutputIndex() int { return v.index }

// Uses lists the inputs that read v, in no fixed order; graph outputs are not
// among them. Callers must not change it.
func (v *Value) Uses() []Use { return v.uses }

// IsConst reports whether v is a constant.
func (v *Value) IsConst() bool { return v != nil && v.Const != nil }

// Rank is the rank, or -1 while unknown.
func (v *Value) Rank() int {
	if v.Shape == nil {
		return -1
	}
	return len(v.Shape)
}

// Node is one operation.
type Node struct {
	Name    string   // unique in its graph
	Op      string   // ONNX operator name; other domains as "com.microsoft.Name"
	Inputs  []*Value // nil: an omitted optional input. Change only through a Patch
	Outputs []*Value // nil: an omitted optional output
	Attrs   Attrs    // read with Int, Ints, …; change only through a Patch
	Origin  []string // names of the source layers that it came from, sorted
	By      string   // the pass that made it; "" for a source's node
}

// In is input i, nil where it is omitted or beyond the list.
func (n *Node) In(i int) *Value {
	if i < 0 || i >= len(n.Inputs) {
		return nil
	}
	return n.Inputs[i]
}

// Out is output i, nil where it is omitted or beyond the list.
func (n *Node) Out(i int) *Value {
	if i < 0 || i >= len(n.Outputs) {
		return nil
	}
	return n.Outputs[i]
}

// MetaPrefix precedes the keys of a model's own metadata (ONNX's
// metadata_props) in Graph.Meta.
const MetaPrefix = "metadata."

// Graph is a model or a subgraph. Nodes are in topological order.
type Graph struct {
	Name    string
	Inputs  []*Value
	Outputs []*Value
	Nodes   []*Node
	Meta    map[string]string // producer, domain, metadata_props …

	names map[string]bool // every value and node name in use, prefixed v: or n:
	next  map[string]int  // next number to try, by base name
}

// New makes an empty graph.
func New(name string) *Graph {
	return &Graph{Name: name, Meta: map[string]string{}, names: map[string]bool{}, next: map[string]int{}}
}

// AddInput appends a graph input. The name is made unique if it is taken.
func (g *Graph) AddInput(name string, dtype tensor.DType, shape Shape) *Value {
	v := &Value{Name: g.unique("v:", name), DType: dtype, Shape: shape}
	g.Inputs = append(g.Inputs, v)
	return v
}

// AddConst makes a constant value; it belongs to the graph as soon as a node
// reads it.
func (g *Graph) AddConst(name string, t *tensor.Tensor) *Value {
	return &Value{Name: g.unique("v:", name), DType: t.DType(), Shape: Dims(t.Shape()...), Const: t, Content: constContent(t)}
}

func constContent(t *tensor.Tensor) []Dim {
	if t.Rank() > 1 || !t.DType().IsInt() || t.Len() > 64 {
		return nil
	}
	v, err := t.Int64s()
	if err != nil {
		return nil
	}
	c := make([]Dim, len(v))
	for i, x := range v {
		c[i] = Static(x)
	}
	return c
}

// AddNode appends a node with nOut new output values. Sources use it; passes
// use a Patch. An empty name gets one made from the operator's.
func (g *Graph) AddNode(op, name string, attrs Attrs, inputs []*Value, outNames ...string) *Node {
	if name == "" {
		name = op
	}
	n := &Node{Name: g.unique("n:", name), Op: op, Attrs: attrs}
	if n.Attrs == nil {
		n.Attrs = Attrs{}
	}
	for _, v := range inputs {
		g.appendInput(n, v)
	}
	for i, o := range outNames {
		n.Outputs = append(n.Outputs, g.newOutput(n, i, o))
	}
	g.Nodes = append(g.Nodes, n)
	return n
}

func (g *Graph) newOutput(n *Node, i int, name string) *Value {
	return &Value{Name: g.unique("v:", name), node: n, index: i}
}

func (g *Graph) appendInput(n *Node, v *Value) {
	n.Inputs = append(n.Inputs, v)
	if v != nil {
		v.uses = append(v.uses, Use{n, len(n.Inputs) - 1})
	}
}

// RenameValue gives v a new name, made unique if it is taken, and returns it.
func (g *Graph) RenameValue(v *Value, name string) string {
	if v.Name == name {
		return name
	}
	delete(g.names, "v:"+v.Name)
	v.Name = g.unique("v:", name)
	return v.Name
}

func (g *Graph) unique(kind, name string) string {
	if name == "" {
		name = "_"
	}
	try := name
	for g.names[kind+try] {
		g.next[kind+name]++
		try = fmt.Sprintf("%s_%d", name, g.next[kind+name])
	}
	g.names[kind+try] = true
	return try
}

// IsOutput reports whether v is among the graph's outputs.
func (g *Graph) IsOutput(v *Value) bool { return slices.Contains(g.Outputs, v) }

// SingleUse reports whether exactly one node input reads v and it is no graph
// output: the condition for fusing its producer into its reader.
func (g *Graph) SingleUse(v *Value) bool { return v != nil && len(v.uses) == 1 && !g.IsOutput(v) }

// Consts lists the constants that nodes or outputs read, each once, in the
// order of first use.
func (g *Graph) Consts() []*Value {
	var out []*Value
	seen := map[*Value]bool{}
	add := func(v *Value) {
		if v.IsConst() && !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	for _, n := range g.Nodes {
		for _, v := range n.Inputs {
			add(v)
		}
	}
	for _, v := range g.Outputs {
		add(v)
	}
	return out
}

// Values lists every value: inputs, constants, then node outputs in order.
func (g *Graph) Values() []*Value {
	out := append(slices.Clone(g.Inputs), g.Consts()...)
	for _, n := range g.Nodes {
		for _, v := range n.Outputs {
			if v != nil {
				out = append(out, v)
			}
		}
	}
	return out
}

// Clone copies the graph's structure; constants share their tensors.
func (g *Graph) Clone() *Graph {
	c := New(g.Name)
	for k, v := range g.Meta {
		c.Meta[k] = v
	}
	for k, v := range g.names {
		c.names[k] = v
	}
	for k, v := range g.next {
		c.next[k] = v
	}
	m := map[*Value]*Value{}
	get := func(v *Value) *Value {
		if v == nil {
			return nil
		}
		if m[v] == nil {
			w := *v
			w.node, w.uses = nil, nil
			m[v] = &w
		}
		return m[v]
	}
	for _, v := range g.Inputs {
		c.Inputs = append(c.Inputs, get(v))
	}
	for _, n := range g.Nodes {
		k := &Node{Name: n.Name, Op: n.Op, Attrs: n.Attrs.Clone(), Origin: slices.Clone(n.Origin), By: n.By}
		for _, v := range n.Inputs {
			c.appendInput(k, get(v))
		}
		for _, v := range n.Outputs {
			w := get(v)
			if w != nil {
				w.node = k
			}
			k.Outputs = append(k.Outputs, w)
		}
		c.Nodes = append(c.Nodes, k)
	}
	for _, v := range g.Outputs {
		c.Outputs = append(c.Outputs, get(v))
	}
	return c
}

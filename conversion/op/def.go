package op

import (
	"fmt"
	"sort"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Def is everything the program knows about one operator. A Def is immutable
// after its package's initialisation.
type Def struct {
	// Name is the ONNX operator name; other domains as "com.microsoft.Name".
	Name string
	// Doc is one sentence that says what it computes.
	Doc string
	// Family is the folder it lives in: arith, activation, conv, …
	Family string
	// Inputs and Outputs in ONNX order of the newest opset.
	Inputs, Outputs []Param
	// Scales are the inputs that are scales of integers.
	Scales Scales
	// Attrs lists every attribute that the IR form may carry.
	Attrs []Attr
	// Infer sets types and shapes of the outputs. Required.
	Infer func(*InferCtx) error
	// Eval is the reference arithmetic, also used for constant folding. Required.
	Eval func(*EvalCtx) error
	// Decompose rewrites the node, one step, into simpler operators and returns
	// the replacements of its outputs; nil marks a primitive. It may return an
	// error wrapping ErrNoDecomposition where this node's form has none.
	Decompose func(*Builder) ([]*ir.Value, error)
	// Tol is what a correct implementation may differ by.
	Tol Tolerance
	// FromONNX lowers a node of any supported opset version. nil: the node has
	// the same inputs and declared attributes in every version.
	FromONNX func(*Src) error
	// FixedType says that results depend on how wide the element type is, so that
	// the operator must not be computed in a wider one.
	FixedType bool
	// Harmless lists source attributes that no reader needs to look at.
	Harmless []string
	// Containers says that the operator takes sequences or optional values; for
	// all others such an input is refused before Infer and Eval see it.
	Containers bool
}

// Param describes one input or output.
type Param struct {
	Name     string
	Optional bool
	Variadic bool // last of the list only
}

// AttrKind is the type of an attribute's value.
type AttrKind uint8

// The kinds, with the Go type that ir.Attrs holds.
const (
	Int      AttrKind = iota // int64
	Float                    // float64
	Str                      // string
	Ints                     // []int64
	Floats                   // []float64
	Strs                     // []string
	Tensor                   // *tensor.Tensor
	Subgraph                 // *ir.Graph
	TypeOf                   // *ir.Type
)

// Attr describes one attribute. Default is nil where there is none: then the
// node may lack it, unless Required.
type Attr struct {
	Name     string
	Kind     AttrKind
	Default  any
	Required bool
}

// Tolerance bounds |got-want| <= Abs + Rel*max|want| for float32; for float16
// arithmetic both are scaled by 1024.
type Tolerance struct{ Abs, Rel float64 }

// Exact is for operators that move or compare data.
var Exact = Tolerance{}

// Elementwise suits operators of a few roundings an element.
var Elementwise = Tolerance{Abs: 1e-6, Rel: 2e-6}

// Accumulating suits sums over many terms.
var Accumulating = Tolerance{Abs: 1e-5, Rel: 1e-5}

// In makes a list of required parameters.
func In(names ...string) []Param {
	p := make([]Param, len(names))
	for i, n := range names {
		p[i] = Param{Name: n}
	}
	return p
}

// Opt marks further parameters as optional.
func Opt(p []Param, names ...string) []Param {
	for _, n := range names {
		p = append(p, Param{Name: n, Optional: true})
	}
	return p
}

// Variadic appends a variadic parameter.
func Variadic(name string) []Param { return []Param{{Name: name, Variadic: true}} }

// Attr returns the declaration of an attribute, nil where there is none.
func (d *Def) Attr(name string) *Attr {
	for i := range d.Attrs {
		if d.Attrs[i].Name == name {
			return &d.Attrs[i]
		}
	}
	return nil
}

// Registry finds operators by name. It is read-only after NewRegistry.
type Registry struct {
	defs map[string]*Def
}

// NewRegistry collects definitions; a name given twice is an error.
func NewRegistry(families ...[]*Def) (*Registry, error) {
	r := &Registry{defs: map[string]*Def{}}
	for _, f := range families {
		for _, d := range f {
			if d.Infer == nil || d.Eval == nil {
				return nil, fmt.Errorf("op: %s lacks Infer or Eval", d.Name)
			}
			if r.defs[d.Name] != nil {
				return nil, fmt.Errorf("op: %s is defined twice", d.Name)
			}
			r.defs[d.Name] = d
		}
	}
	return r, nil
}

// Get returns the definition, nil where the operator is unknown.
func (r *Registry) Get(name string) *Def { return r.defs[name] }

// Names lists all operators, sorted.
func (r *Registry) Names() []string {
	out := make([]string, 0, len(r.defs))
	for n := range r.defs {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// Infer sets types, shapes and known contents of n's outputs.
func (r *Registry) Infer(n *ir.Node) error {
	d := r.Get(n.Op)
	if d == nil {
		return fmt.Errorf("unknown operator %q", n.Op)
	}
	if err := d.checkInputs(len(n.Inputs), func(i int) bool { return n.In(i) != nil }); err != nil {
		return err
	}
	if err := d.containers(len(n.Inputs), func(i int) tensor.DType {
		if v := n.In(i); v != nil {
			return v.DType
		}
		return tensor.Invalid
	}); err != nil {
		return err
	}
	return d.Infer(&InferCtx{Node: n, Registry: r})
}

// checkInputs refuses a node that lacks a required input or has more than d
// takes, where d declares its inputs; has tells whether input i of n is there.
func (d *Def) checkInputs(n int, has func(int) bool) error {
	if d.Inputs == nil {
		return nil
	}
	for i, p := range d.Inputs {
		if !p.Optional && !has(i) {
			return fmt.Errorf("input %d (%s) is missing", i, p.Name)
		}
		if p.Variadic {
			return nil
		}
	}
	for i := len(d.Inputs); i < n; i++ {
		if has(i) {
			return fmt.Errorf("takes at most %d inputs, has %d", len(d.Inputs), n)
		}
	}
	return nil
}

// InferGraph runs Infer over all nodes in order. The error names the node.
func (r *Registry) InferGraph(g *ir.Graph) error {
	for _, n := range g.Nodes {
		if err := r.Infer(n); err != nil {
			return &NodeError{n, err}
		}
	}
	return nil
}

// NodeError places an error at a node.
type NodeError struct {
	Node *ir.Node
	Err  error
}

func (e *NodeError) Error() string {
	return fmt.Sprintf("node %q (%s): %v", e.Node.Name, e.Node.Op, e.Err)
}

// Unwrap returns the cause.
func (e *NodeError) Unwrap() error { return e.Err }

// EvalNode computes n's outputs from its inputs (nil: omitted).
func (r *Registry) EvalNode(n *ir.Node, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return r.EvalNodeIn(Env{}, n, in)
}

// EvalNodeIn is EvalNode in given surroundings, which loops look at.
func (r *Registry) EvalNodeIn(e Env, n *ir.Node, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	d := r.Get(n.Op)
	if d == nil {
		return nil, &NodeError{n, fmt.Errorf("unknown operator %q", n.Op)}
	}
	c := &EvalCtx{Node: n, In: in, Out: make([]*tensor.Tensor, len(n.Outputs)), Registry: r, Env: e}
	err := d.checkInputs(len(in), func(i int) bool { return c.Arg(i) != nil })
	if err == nil {
		err = d.containers(len(in), func(i int) tensor.DType {
			if t := c.Arg(i); t != nil {
				return t.DType()
			}
			return tensor.Invalid
		})
	}
	if err == nil {
		err = d.Eval(c)
	}
	if err != nil {
		return nil, &NodeError{n, err}
	}
	return c.Out, nil
}

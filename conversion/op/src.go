package op

import (
	"fmt"
	"sort"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Src is a reader's view of one foreign node. Reading an attribute marks it;
// an attribute that is neither read nor harmless stops the import, so that no
// meaning is lost silently.
type Src struct {
	Op      string // the source's operator name
	Domain  string // "" for ai.onnx
	Version int    // the opset version in force for the node's domain
	Name    string // the source's node name, unique
	Inputs  []*ir.Value
	NumOut  int // number of outputs the node lists
	// OutUsed tells for each output whether it has a name in the source.
	OutUsed  []bool
	Graph    *ir.Graph
	Registry *Registry
	// Findings are what the reader has to say of a node that it reads well.
	Findings diag.List

	attrs   ir.Attrs
	read    map[string]bool
	results []*ir.Value
}

// NewSrc is called by sources.
func NewSrc(g *ir.Graph, r *Registry, attrs ir.Attrs) *Src {
	return &Src{Graph: g, Registry: r, attrs: attrs, read: map[string]bool{}}
}

// In is input i, nil where it is omitted.
func (s *Src) In(i int) *ir.Value {
	if i < len(s.Inputs) {
		return s.Inputs[i]
	}
	return nil
}

// Has reports whether the attribute is present, and marks it as read.
func (s *Src) Has(name string) bool { _, ok := s.take(name); return ok }

// Raw returns an attribute as it is, and marks it as read.
func (s *Src) Raw(name string) (any, bool) { return s.take(name) }

func (s *Src) take(name string) (any, bool) {
	s.read[name] = true
	v, ok := s.attrs[name]
	return v, ok
}

// Int is an integer attribute or def.
func (s *Src) Int(name string, def int64) int64 {
	if v, ok := s.take(name); ok {
		if n, ok := v.(int64); ok {
			return n
		}
	}
	return def
}

// Float is a floating-point attribute or def.
func (s *Src) Float(name string, def float64) float64 {
	if v, ok := s.take(name); ok {
		if n, ok := v.(float64); ok {
			return n
		}
	}
	return def
}

// Str is a string attribute or def.
func (s *Src) Str(name, def string) string {
	if v, ok := s.take(name); ok {
		if n, ok := v.(string); ok {
			return n
		}
	}
	return def
}

// Ints is an integer-list attribute; ok is false where it is absent.
func (s *Src) Ints(name string) ([]int64, bool) {
	v, _ := s.take(name)
	n, ok := v.([]int64)
	return n, ok
}

// Unread lists attributes that were not read, sorted.
func (s *Src) Unread(harmless []string) []string {
	var out []string
	for k := range s.attrs {
		if !s.read[k] && !contains(harmless, k) {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

func contains(l []string, s string) bool {
	for _, x := range l {
		if x == s {
			return true
		}
	}
	return false
}

// Const makes a constant value.
func (s *Src) Const(t *tensor.Tensor) *ir.Value { return s.Graph.AddConst(s.Name+"_const", t) }

// IntsConst makes an int64 constant of rank 1.
func (s *Src) IntsConst(v []int64) *ir.Value {
	return s.Const(tensor.Of(append([]int64{}, v...), len(v)))
}

// Emit appends a node with outs outputs, infers it and returns it.
func (s *Src) Emit(op string, attrs ir.Attrs, outs int, inputs ...*ir.Value) (*ir.Node, error) {
	names := make([]string, outs)
	for i := range names {
		names[i] = s.Name + "_out"
	}
	for len(inputs) > 0 && inputs[len(inputs)-1] == nil {
		inputs = inputs[:len(inputs)-1]
	}
	n := s.Graph.AddNode(op, s.Name, attrs, inputs, names...)
	n.Origin = []string{s.Name}
	if err := s.Registry.Infer(n); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return n, nil
}

// Return sets the values that stand for the foreign node's outputs, in order.
func (s *Src) Return(values ...*ir.Value) { s.results = values }

// Lower emits one node of operator op with the given inputs and attributes and
// returns all its outputs: the common end of a reader.
func (s *Src) Lower(op string, attrs ir.Attrs, inputs ...*ir.Value) error {
	n, err := s.Emit(op, attrs, s.NumOut, inputs...)
	if err != nil {
		return err
	}
	s.Return(n.Outputs...)
	return nil
}

// Read runs d's reader (or the default one, which copies every declared
// attribute) and returns the values that stand for the node's outputs.
func (d *Def) Read(s *Src) ([]*ir.Value, error) {
	var err error
	if len(d.Inputs) > 0 && !d.Inputs[0].Optional && s.In(0) == nil {
		return nil, fmt.Errorf("lacks its first input %q", d.Inputs[0].Name)
	}
	if d.FromONNX != nil {
		err = d.FromONNX(s)
	} else {
		attrs := ir.Attrs{}
		for _, a := range d.Attrs {
			if v, ok := s.take(a.Name); ok {
				attrs[a.Name] = v
			} else if a.Required {
				return nil, fmt.Errorf("lacks required attribute %q", a.Name)
			}
		}
		err = s.Lower(d.Name, attrs, s.Inputs...)
	}
	if err != nil {
		return nil, err
	}
	if left := s.Unread(d.Harmless); len(left) > 0 {
		return nil, fmt.Errorf("attribute %q is not understood", left[0])
	}
	return s.results, nil
}

// AttrsOf copies the named attributes, marking them as read.
func (s *Src) AttrsOf(names ...string) ir.Attrs {
	a := ir.Attrs{}
	for _, n := range names {
		if v, ok := s.take(n); ok {
			a[n] = v
		}
	}
	return a
}

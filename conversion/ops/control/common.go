package control

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

const family = "control"

// MaxUnrolledNodes bounds what a decomposition may make of one loop: the number
// of iterations times the number of nodes in its body, those of inner bodies
// included.
const MaxUnrolledNodes = 1 << 14

// inputs declares an operator's inputs: the given ones, then as many as the node
// has, of which the last are captured.
func inputs(p ...op.Param) []op.Param {
	return append(p, op.Param{Name: "values", Optional: true, Variadic: true})
}

func captured() op.Attr { return op.Attr{Name: ir.CapturedAttr, Kind: op.Int, Default: int64(0)} }

func subgraph(name string) op.Attr { return op.Attr{Name: name, Kind: op.Subgraph, Required: true} }

// body is n's body called name.
func body(n *ir.Node, name string) (*ir.Graph, error) {
	if g := n.Graph(name); g != nil {
		return g, nil
	}
	return nil, fmt.Errorf("has no %s", name)
}

// size is the number of nodes of a graph, those of bodies included.
func size(g *ir.Graph) int {
	n := len(g.Nodes)
	for _, x := range g.Nodes {
		for _, b := range x.Bodies() {
			n += size(b)
		}
	}
	return n
}

// types are the types of a list of values.
func types(values []*ir.Value) ([]ir.Type, [][]ir.Dim) {
	t, c := make([]ir.Type, len(values)), make([][]ir.Dim, len(values))
	for i, v := range values {
		if v != nil {
			t[i], c[i] = v.Type(), v.Content
		}
	}
	return t, c
}

// outward turns types of a body's values into types of its node's outputs:
// dimensions that only the body knows get names of the output's own.
type outward struct{ known map[string]bool }

func newOutward(n *ir.Node) outward {
	o := outward{map[string]bool{}}
	for _, v := range n.Inputs {
		if v != nil {
			o.learn(v.Type())
			o.dims(v.Content)
		}
	}
	return o
}

func (o outward) learn(t ir.Type) {
	o.dims(t.Shape)
	if t.Elem != nil {
		o.learn(*t.Elem)
	}
}

func (o outward) dims(list []ir.Dim) {
	for _, d := range list {
		for _, s := range d.Symbols() {
			o.known[s] = true
		}
	}
}

// typ is t seen from outside, for value v.
func (o outward) typ(t ir.Type, v *ir.Value) ir.Type {
	t.Shape = o.shape(t.Shape, v, 0)
	if t.Elem == nil {
		return t
	}
	e := o.typ(*t.Elem, v)
	if t.DType == tensor.Sequence {
		for i, d := range e.Shape {
			if !d.Equal(t.Elem.Shape[i]) {
				e.Shape[i] = ir.Each(d)
			}
		}
	}
	t.Elem = &e
	return t
}

// shape is s seen from outside, as the dimensions of v from at on.
func (o outward) shape(s ir.Shape, v *ir.Value, at int) ir.Shape {
	out := s.Clone()
	for i, d := range out {
		for _, sym := range d.Symbols() {
			if !o.known[sym] {
				out[i] = kernel.Fresh(v, at+i)
			}
		}
	}
	return out
}

// fresh names dimensions of the value that is called name inside node n.
func fresh(n *ir.Node, name string) func(axis int) ir.Dim {
	v := &ir.Value{Name: n.Name + "." + name}
	return func(axis int) ir.Dim { return kernel.Fresh(v, axis) }
}

// carried infers a body whose first inputs are fed back from its outputs: from
// says which output feeds input i (i counts from 0 over the state values, which
// start at input first). The states' types are widened until they hold for all
// iterations. The result is the type of each state after any number of them.
func carried(c *op.InferCtx, g *ir.Graph, args []ir.Type, contents [][]ir.Dim, first, states int, from func(int) *ir.Value) error {
	for range 8 {
		if err := c.InferBody(g, args, contents); err != nil {
			return err
		}
		stable := true
		for i := range states {
			in, out := args[first+i], from(i).Type()
			if in.DType == tensor.Invalid {
				in = g.Inputs[first+i].Type() // as declared
			}
			joined, err := joinState(in, out, fresh(c.Node, fmt.Sprintf("state%d", i)))
			if err != nil {
				return fmt.Errorf("state %d: %w", i, err)
			}
			if !joined.Same(in) {
				args[first+i], stable = joined, false
			}
		}
		if stable {
			return nil
		}
	}
	return fmt.Errorf("the types of its states do not settle")
}

// joinState is the type of a state that is of type in before an iteration and of
// type out after it. What starts as an optional value may go on as what that
// holds; the body takes both.
func joinState(in, out ir.Type, fresh func(int) ir.Dim) (ir.Type, error) {
	if in.DType != tensor.Optional || out.DType == tensor.Optional || in.Elem == nil {
		return in.Join(out, fresh)
	}
	e, err := in.Elem.Join(out, fresh)
	in.Elem, in.Shape = &e, nil
	return in, err
}

// left is the type of a state after the last iteration.
func left(state, out ir.Type) ir.Type {
	if state.DType == tensor.Optional && out.DType != tensor.Optional && state.Elem != nil {
		return *state.Elem
	}
	return state
}

// oneBool is the single element of a condition.
func oneBool(t *tensor.Tensor) (bool, error) {
	if t.DType() != tensor.Bool || t.Len() != 1 {
		return false, fmt.Errorf("its condition is %v%v, not one truth value", t.DType(), t.Shape())
	}
	return t.Bytes()[0] != 0, nil
}

// constBool is the constant that v is known to be.
func constBool(v *ir.Value) (value, known bool) {
	if !v.IsConst() {
		return false, false
	}
	b, err := oneBool(v.Const)
	return b, err == nil
}

// through follows Identity back to where a value comes from.
func through(v *ir.Value) *ir.Value {
	for v != nil && v.Node() != nil && v.Node().Op == "Identity" && v.Node().In(0) != nil {
		v = v.Node().In(0)
	}
	return v
}

// maxStacked bounds the bytes that a loop may collect in one output.
const maxStacked = 1 << 32

// stack puts tensors of one type and shape into one along a new axis, which may
// be negative.
func stack(list []*tensor.Tensor, axis int64) (*tensor.Tensor, error) {
	t := list[0]
	total := 0
	for i, x := range list {
		if x.DType() != t.DType() || fmt.Sprint(x.Shape()) != fmt.Sprint(t.Shape()) {
			return nil, fmt.Errorf("iteration %d makes %v%v, iteration 0 %v%v", i, x.DType(), x.Shape(), t.DType(), t.Shape())
		}
		if total += x.Size(); total > maxStacked {
			return nil, fmt.Errorf("more than %d bytes are collected", maxStacked)
		}
	}
	if t.DType().IsContainer() || t.DType().Bits() == 4 {
		return nil, fmt.Errorf("elements of type %v cannot be collected", t.DType())
	}
	a, err := kernel.Axis(axis, t.Rank()+1)
	if err != nil {
		return nil, err
	}
	shape := append([]int{len(list)}, t.Shape()...)
	var all *tensor.Tensor
	if t.DType() == tensor.String {
		var s []string
		for _, x := range list {
			s = append(s, x.Strings()...)
		}
		all, err = tensor.FromStrings(shape, s)
	} else {
		b := make([]byte, 0, total)
		for _, x := range list {
			b = append(b, x.Bytes()...)
		}
		all, err = tensor.FromBytes(t.DType(), shape, b)
	}
	if err != nil || a == 0 {
		return all, err
	}
	// Move the leading axis to its place.
	strides := kernel.Strides(shape)
	outShape := append(append(append([]int{}, t.Shape()[:a]...), len(list)), t.Shape()[a:]...)
	outStrides := append(append(append([]int{}, strides[1:1+a]...), strides[0]), strides[1+a:]...)
	return kernel.Strided(all, 0, outShape, outStrides)
}

// nothing is the empty result of a loop that never ran: no element along axis,
// with the shape that v is known to have, zero where it is not.
func nothing(v *ir.Value, axis int64) (*tensor.Tensor, error) {
	if v.DType == tensor.Invalid || v.DType.IsContainer() || v.Shape == nil {
		return nil, fmt.Errorf("it never runs, and the shape of its result %q is not known", v.Name)
	}
	a, err := kernel.Axis(axis, len(v.Shape)+1)
	if err != nil {
		return nil, err
	}
	shape := make([]int, 0, len(v.Shape)+1)
	for i, d := range v.Shape {
		n, _ := d.Int()
		if i == a {
			shape = append(shape, 0)
		}
		shape = append(shape, int(max(n, 0)))
	}
	if a == len(v.Shape) {
		shape = append(shape, 0)
	}
	return tensor.New(v.DType, shape...), nil
}

// collect is stack as nodes of a graph.
func collect(b *op.Builder, list []*ir.Value, axis int64) *ir.Value {
	parts := make([]*ir.Value, len(list))
	at := b.Ints(axis)
	for i, v := range list {
		parts[i] = b.Op("Unsqueeze", nil, v, at)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return b.Op("Concat", ir.Attrs{"axis": axis}, parts...)
}

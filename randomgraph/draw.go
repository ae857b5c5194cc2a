package randomgraph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// MaxNodes bounds the nodes of a drawn graph.
const MaxNodes = 12

// Bounds on what a drawn node computes: larger tensors and larger numbers are
// read by no further node, as they would only overflow.
const (
	maxElements  = 512
	maxMagnitude = 1e4
)

// draft is a node as a generator wants it.
type draft struct {
	attrs ir.Attrs
	in    []*ir.Value
	outs  int // 0: one
}

// generator drafts one well-formed node; nil where the values at hand do not
// allow one.
type generator func(*drawer) *draft

// drawer is the state of one drawing. It computes while it draws, so that
// generators know sizes and values.
type drawer struct {
	*rand.Rand
	g     *ir.Graph
	have  map[*ir.Value]*tensor.Tensor
	feeds map[string]*tensor.Tensor
	live  []*ir.Value // what a further node may read
	err   error       // a generator's own mistake
}

// Error is a drawn node that the operator's own definition refuses: the
// generator or the definition is wrong.
type Error struct {
	Seed uint64
	Node string // the graph so far, with the node in question last
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("seed %d: %v in\n%s", e.Seed, e.Err, e.Node) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Draw makes the case of a seed. only, where not empty, restricts it to the
// named operators.
func Draw(reg *op.Registry, seed uint64, only ...string) (*Case, error) {
	d := &drawer{
		Rand: rand.New(rand.NewPCG(seed, 0x51c7a9)), g: ir.New("random"),
		have: map[*ir.Value]*tensor.Tensor{}, feeds: map[string]*tensor.Tensor{},
	}
	names := only
	if len(names) == 0 {
		names = Names()
	}
	want := 1 + d.IntN(MaxNodes)
	for tries := 0; len(d.g.Nodes) < want && tries < 8*MaxNodes; tries++ {
		name := names[d.IntN(len(names))]
		if reg.Get(name) == nil {
			continue
		}
		if err := d.add(reg, name); err != nil {
			return nil, &Error{seed, ir.Text(d.g), err}
		}
	}
	d.finish()
	return &Case{Seed: seed, Graph: d.g, Feeds: d.feeds}, reg.InferGraph(d.g)
}

// add drafts, infers and computes one node.
func (d *drawer) add(reg *op.Registry, name string) error {
	inputs := len(d.g.Inputs)
	f := generators[name](d)
	if d.err != nil {
		return fmt.Errorf("%s: %w", name, d.err)
	}
	if f == nil {
		// Inputs that the attempt made stay out of the graph.
		for _, v := range d.g.Inputs[inputs:] {
			delete(d.feeds, v.Name)
			d.live = slices.DeleteFunc(d.live, func(w *ir.Value) bool { return w == v })
		}
		d.g.Inputs = d.g.Inputs[:inputs]
		return nil
	}
	outs := make([]string, max(1, f.outs))
	for i := range outs {
		outs[i] = "v"
	}
	in := f.in
	for len(in) > 0 && in[len(in)-1] == nil {
		in = in[:len(in)-1]
	}
	for _, v := range f.attrs {
		if body, ok := v.(*ir.Graph); ok {
			origins(body)
		}
	}
	n := d.g.AddNode(name, "n", f.attrs, in, outs...)
	n.Origin = []string{n.Name}
	if err := reg.Infer(n); err != nil {
		return &op.NodeError{Node: n, Err: err}
	}
	args := make([]*tensor.Tensor, len(in))
	for i, v := range in {
		args[i] = d.value(v)
	}
	res, err := computed(reg, n, args)
	if err != nil {
		return err
	}
	for i, v := range n.Outputs {
		if res[i] == nil {
			return &op.NodeError{Node: n, Err: fmt.Errorf("output %d was not computed", i)}
		}
		d.have[v] = res[i]
		if fit(res[i]) {
			d.live = append(d.live, v)
		}
	}
	return nil
}

// origins gives a body's nodes the source layers that a reader would.
func origins(g *ir.Graph) {
	for _, n := range g.Nodes {
		n.Origin = []string{n.Name}
	}
}

// computed evaluates n; a panic is an error.
func computed(reg *op.Registry, n *ir.Node, in []*tensor.Tensor) (out []*tensor.Tensor, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &op.NodeError{Node: n, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return reg.EvalNode(n, in)
}

// value is what v holds; nil for nil.
func (d *drawer) value(v *ir.Value) *tensor.Tensor {
	if v == nil {
		return nil
	}
	if v.IsConst() {
		return v.Const
	}
	return d.have[v]
}

// fit reports whether a further node may read t.
func fit(t *tensor.Tensor) bool {
	if t.Len() > maxElements || t.Rank() > 6 || !t.DType().IsReal() {
		return false
	}
	for _, x := range t.Float64s() {
		if !(math.Abs(x) <= maxMagnitude) {
			return false
		}
	}
	return true
}

// finish keeps the largest connected part and makes what nothing reads the
// graph's outputs.
func (d *drawer) finish() {
	keep := map[*ir.Node]bool{}
	for left := slices.Clone(d.g.Nodes); len(left) > 0; {
		part := connected(left[0])
		if len(part) > len(keep) {
			keep = part
		}
		left = slices.DeleteFunc(left, func(n *ir.Node) bool { return part[n] })
	}
	rest := slices.DeleteFunc(slices.Clone(d.g.Nodes), func(n *ir.Node) bool { return keep[n] })
	p := d.g.Edit("", nil)
	for _, n := range rest {
		for i := range n.Inputs {
			p.SetInput(n, i, nil)
		}
	}
	d.g.Nodes = slices.DeleteFunc(d.g.Nodes, func(n *ir.Node) bool { return !keep[n] })
	for _, n := range d.g.Nodes {
		for _, v := range n.Outputs {
			if len(v.Uses()) == 0 || d.IntN(16) == 0 {
				d.g.Outputs = append(d.g.Outputs, v)
			}
		}
	}
	if len(d.g.Outputs) == 0 && len(d.g.Nodes) > 0 {
		d.g.Outputs = append(d.g.Outputs, d.g.Nodes[len(d.g.Nodes)-1].Outputs[0])
	}
	d.g.Inputs = slices.DeleteFunc(d.g.Inputs, func(v *ir.Value) bool {
		if len(v.Uses()) > 0 {
			return false
		}
		delete(d.feeds, v.Name)
		return true
	})
}

// connected are the nodes that share values with n, directly or not.
func connected(n *ir.Node) map[*ir.Node]bool {
	part := map[*ir.Node]bool{}
	work := []*ir.Node{n}
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		if n == nil || part[n] {
			continue
		}
		part[n] = true
		for _, v := range slices.Concat(n.Inputs, n.Outputs) {
			if v == nil {
				continue
			}
			work = append(work, v.Node())
			for _, u := range v.Uses() {
				work = append(work, u.Node)
			}
		}
	}
	return part
}

// chance is true once in n times.
func (d *drawer) chance(n int) bool { return d.IntN(n) == 0 }

// flag is 0 or 1.
func (d *drawer) flag() int64 { return d.Int64N(2) }

// between draws from lo to hi, both included.
func (d *drawer) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

func oneOf[T any](d *drawer, list ...T) T { return list[d.IntN(len(list))] }

// shape draws sizes for lo to hi dimensions, small ones and many 1s.
func (d *drawer) shape(lo, hi int) []int {
	s := make([]int, d.between(lo, hi))
	for {
		n := 1
		for i := range s {
			s[i] = oneOf(d, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8)
			n *= s[i]
		}
		if n <= maxElements/2 {
			return s
		}
	}
}

// pick gives a value of one of the types (a type listed twice is twice as
// likely) for which ok, where not nil, holds: one that is there, or a new leaf
// of the given shape.
func (d *drawer) pick(types []tensor.DType, ok func(*tensor.Tensor) bool, shape func() []int) *ir.Value {
	if v := d.existing(types, ok); v != nil && !d.chance(8) {
		return v
	}
	return d.leaf(oneOf(d, types...), shape()...)
}

// existing gives a value that is there, those that nodes made before others; nil
// where none fits.
func (d *drawer) existing(types []tensor.DType, ok func(*tensor.Tensor) bool) *ir.Value {
	var made, given []*ir.Value
	for _, v := range d.live {
		t := d.value(v)
		if !slices.Contains(types, t.DType()) || ok != nil && !ok(t) {
			continue
		}
		if v.Node() != nil {
			made = append(made, v)
		} else {
			given = append(given, v)
		}
	}
	if len(made) > 0 && (len(given) == 0 || !d.chance(4)) {
		return made[d.IntN(len(made))]
	}
	if len(given) > 0 {
		return given[d.IntN(len(given))]
	}
	return nil
}

// any picks a value of one of the types with lo to hi dimensions.
func (d *drawer) any(types []tensor.DType, lo, hi int) *ir.Value {
	return d.pick(types, rank(lo, hi), func() []int { return d.shape(lo, hi) })
}

func rank(lo, hi int) func(*tensor.Tensor) bool {
	return func(t *tensor.Tensor) bool { return t.Rank() >= lo && t.Rank() <= hi }
}

// notEmpty is rank for tensors that have elements.
func notEmpty(lo, hi int) func(*tensor.Tensor) bool {
	return func(t *tensor.Tensor) bool { return t.Rank() >= lo && t.Rank() <= hi && t.Len() > 0 }
}

// some is any for tensors that have elements.
func (d *drawer) some(types []tensor.DType, lo, hi int) *ir.Value {
	return d.pick(types, notEmpty(lo, hi), func() []int { return d.shape(lo, hi) })
}

package recognise

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// match is one attempt to find a pattern: what its variables stand for and the
// nodes that it covers.
type match struct {
	g     *ir.Graph
	value map[string]*ir.Value
	over  map[string][]int // axes that an operator has without naming them
	nodes []*ir.Node
}

func newMatch(g *ir.Graph) *match {
	return &match{g: g, value: map[string]*ir.Value{}, over: map[string][]int{}}
}

// form is a shape that the expression behind a value may have. It calls rest
// once for each way in which v has that shape, until rest returns true, with
// variables bound and nodes noted; where it returns false it leaves both as they
// were.
type form func(m *match, v *ir.Value, rest func() bool) bool

// finds reports whether v has the form.
func (m *match) finds(f form, v *ir.Value) bool { return f(m, v, func() bool { return true }) }

// bind is any value, the same one at each place of that name.
func bind(name string) form {
	return func(m *match, v *ir.Value, rest func() bool) bool {
		if v == nil {
			return false
		}
		if old := m.value[name]; old != nil {
			return old == v && rest()
		}
		m.value[name] = v
		if rest() {
			return true
		}
		delete(m.value, name)
		return false
	}
}

// constant is any constant of real numbers.
func constant(name string) form {
	return func(m *match, v *ir.Value, rest func() bool) bool {
		return v.IsConst() && v.Const.DType().IsReal() && bind(name)(m, v, rest)
	}
}

// scalar is any constant of one element.
func scalar(name string) form {
	return func(m *match, v *ir.Value, rest func() bool) bool {
		if v == nil {
			return false
		}
		_, ok := v.ConstScalar()
		return ok && bind(name)(m, v, rest)
	}
}

// number is a constant of one element close to c.
func number(c float64) form {
	return func(_ *match, v *ir.Value, rest func() bool) bool {
		if v == nil {
			return false
		}
		x, ok := v.ConstScalar()
		return ok && near(x, c, v.DType) && rest()
	}
}

// expr is the first output of an operator whose inputs have the given forms; it
// has no other inputs.
func expr(name string, in ...form) form {
	return func(m *match, v *ir.Value, rest func() bool) bool {
		if v == nil || v.Node() == nil || v.OutputIndex() != 0 || v.Node().Op != name || len(v.Node().Inputs) != len(in) {
			return false
		}
		n := v.Node()
		return m.inputs(n, n.Inputs, in, rest)
	}
}

func (m *match) inputs(n *ir.Node, v []*ir.Value, in []form, rest func() bool) bool {
	held := len(m.nodes)
	m.nodes = append(m.nodes, n)
	var from func(i int) bool
	from = func(i int) bool {
		if i == len(in) {
			return rest()
		}
		return in[i](m, v[i], func() bool { return from(i + 1) })
	}
	if from(0) {
		return true
	}
	m.nodes = m.nodes[:held]
	return false
}

// swap is expr for operators of two inputs whose order does not matter.
func swap(name string, a, b form) form {
	return func(m *match, v *ir.Value, rest func() bool) bool {
		if v == nil || v.Node() == nil || v.Node().Op != name || len(v.Node().Inputs) != 2 {
			return false
		}
		n := v.Node()
		return m.inputs(n, n.Inputs, []form{a, b}, rest) || m.inputs(n, []*ir.Value{n.In(1), n.In(0)}, []form{a, b}, rest)
	}
}

// or is any of the forms.
func or(forms ...form) form {
	return func(m *match, v *ir.Value, rest func() bool) bool {
		return slices.ContainsFunc(forms, func(f form) bool { return f(m, v, rest) })
	}
}

// where is f with a condition on the node that gives the value.
func where(f form, ok func(n *ir.Node) bool) form {
	return func(m *match, v *ir.Value, rest func() bool) bool {
		return v != nil && v.Node() != nil && ok(v.Node()) && f(m, v, rest)
	}
}

// outside is the first reader that is not itself in the match, or "the model's
// outputs", of a value inside the match; "" where there is none. root is the
// node that gives the match's result.
func (m *match) outside(root *ir.Node) string {
	for _, n := range m.nodes {
		if n == root {
			continue
		}
		for _, v := range n.Outputs {
			if v == nil {
				continue
			}
			if m.g.IsOutput(v) {
				return "the model's outputs"
			}
			for _, u := range v.Uses() {
				if u.Node != root && !slices.Contains(m.nodes, u.Node) {
					return u.Node.Name
				}
			}
		}
	}
	return ""
}

// closed is outside as a condition; a pattern that is not closed is a near miss.
func (m *match) closed(c *pass.Ctx, root *ir.Node, what string) bool {
	if by := m.outside(root); by != "" {
		c.Miss(root, "a part of %s is read by %s", what, by)
		return false
	}
	return true
}

// rewrite makes root, the last node of the match, the given operation, which
// takes over the source layers of all nodes in the match.
func (m *match) rewrite(p *ir.Patch, root *ir.Node, op string, attrs ir.Attrs, inputs ...*ir.Value) {
	p.AddOrigin(root, m.nodes...)
	p.Rewrite(root, op, attrs, inputs...)
	m.drop(p, root)
}

// drop takes the match's nodes that nothing reads any more off their inputs, so
// that readers are counted right at once.
func (m *match) drop(p *ir.Patch, root *ir.Node) {
	for again := true; again; {
		again = false
		for _, n := range m.nodes {
			if n == root || n.In(0) == nil || slices.ContainsFunc(n.Outputs, p.Needed) {
				continue
			}
			for i := range n.Inputs {
				p.SetInput(n, i, nil)
			}
			again = true
		}
	}
}

// add makes a further node that does part of the work of the match.
func (m *match) add(p *ir.Patch, root *ir.Node, op string, attrs ir.Attrs, inputs ...*ir.Value) *ir.Value {
	return p.Add(op, attrs, inputs, append([]*ir.Node{root}, m.nodes...)...)
}

// near reports whether two numbers are equal up to the rounding of the type.
func near(a, b float64, d tensor.DType) bool {
	tol := 2e-6
	if d == tensor.Float16 || d == tensor.BFloat16 {
		tol = 4e-3
	}
	return math.Abs(a-b) <= tol*math.Max(math.Abs(a), math.Abs(b))
}

// each runs try on every node of g, the last first, so that a pattern is seen
// from its end before a smaller one inside it is.
func each(try func(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool) func(*ir.Graph, *pass.Ctx) error {
	return func(g *ir.Graph, c *pass.Ctx) error {
		p := c.Edit(g)
		for _, n := range slices.Backward(slices.Clone(g.Nodes)) {
			if err := c.Err(); err != nil {
				return err
			}
			y := n.Out(0)
			if y == nil || !p.Needed(y) || n.In(0) == nil {
				continue
			}
			if try(g, c, p, n) {
				c.Fire()
			}
		}
		return p.Done()
	}
}

// single makes a constant of one element of type d.
func single(p *ir.Patch, base string, d tensor.DType, v float64) *ir.Value {
	t, err := tensor.FromFloat64s(d, []float64{v})
	if err != nil {
		p.Fail(err)
		t = tensor.Scalar(float32(v))
	}
	return p.Const(base, t)
}

// filled makes a constant vector of n elements v.
func filled(p *ir.Patch, base string, d tensor.DType, v float64, dims ...int) *ir.Value {
	n := 1
	for _, k := range dims {
		n *= k
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = v
	}
	return vector(p, base, d, x, dims...)
}

func vector(p *ir.Patch, base string, d tensor.DType, x []float64, dims ...int) *ir.Value {
	t, err := tensor.FromFloat64s(d, x, dims...)
	if err != nil {
		p.Fail(err)
		t = tensor.Scalar(float32(0))
	}
	return p.Const(base, t)
}

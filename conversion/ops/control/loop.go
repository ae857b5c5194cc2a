package control

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var loopDef = &op.Def{
	Name: "Loop", Doc: "Repeats a graph a number of times or while a condition holds, and collects what it makes each time.", Family: family,
	Inputs: inputs(op.Param{Name: "M", Optional: true}, op.Param{Name: "cond", Optional: true}), Outputs: op.Variadic("outputs"),
	Attrs:      []op.Attr{subgraph("body"), captured()},
	Containers: true,
	Infer:      inferLoop,
	Eval:       evalLoop,
	Decompose:  decomposeLoop,
}

// loop is the anatomy of a Loop node. Its body takes the iteration number, the
// condition, the states and the captured values; it gives the condition, the
// states and what is collected.
type loop struct {
	n                 *ir.Node
	body              *ir.Graph
	states, collected int
}

func newLoop(n *ir.Node) (*loop, error) {
	g, err := body(n, "body")
	if err != nil {
		return nil, err
	}
	l := &loop{n: n, body: g}
	l.states = max(0, len(n.Inputs)-2-n.Captured())
	l.collected = len(g.Outputs) - 1 - l.states
	switch {
	case len(g.Inputs) != 2+l.states+n.Captured():
		return nil, fmt.Errorf("its body has %d inputs, needs %d: two, %d states and %d captured values", len(g.Inputs), 2+l.states+n.Captured(), l.states, n.Captured())
	case l.collected < 0:
		return nil, fmt.Errorf("its body has %d outputs for a condition and %d states", len(g.Outputs), l.states)
	case len(n.Outputs) > l.states+l.collected:
		return nil, fmt.Errorf("has %d outputs, its body makes %d", len(n.Outputs), l.states+l.collected)
	}
	return l, nil
}

// head is M (0) or cond (1), nil where it is omitted.
func (l *loop) head(i int) *ir.Value {
	if i < len(l.n.Inputs)-l.n.Captured() {
		return l.n.In(i)
	}
	return nil
}

// tail are the states and the captured values among a list of inputs.
func tail[T any](n *ir.Node, list []T) []T {
	return list[min(2, len(list)-n.Captured()):]
}

// always reports whether the condition is known to stay true.
func (l *loop) always() bool {
	if c := l.head(1); c != nil {
		if v, known := constBool(c); !known || !v {
			return false
		}
	}
	out := through(l.body.Outputs[0])
	if out == l.body.Inputs[1] {
		return true
	}
	v, known := constBool(out)
	return known && v
}

// trips is the number of iterations, false where it is not known.
func (l *loop) trips() (ir.Dim, bool) {
	if c := l.head(1); c != nil {
		if v, known := constBool(c); known && !v {
			return ir.Static(0), true
		}
	}
	m := l.head(0)
	if m == nil {
		return ir.Dim{}, false
	}
	count := m.Content
	if v, ok := m.ConstInts(); ok {
		count = ir.Dims(v...)
	}
	if len(count) != 1 {
		return ir.Dim{}, false
	}
	n, static := count[0].Int()
	if static && n <= 0 {
		return ir.Static(0), true
	}
	return count[0], l.always()
}

func inferLoop(c *op.InferCtx) error {
	l, err := newLoop(c.Node)
	if err != nil {
		return err
	}
	t, content := types(tail(c.Node, c.Inputs))
	args := append([]ir.Type{{DType: tensor.Int64, Shape: ir.Shape{}}, {DType: tensor.Bool, Shape: ir.Shape{}}}, t...)
	contents := append([][]ir.Dim{nil, nil}, content...)
	for i := range l.states {
		contents[2+i] = nil // true of the first iteration only
	}
	if err := carried(c, l.body, args, contents, 2, l.states, func(i int) *ir.Value { return l.body.Outputs[1+i] }); err != nil {
		return err
	}
	o := newOutward(c.Node)
	trips, known := l.trips()
	for i, v := range c.Outputs {
		switch {
		case v == nil:
		case i < l.states:
			c.SetType(i, o.typ(left(args[2+i], l.body.Outputs[1+i].Type()), v))
		default:
			if !known {
				trips = kernel.Fresh(v, 0)
			}
			x := l.body.Outputs[1+i]
			if x.IsContainer() {
				return fmt.Errorf("output %d collects values of type %v", i, x.Type())
			}
			if x.Shape == nil {
				c.Set(i, x.DType, nil)
				continue
			}
			c.Set(i, x.DType, append(ir.Shape{trips}, o.shape(x.Shape, v, 1)...))
		}
	}
	return nil
}

func evalLoop(c *op.EvalCtx) error {
	l, err := newLoop(c.Node)
	if err != nil {
		return err
	}
	limit, bounded := int64(0), false
	if m := c.Arg(0); l.head(0) != nil && m != nil {
		v, err := m.Int64s()
		if err != nil || len(v) != 1 {
			return fmt.Errorf("its trip count is %v%v, not one integer", m.DType(), m.Shape())
		}
		limit, bounded = v[0], true
	}
	goOn := true
	if x := c.Arg(1); l.head(1) != nil && x != nil {
		if goOn, err = oneBool(x); err != nil {
			return err
		}
	}
	rest := tail(c.Node, c.In)
	states, captures := append([]*tensor.Tensor{}, rest[:l.states]...), rest[l.states:]
	collected := make([][]*tensor.Tensor, l.collected)
	bytes := 0
	for i := int64(0); goOn && (!bounded || i < limit); i++ {
		if err := c.Env.Err(); err != nil {
			return err
		}
		if i >= c.Env.Limit() {
			return fmt.Errorf("does not end after %d iterations", i)
		}
		args := append([]*tensor.Tensor{tensor.Scalar(i), tensor.Scalar(true)}, states...)
		out, err := c.RunBody(l.body, append(args, captures...))
		if err != nil {
			return err
		}
		if goOn, err = oneBool(out[0]); err != nil {
			return err
		}
		copy(states, out[1:])
		for k := range collected {
			x := out[1+l.states+k]
			collected[k] = append(collected[k], x)
			if bytes += x.Size(); bytes > maxStacked {
				return fmt.Errorf("more than %d bytes are collected", maxStacked)
			}
		}
	}
	for i := range c.Out {
		switch k := i - l.states; {
		case k < 0:
			if c.Out[i] = states[i]; states[i].DType() == tensor.Optional && l.body.Outputs[1+i].DType != tensor.Optional {
				if len(states[i].Items()) == 0 {
					return fmt.Errorf("it never runs, and state %d is empty", i)
				}
				c.Out[i] = states[i].Items()[0]
			}
		case len(collected[k]) == 0:
			c.Out[i], err = nothing(l.body.Outputs[1+i], 0)
		default:
			c.Out[i], err = stack(collected[k], 0)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Unrollable is the number of iterations of a Loop that is known to end after
// them, and the number of nodes that its body has; false where it is not known.
func Unrollable(n *ir.Node) (trips int64, nodes int, ok bool) {
	l, err := newLoop(n)
	if err != nil {
		return 0, 0, false
	}
	d, known := l.trips()
	trips, static := d.Int()
	return trips, size(l.body), known && static
}

// decomposeLoop writes the body as often as it runs, where that is known and
// comes to at most MaxUnrolledNodes nodes.
func decomposeLoop(b *op.Builder) ([]*ir.Value, error) {
	l, err := newLoop(b.Node)
	if err != nil {
		return nil, err
	}
	d, known := l.trips()
	trips, static := d.Int()
	nodes := int64(max(size(l.body), 1))
	switch {
	case !known || !static:
		return nil, fmt.Errorf("the number of iterations is not known: %w", op.ErrNoDecomposition)
	case trips > MaxUnrolledNodes/nodes:
		return nil, fmt.Errorf("%d iterations of %d nodes are more than %d: %w", trips, nodes, MaxUnrolledNodes, op.ErrNoDecomposition)
	}
	rest := tail(b.Node, b.Inputs)
	states, captures := append([]*ir.Value{}, rest[:l.states]...), rest[l.states:]
	collected := make([][]*ir.Value, l.collected)
	consts := map[*ir.Value]*ir.Value{}
	yes := b.Const(tensor.Scalar(true))
	for i := range trips {
		args := append([]*ir.Value{b.Const(tensor.Scalar(i)), yes}, states...)
		out := b.Patch.Inline(l.body, append(args, captures...), b.Node, consts)
		copy(states, out[1:])
		for k := range collected {
			collected[k] = append(collected[k], out[1+l.states+k])
		}
	}
	out := make([]*ir.Value, len(b.Outputs))
	for i, v := range b.Outputs {
		switch k := i - l.states; {
		case v == nil:
		case k < 0:
			if out[i] = states[i]; states[i].DType == tensor.Optional && v.DType != tensor.Optional {
				out[i] = b.Op("OptionalGetElement", nil, states[i])
			}
		case trips == 0:
			t, err := nothing(l.body.Outputs[1+i], 0)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", err, op.ErrNoDecomposition)
			}
			out[i] = b.Const(t)
		default:
			out[i] = collect(b, collected[k], 0)
		}
	}
	return out, nil
}

package control

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var scanDef = &op.Def{
	Name: "Scan", Doc: "Runs a graph over the slices of its inputs, one after the other, with states that it passes on.", Family: family,
	Inputs: inputs(), Outputs: op.Variadic("outputs"),
	Attrs: []op.Attr{
		subgraph("body"), captured(),
		{Name: "num_scan_inputs", Kind: op.Int, Required: true},
		{Name: "scan_input_axes", Kind: op.Ints},
		{Name: "scan_input_directions", Kind: op.Ints},
		{Name: "scan_output_axes", Kind: op.Ints},
		{Name: "scan_output_directions", Kind: op.Ints},
	},
	Infer:     inferScan,
	Eval:      evalScan,
	Decompose: decomposeScan,
	FromONNX:  scanFromONNX,
}

// scan is the anatomy of a Scan node. Its body takes the states, one slice of
// each input and the captured values; it gives the states and what is collected.
type scan struct {
	n                           *ir.Node
	body                        *ir.Graph
	states, scanned, collected  int
	inAxes, outAxes             []int64
	inReversed, outReversedList []int64
}

func newScan(n *ir.Node) (*scan, error) {
	g, err := body(n, "body")
	if err != nil {
		return nil, err
	}
	s := &scan{n: n, body: g}
	formal := len(n.Inputs) - n.Captured()
	k := n.Int("num_scan_inputs", 0)
	if k < 1 || k > int64(formal) {
		return nil, fmt.Errorf("has %d scanned inputs of %d", k, formal)
	}
	s.scanned = int(k)
	s.states = formal - s.scanned
	s.collected = len(g.Outputs) - s.states
	switch {
	case len(g.Inputs) != len(n.Inputs):
		return nil, fmt.Errorf("its body has %d inputs for %d", len(g.Inputs), len(n.Inputs))
	case s.collected < 0:
		return nil, fmt.Errorf("its body has %d outputs for %d states", len(g.Outputs), s.states)
	case len(n.Outputs) > len(g.Outputs):
		return nil, fmt.Errorf("has %d outputs, its body makes %d", len(n.Outputs), len(g.Outputs))
	}
	for i := range formal {
		if n.In(i) == nil {
			return nil, fmt.Errorf("input %d is missing", i)
		}
	}
	for _, a := range []struct {
		name string
		n    int
		dst  *[]int64
	}{
		{"scan_input_axes", s.scanned, &s.inAxes},
		{"scan_input_directions", s.scanned, &s.inReversed},
		{"scan_output_axes", s.collected, &s.outAxes},
		{"scan_output_directions", s.collected, &s.outReversedList},
	} {
		v := n.Ints(a.name)
		if len(v) == 0 {
			v = make([]int64, a.n)
		}
		if len(v) != a.n {
			return nil, fmt.Errorf("%s has %d elements for %d values", a.name, len(v), a.n)
		}
		*a.dst = v
	}
	return s, nil
}

// length is the number of steps, as far as it is known, and the shapes of the
// slices.
func (s *scan) length() (steps ir.Dim, known bool, slices []ir.Shape, err error) {
	slices = make([]ir.Shape, s.scanned)
	for i := range s.scanned {
		shape := s.n.In(s.states + i).Shape
		if shape == nil {
			continue
		}
		axis, err := kernel.Axis(s.inAxes[i], len(shape))
		if err != nil {
			return steps, false, nil, fmt.Errorf("scanned input %d: %w", i, err)
		}
		d := shape[axis]
		switch {
		case !known || !steps.IsStatic() && d.IsStatic():
			steps, known = d, true
		case steps.IsStatic() && d.IsStatic() && !steps.Equal(d):
			return steps, false, nil, fmt.Errorf("scanned input %d has %v slices, another one %v", i, d, steps)
		}
		slices[i] = append(append(ir.Shape{}, shape[:axis]...), shape[axis+1:]...)
	}
	return steps, known, slices, nil
}

func inferScan(c *op.InferCtx) error {
	s, err := newScan(c.Node)
	if err != nil {
		return err
	}
	steps, known, slices, err := s.length()
	if err != nil {
		return err
	}
	args, contents := types(c.Inputs)
	for i := range s.states + s.scanned {
		contents[i] = nil
		if i >= s.states {
			args[i].Shape = slices[i-s.states]
		}
	}
	if err := carried(c, s.body, args, contents, 0, s.states, func(i int) *ir.Value { return s.body.Outputs[i] }); err != nil {
		return err
	}
	o := newOutward(c.Node)
	for i, v := range c.Outputs {
		switch {
		case v == nil:
			continue
		case i < s.states:
			c.SetType(i, o.typ(args[i], v))
			continue
		}
		x := s.body.Outputs[i]
		if x.Shape == nil {
			c.Set(i, x.DType, nil)
			continue
		}
		axis, err := kernel.Axis(s.outAxes[i-s.states], len(x.Shape)+1)
		if err != nil {
			return err
		}
		if !known {
			steps = kernel.Fresh(v, axis)
		}
		shape := o.shape(x.Shape, v, len(x.Shape)+1)
		c.Set(i, x.DType, append(append(append(ir.Shape{}, shape[:axis]...), steps), shape[axis:]...))
	}
	return nil
}

func evalScan(c *op.EvalCtx) error {
	s, err := newScan(c.Node)
	if err != nil {
		return err
	}
	steps := -1
	axes := make([]int, s.scanned)
	for i := range s.scanned {
		x := c.Arg(s.states + i)
		if axes[i], err = kernel.Axis(s.inAxes[i], x.Rank()); err != nil {
			return fmt.Errorf("scanned input %d: %w", i, err)
		}
		d := x.Shape()[axes[i]]
		if steps >= 0 && d != steps {
			return fmt.Errorf("scanned input %d has %d slices, another one %d", i, d, steps)
		}
		steps = d
	}
	if int64(steps) > c.Env.Limit() {
		return fmt.Errorf("has %d steps, more than are allowed", steps)
	}
	state := append([]*tensor.Tensor{}, c.In[:s.states]...)
	captures := c.In[s.states+s.scanned:]
	collected := make([][]*tensor.Tensor, s.collected)
	bytes := 0
	for t := range steps {
		if err := c.Env.Err(); err != nil {
			return err
		}
		args := append([]*tensor.Tensor{}, state...)
		for i := range s.scanned {
			at := t
			if s.inReversed[i] != 0 {
				at = steps - 1 - t
			}
			x, err := slice(c.Arg(s.states+i), axes[i], at)
			if err != nil {
				return err
			}
			args = append(args, x)
		}
		out, err := c.RunBody(s.body, append(args, captures...))
		if err != nil {
			return err
		}
		copy(state, out)
		for k := range collected {
			x := out[s.states+k]
			collected[k] = append(collected[k], x)
			if bytes += x.Size(); bytes > maxStacked {
				return fmt.Errorf("more than %d bytes are collected", maxStacked)
			}
		}
	}
	for i := range c.Out {
		switch k := i - s.states; {
		case k < 0:
			c.Out[i] = state[i]
		case steps == 0:
			c.Out[i], err = nothing(s.body.Outputs[i], s.outAxes[k])
		default:
			c.Out[i], err = stack(ordered(collected[k], s.outReversedList[k]), s.outAxes[k])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// slice is x at one index of an axis, without that axis.
func slice(x *tensor.Tensor, axis, index int) (*tensor.Tensor, error) {
	st := kernel.Strides(x.Shape())
	drop := func(v []int) []int { return append(append([]int{}, v[:axis]...), v[axis+1:]...) }
	return kernel.Strided(x, index*st[axis], drop(x.Shape()), drop(st))
}

// ordered is list, reversed where asked for.
func ordered[T any](list []T, reversed int64) []T {
	if reversed == 0 {
		return list
	}
	out := make([]T, len(list))
	for i, x := range list {
		out[len(list)-1-i] = x
	}
	return out
}

// decomposeScan writes the body once for every step, where their number is known
// and that comes to at most MaxUnrolledNodes nodes.
func decomposeScan(b *op.Builder) ([]*ir.Value, error) {
	s, err := newScan(b.Node)
	if err != nil {
		return nil, err
	}
	d, known, _, err := s.length()
	if err != nil {
		return nil, err
	}
	steps, static := d.Int()
	nodes := int64(max(size(s.body), 1))
	switch {
	case !known || !static:
		return nil, fmt.Errorf("the number of steps is not known: %w", op.ErrNoDecomposition)
	case steps > MaxUnrolledNodes/nodes:
		return nil, fmt.Errorf("%d steps of %d nodes are more than %d: %w", steps, nodes, MaxUnrolledNodes, op.ErrNoDecomposition)
	}
	slices := make([][]*ir.Value, s.scanned)
	for i := range slices {
		if steps > 0 {
			slices[i] = ordered(cut(b, b.In(s.states+i), s.inAxes[i], int(steps)), s.inReversed[i])
		}
	}
	state := append([]*ir.Value{}, b.Inputs[:s.states]...)
	captures := b.Inputs[s.states+s.scanned:]
	collected := make([][]*ir.Value, s.collected)
	consts := map[*ir.Value]*ir.Value{}
	for t := range int(steps) {
		args := append([]*ir.Value{}, state...)
		for i := range slices {
			args = append(args, slices[i][t])
		}
		out := b.Patch.Inline(s.body, append(args, captures...), b.Node, consts)
		copy(state, out)
		for k := range collected {
			collected[k] = append(collected[k], out[s.states+k])
		}
	}
	out := make([]*ir.Value, len(b.Outputs))
	for i, v := range b.Outputs {
		switch k := i - s.states; {
		case v == nil:
		case k < 0:
			out[i] = state[i]
		case steps == 0:
			t, err := nothing(s.body.Outputs[i], s.outAxes[k])
			if err != nil {
				return nil, fmt.Errorf("%w: %w", err, op.ErrNoDecomposition)
			}
			out[i] = b.Const(t)
		default:
			out[i] = collect(b, ordered(collected[k], s.outReversedList[k]), s.outAxes[k])
		}
	}
	return out, nil
}

// cut gives the slices of v along an axis, without that axis.
func cut(b *op.Builder, v *ir.Value, axis int64, n int) []*ir.Value {
	parts := []*ir.Value{v}
	if n > 1 {
		parts = b.Patch.AddN("Split", ir.Attrs{"axis": axis, "num_outputs": int64(n)}, []*ir.Value{v}, n, b.Node).Outputs
	}
	out := make([]*ir.Value, n)
	at := b.Ints(axis)
	for i, p := range parts {
		out[i] = b.Op("Squeeze", nil, p, at)
	}
	return out
}

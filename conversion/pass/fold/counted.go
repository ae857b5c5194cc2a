package fold

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/ops/control"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Bounds on what is computed to count a loop's iterations.
const (
	maxConditionNodes = 64
	maxConditionElems = 4096 // of each constant that is read
)

// counted gives a Loop the number of its iterations, where its condition follows
// from constants, the iteration's number and states that begin as constants: what
// "while (i < n)" of other frameworks comes to. The condition is then always true.
func counted(p *ir.Patch, n *ir.Node, c *pass.Ctx) bool {
	if n.Op != "Loop" || len(n.Bodies()) != 1 || len(n.Inputs)-n.Captured() < 2 {
		return false
	}
	if _, _, known := control.Unrollable(n); known {
		return false
	}
	w := &condition{n: n, body: n.Bodies()[0], needed: map[*ir.Value]bool{}}
	if len(w.body.Inputs) != len(n.Inputs) || len(w.body.Outputs) == 0 || w.body.Outputs[0].IsConst() || !w.read(w.body.Outputs[0]) {
		return false
	}
	trips, ok := w.count(c)
	if !ok {
		return false
	}
	// The result alone: what else reads the condition reads false in the last iteration.
	in := c.Edit(w.body)
	w.body.Outputs[0] = in.Const("go_on", tensor.Scalar(true))
	if err := in.Done(); err != nil {
		p.Fail(err)
		return false
	}
	p.SetInput(n, 0, p.Const(n.Name+"_trips", tensor.Scalar(trips)))
	return true
}

// condition is the part of a Loop's body that decides whether it goes on.
type condition struct {
	n      *ir.Node
	body   *ir.Graph
	needed map[*ir.Value]bool
	nodes  []*ir.Node // of the body, in its order
}

// read notes all that v depends on, in this iteration and those before it; false
// where that is not known ahead.
func (w *condition) read(v *ir.Value) bool {
	if v == nil || w.needed[v] {
		return true
	}
	w.needed[v] = true
	if v.IsConst() {
		return v.Const.Len() <= maxConditionElems
	}
	if m := v.Node(); m != nil {
		if keep[m.Op] || len(m.Bodies()) > 0 || v.IsContainer() {
			return false
		}
		if !slices.Contains(w.nodes, m) {
			if len(w.nodes) == maxConditionNodes {
				return false
			}
			w.nodes = append(w.nodes, m)
		}
		return !slices.ContainsFunc(m.Inputs, func(v *ir.Value) bool { return !w.read(v) })
	}
	i := slices.Index(w.body.Inputs, v)
	switch first := w.n.In(i); {
	case i < 2:
		return i >= 0
	case first == nil || !first.IsConst() || first.Const.Len() > maxConditionElems:
		return false
	case i < len(w.n.Inputs)-w.n.Captured():
		return i-1 < len(w.body.Outputs) && w.read(w.body.Outputs[i-1])
	}
	return true
}

// count computes the condition until it is false or the limit is reached.
func (w *condition) count(c *pass.Ctx) (trips int64, ok bool) {
	limit := int64(maxTrips)
	if m := w.n.In(0); m != nil {
		v, ok := m.ConstInts()
		if !ok || len(v) != 1 {
			return 0, false
		}
		limit = min(limit, v[0])
	}
	if first := w.n.In(1); first != nil {
		if goOn, known := truth(first.Const); !known || !goOn {
			return 0, false
		}
	}
	slices.SortFunc(w.nodes, func(a, b *ir.Node) int { return slices.Index(w.body.Nodes, a) - slices.Index(w.body.Nodes, b) })
	values := map[*ir.Value]*tensor.Tensor{}
	states := len(w.n.Inputs) - w.n.Captured()
	for i, v := range w.body.Inputs {
		if i >= 2 && w.needed[v] {
			values[v] = w.n.Inputs[i].Const
		}
	}
	for ; trips < limit; trips++ {
		values[w.body.Inputs[0]], values[w.body.Inputs[1]] = tensor.Scalar(trips), tensor.Scalar(true)
		for _, m := range w.nodes {
			if !w.compute(c, m, values) {
				return 0, false
			}
		}
		goOn, known := truth(values[w.body.Outputs[0]])
		switch {
		case !known:
			return 0, false
		case !goOn:
			return trips + 1, true
		}
		next := map[*ir.Value]*tensor.Tensor{}
		for i := 2; i < states; i++ {
			if v := w.body.Inputs[i]; w.needed[v] {
				next[v] = valueOf(values, w.body.Outputs[i-1])
			}
		}
		for v, t := range next {
			values[v] = t
		}
	}
	return trips, w.n.In(0) != nil && limit < maxTrips
}

// truth is the one truth value that t holds, if that is what it holds.
func truth(t *tensor.Tensor) (value, known bool) {
	if t == nil || t.DType() != tensor.Bool || t.Len() != 1 {
		return false, false
	}
	return t.Bytes()[0] != 0, true
}

func valueOf(values map[*ir.Value]*tensor.Tensor, v *ir.Value) *tensor.Tensor {
	if v.IsConst() {
		return v.Const
	}
	return values[v]
}

func (w *condition) compute(c *pass.Ctx, m *ir.Node, values map[*ir.Value]*tensor.Tensor) bool {
	if c.Err() != nil {
		return false
	}
	in := make([]*tensor.Tensor, len(m.Inputs))
	for i, v := range m.Inputs {
		if v != nil {
			in[i] = valueOf(values, v)
		}
	}
	out, err := eval(c, m, in)
	if err != nil {
		return false
	}
	for i, v := range m.Outputs {
		if v != nil && i < len(out) {
			values[v] = out[i]
		}
	}
	return true
}

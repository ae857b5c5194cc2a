package op

import (
	"context"
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// MaxTrips bounds the iterations of any loop that reference arithmetic runs,
// whatever a model asks for.
const MaxTrips = 1 << 24

// Env is what surrounds an evaluation. The zero value is ready: no
// cancellation, MaxTrips iterations.
type Env struct {
	// Context ends loops in bodies; nil is context.Background().
	Context context.Context
	// Trips bounds the iterations of each loop below MaxTrips; 0: it does not.
	Trips int64

	depth int // bodies around the present node
}

// Err is the context's error.
func (e Env) Err() error {
	if e.Context == nil {
		return nil
	}
	return e.Context.Err()
}

// Limit is the number of iterations that a loop may make.
func (e Env) Limit() int64 {
	if e.Trips > 0 {
		return min(e.Trips, MaxTrips)
	}
	return MaxTrips
}

// InferBody gives the inputs of a body of c's node the given types, and known
// contents where contents is not nil, and infers the body. A body with another
// number of inputs is an error.
func (c *InferCtx) InferBody(body *ir.Graph, types []ir.Type, contents [][]ir.Dim) error {
	if len(body.Inputs) != len(types) {
		return fmt.Errorf("its body %q has %d inputs and is given %d", body.Name, len(body.Inputs), len(types))
	}
	for i, v := range body.Inputs {
		if types[i].DType == tensor.Invalid {
			continue // as the source declared it
		}
		v.SetType(types[i])
		if contents != nil {
			v.Content = contents[i]
		}
	}
	if err := c.Registry.InferGraph(body); err != nil {
		return fmt.Errorf("in its body: %w", err)
	}
	return nil
}

// SetType is Set for values of any kind, containers too.
func (c *InferCtx) SetType(i int, t ir.Type) {
	if v := c.Out(i); v != nil {
		v.SetType(t)
	}
}

// InTyp is the whole type of input i; the zero Type where it is omitted.
func (c *InferCtx) InTyp(i int) ir.Type {
	if v := c.In(i); v != nil {
		return v.Type()
	}
	return ir.Type{}
}

// RunBody computes the outputs of a body of c's node from its inputs. It looks
// at the context between nodes.
func (c *EvalCtx) RunBody(body *ir.Graph, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	e := c.Env
	if e.depth++; e.depth > ir.MaxBodyNest {
		return nil, fmt.Errorf("bodies are nested more than %d deep", ir.MaxBodyNest)
	}
	return c.Registry.evalGraph(e, body, in)
}

func (r *Registry) evalGraph(e Env, g *ir.Graph, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if len(in) != len(g.Inputs) {
		return nil, fmt.Errorf("body %q has %d inputs and is given %d", g.Name, len(g.Inputs), len(in))
	}
	have := make(map[*ir.Value]*tensor.Tensor, len(in)+len(g.Nodes))
	for i, v := range g.Inputs {
		have[v] = in[i]
	}
	get := func(v *ir.Value) *tensor.Tensor {
		switch {
		case v == nil:
			return nil
		case v.IsConst():
			return v.Const
		}
		return have[v]
	}
	for _, n := range g.Nodes {
		if err := e.Err(); err != nil {
			return nil, err
		}
		args := make([]*tensor.Tensor, len(n.Inputs))
		for i, v := range n.Inputs {
			if args[i] = get(v); v != nil && args[i] == nil {
				return nil, &NodeError{n, fmt.Errorf("value %q has no elements", v.Name)}
			}
		}
		out, err := r.EvalNodeIn(e, n, args)
		if err != nil {
			return nil, err
		}
		for i, v := range n.Outputs {
			if v != nil {
				have[v] = out[i]
			}
		}
	}
	out := make([]*tensor.Tensor, len(g.Outputs))
	for i, v := range g.Outputs {
		if out[i] = get(v); out[i] == nil {
			return nil, fmt.Errorf("output %q of body %q has no elements", v.Name, g.Name)
		}
	}
	return out, nil
}

// containers refuses values that are no tensors for an operator that takes only
// tensors.
func (d *Def) containers(n int, kind func(int) tensor.DType) error {
	if d.Containers {
		return nil
	}
	for i := range n {
		if k := kind(i); k.IsContainer() {
			return fmt.Errorf("takes tensors; input %d is of type %v", i, k)
		}
	}
	return nil
}

package op

import (
	"errors"
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// EvalDecomposed is the reference arithmetic of an operator that is defined by
// simpler ones: it infers the node with its tensors as constants, decomposes it
// one step and computes the parts. A form without a decomposition is an error.
func EvalDecomposed(c *EvalCtx) error {
	d := c.Registry.Get(c.Op)
	if d == nil || d.Decompose == nil {
		return fmt.Errorf("%s: %w", c.Op, ErrNoDecomposition)
	}
	g := ir.New(c.Name)
	in := make([]*ir.Value, len(c.In))
	for i, t := range c.In {
		if t != nil {
			in[i] = g.AddConst(fmt.Sprintf("in%d", i), t)
		}
	}
	names := make([]string, len(c.Outputs))
	for i := range names {
		names[i] = fmt.Sprintf("out%d", i)
	}
	n := g.AddNode(c.Op, c.Name, c.Attrs.Clone(), in, names...)
	for i := range n.Outputs {
		if c.Outputs[i] == nil {
			n.Outputs[i] = nil
			continue
		}
		g.Outputs = append(g.Outputs, n.Outputs[i])
	}
	if err := d.Infer(&InferCtx{Node: n, Registry: c.Registry}); err != nil {
		return err
	}
	p := g.Edit("evaluate", c.Registry.Infer)
	outs, err := d.Decompose(&Builder{n, p})
	if err == nil {
		err = p.Err()
	}
	if err != nil {
		return err
	}
	have := map[*ir.Value]*tensor.Tensor{}
	get := func(v *ir.Value) *tensor.Tensor {
		if v.IsConst() {
			return v.Const
		}
		return have[v]
	}
	for _, part := range g.Nodes {
		if part == n {
			continue
		}
		args := make([]*tensor.Tensor, len(part.Inputs))
		for i, v := range part.Inputs {
			if v != nil {
				args[i] = get(v)
			}
		}
		res, err := c.Registry.EvalNodeIn(c.Env, part, args)
		if err != nil {
			return err
		}
		for i, v := range part.Outputs {
			if v != nil {
				have[v] = res[i]
			}
		}
	}
	for i, v := range outs {
		if i < len(c.Out) && v != nil {
			c.Out[i] = get(v)
		}
	}
	return nil
}

// LowerParts is Lower for an operator that nothing after the reader needs to
// know: it returns the parts of its decomposition. Where the form has none, or
// its shapes are not known yet, the node itself stays.
func (s *Src) LowerParts(name string, attrs ir.Attrs, inputs ...*ir.Value) error {
	names := make([]string, s.NumOut)
	for i := range names {
		names[i] = s.Name + "_out"
	}
	n := s.Graph.AddNode(name, s.Name, attrs, inputs, names...)
	n.Origin = []string{s.Name}
	for i := range n.Outputs {
		if i < len(s.OutUsed) && !s.OutUsed[i] {
			n.Outputs[i] = nil
		}
	}
	if err := s.Registry.Infer(n); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.Return(n.Outputs...)
	outputs := s.Graph.Outputs
	for _, v := range n.Outputs {
		if v != nil {
			s.Graph.Outputs = append(s.Graph.Outputs, v)
		}
	}
	p := s.Graph.Edit("", s.Registry.Infer)
	outs, err := s.Registry.Get(name).Decompose(&Builder{n, p})
	s.Graph.Outputs = outputs
	switch {
	case errors.Is(err, ErrNoDecomposition):
		return nil
	case err == nil:
		err = p.Err()
	}
	if err != nil {
		return err
	}
	s.Return(outs...)
	for i := range n.Inputs {
		p.SetInput(n, i, nil)
	}
	s.Graph.Nodes = slices.DeleteFunc(s.Graph.Nodes, func(x *ir.Node) bool { return x == n })
	return nil
}

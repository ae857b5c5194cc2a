package quantize

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// smoothing divides the channels of tensors that products read, each by a number
// of its own, and multiplies the weights that read it by the same. In floats that
// changes nothing, but channels that are always much larger than the others, as
// behind the normalisations of transformers, no longer take the steps of one scale
// from them (Xiao et al., "SmoothQuant", 2022). Tensors go by their names, so that
// it applies to every copy of a graph.
type smoothing struct {
	levels []*level
	names  map[string]bool // of the tensors that it makes
}

// level is the smoothing of one tensor.
type level struct {
	value    string                    // that products read
	name     string                    // of what they read instead
	by       []float32                 // what each channel is divided by, along the last axis
	inverse  *tensor.Tensor            // 1/by
	products map[string]*tensor.Tensor // their weights, multiplied, by layer
	norm     []*tensor.Tensor          // scale and bias of the normalisation that gives name itself; nil: a Mul does
}

// makes reports whether n is a multiplication that smoothing adds: it works in
// floats, ahead of the integers.
func (s *smoothing) makes(n *ir.Node) bool {
	return s != nil && n.Op == "Mul" && s.names[n.Out(0).Name]
}

// apply rewrites g.
func (s *smoothing) apply(g *ir.Graph, p *ir.Patch) error {
	values := map[string]*ir.Value{}
	for _, v := range g.Values() {
		values[v.Name] = v
	}
	for _, l := range s.levels {
		v := values[l.value]
		if v == nil {
			return fmt.Errorf("%q is not in the graph", l.value)
		}
		var smooth *ir.Value
		if n := v.Node(); l.norm != nil {
			in := []*ir.Value{n.In(0)}
			for i, t := range l.norm {
				in = append(in, p.Const(n.In(i+1).Name+"_smoothed", t))
			}
			smooth = p.Add(n.Op, n.Attrs.Clone(), in, n)
		} else {
			smooth = p.Add("Mul", nil, []*ir.Value{v, p.Const(l.value+"_smoothing", l.inverse)}, n)
		}
		if g.RenameValue(smooth, l.name) != l.name {
			return fmt.Errorf("the name %q is taken", l.name)
		}
		for _, u := range append([]ir.Use(nil), v.Uses()...) {
			if t := l.products[u.Node.Name]; t != nil && u.Index == 0 {
				p.SetInput(u.Node, 0, smooth)
				p.SetInput(u.Node, 1, p.Const(u.Node.In(1).Name+"_smoothed", t))
			}
		}
	}
	return p.Done()
}

// applied is a smoothed copy of g.
func (s *smoothing) applied(g *ir.Graph, reg *op.Registry) (*ir.Graph, error) {
	c := g.Clone()
	return c, s.apply(c, c.Edit(Static.Name, reg.Infer))
}

// divided are the patches of g's layers as those of its smoothed copy.
func (s *smoothing) divided(copied *ir.Graph, seen map[*ir.Node]*patches) map[*ir.Node]*patches {
	byName := map[string]*patches{}
	for n, p := range seen {
		byName[n.Name] = p
	}
	for _, l := range s.levels {
		shared := map[*patches]*patches{}
		for name := range l.products {
			from := byName[name]
			if from == nil {
				continue
			}
			if shared[from] == nil {
				to := *from
				to.value, to.inputs = l.name, nil
				for _, rows := range from.inputs {
					to.inputs = append(to.inputs, divide(rows, l.by))
				}
				shared[from] = &to
			}
			byName[name] = shared[from]
		}
	}
	out := map[*ir.Node]*patches{}
	for _, n := range copied.Nodes {
		if p := byName[n.Name]; p != nil {
			out[n] = p
		}
	}
	return out
}

// divide divides each column of rows.
func divide(rows, by []float32) []float32 {
	out := make([]float32, len(rows))
	for i := 0; i < len(rows); i += len(by) {
		for c, s := range by {
			out[i+c] = rows[i+c] / s
		}
	}
	return out
}

package onnx

import (
	"encoding/binary"
	"math"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// attributes converts a node's attributes. captured are the names of this
// scope's values that its subgraphs read.
func (s *scope) attributes(p *nodeProto, layer string) (ir.Attrs, []string, error) {
	attrs := ir.Attrs{}
	var subs []*scope
	for _, a := range p.attrs {
		if _, dup := attrs[a.name]; dup {
			return nil, nil, diag.Errorf("onnx.duplicate-name", "two attributes are called %q", clip(a.name))
		}
		v, ok, err := s.attribute(a, layer, &subs)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			attrs[a.name] = v
		}
	}
	if len(subs) == 0 {
		return attrs, nil, nil
	}
	var captured []string
	for _, sub := range subs {
		for _, c := range sub.captured {
			if !slices.Contains(captured, c) {
				captured = append(captured, c)
			}
		}
	}
	for _, sub := range subs {
		formal := len(sub.g.Inputs) - len(sub.captured)
		in := sub.g.Inputs[:formal:formal]
		for _, c := range captured {
			if !slices.Contains(sub.captured, c) {
				outer, _ := s.lookup(c)
				sub.values[c] = sub.g.AddInput(c, outer.DType, outer.Shape)
				sub.values[c].Elem = outer.Elem
			}
			in = append(in, sub.values[c])
		}
		sub.g.Inputs = in
	}
	attrs[ir.CapturedAttr] = int64(len(captured))
	return attrs, captured, nil
}

func (s *scope) attribute(a *attrProto, layer string, subs *[]*scope) (any, bool, error) {
	if a.ref != "" {
		v, ok := s.attrs[a.ref]
		return v, ok, nil
	}
	bad := func(what string) error {
		return diag.Errorf("onnx.attribute-type", "attribute %q holds %s, which is not supported", clip(a.name), what)
	}
	if a.other {
		return nil, false, bad("a sparse tensor or a list of types")
	}
	switch a.typ {
	case attrFloat:
		return a.f, true, nil
	case attrInt:
		return a.i, true, nil
	case attrString:
		return string(a.s), true, nil
	case attrFloats:
		return floats(a.floats), true, nil
	case attrInts:
		return append([]int64{}, a.ints...), true, nil
	case attrStrings:
		return append([]string{}, a.strings...), true, nil
	case attrTensor:
		if a.t == nil {
			return nil, false, bad("no tensor")
		}
		t, err := a.t.decode(s.im.ext.bytes)
		return t, true, err
	case attrGraph:
		if a.g == nil {
			return nil, false, bad("no graph")
		}
		g, err := s.subgraph(a.g, layer+"/"+a.name+"/", subs)
		return g, true, err
	case attrGraphs:
		list := []*ir.Graph{}
		for _, p := range a.graphs {
			g, err := s.subgraph(p, layer+"/"+a.name+"/", subs)
			if err != nil {
				return nil, false, err
			}
			list = append(list, g)
		}
		return list, true, nil
	case attrType:
		if a.tp == nil {
			return nil, false, bad("no type")
		}
		t, err := s.im.syms.typ(*a.tp)
		return &t, true, err
	case attrUndefined:
		return nil, false, nil // no value at all
	}
	return nil, false, bad("a list of tensors or a newer kind of value")
}

func floats(b []byte) []float64 {
	out := make([]float64, len(b)/4)
	for i := range out {
		out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
	}
	return out
}

func (s *scope) subgraph(p *graphProto, prefix string, subs *[]*scope) (*ir.Graph, error) {
	sub := &scope{
		im: s.im, g: ir.New(p.name), parent: s, opsets: s.opsets, values: map[string]*ir.Value{},
		rank: s.rank - 1, prefix: prefix, attrs: s.attrs, calls: s.calls,
	}
	if err := sub.graph(p, false); err != nil {
		return nil, err
	}
	*subs = append(*subs, sub)
	return sub.g, nil
}

// constant reads a Constant node in any of its forms.
func (s *scope) constant(p *nodeProto) (*tensor.Tensor, error) {
	attrs, _, err := s.attributes(p, "")
	if err != nil {
		for _, a := range p.attrs {
			if a.name == "sparse_value" {
				return nil, diag.Errorf("onnx.sparse", "sparse constants are not supported")
			}
		}
		return nil, err
	}
	if len(attrs) != 1 {
		return nil, diag.Errorf("onnx.bad-node", "Constant: has %d values, not one", len(attrs))
	}
	for k, v := range attrs {
		switch v := v.(type) {
		case *tensor.Tensor:
			if k == "value" {
				return v, nil
			}
		case float64:
			if k == "value_float" {
				return tensor.Scalar(float32(v)), nil
			}
		case int64:
			if k == "value_int" {
				return tensor.Scalar(v), nil
			}
		case string:
			if k == "value_string" {
				return tensor.FromStrings(nil, []string{v})
			}
		case []float64:
			if k == "value_floats" {
				return tensor.FromFloat64s(tensor.Float32, v, len(v))
			}
		case []int64:
			if k == "value_ints" {
				return tensor.Of(v, len(v)), nil
			}
		case []string:
			if k == "value_strings" {
				return tensor.FromStrings([]int{len(v)}, v)
			}
		}
		return nil, diag.Errorf("onnx.bad-node", "Constant: attribute %q is not understood", clip(k))
	}
	panic("unreachable")
}

func hasBody(p *nodeProto) bool {
	return slices.ContainsFunc(p.attrs, func(a *attrProto) bool { return a.g != nil || len(a.graphs) > 0 })
}

// taintedBody reports whether a body holds a node that was not understood.
func (im *importer) taintedBody(attrs ir.Attrs) bool {
	body := func(g *ir.Graph) bool {
		return slices.ContainsFunc(g.Values(), func(v *ir.Value) bool { return im.tainted[v] })
	}
	for _, a := range attrs {
		switch a := a.(type) {
		case *ir.Graph:
			if body(a) {
				return true
			}
		case []*ir.Graph:
			if slices.ContainsFunc(a, body) {
				return true
			}
		}
	}
	return false
}

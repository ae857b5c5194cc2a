package onnx

import (
	"fmt"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// scope is where names are looked up: the top graph, a subgraph (which also
// sees its parent) or the body of a function (which does not).
type scope struct {
	im     *importer
	g      *ir.Graph
	parent *scope // nil for the top graph and for functions
	opsets map[string]int64
	values map[string]*ir.Value
	infos  map[string]valueInfo
	rank   int    // names given here win over those of a smaller rank
	prefix string // before node and value names, for functions and subgraphs

	attrs    map[string]any // a function's attributes
	calls    []string       // functions being inlined, outermost first
	captured []string       // names taken from the parent, in order
}

func (s *scope) top() bool { return s.prefix == "" }

// has reports whether a name is visible.
func (s *scope) has(name string) bool {
	for ; s != nil; s = s.parent {
		if _, ok := s.values[name]; ok {
			return true
		}
	}
	return false
}

// lookup finds a value; one of the parent's becomes an input of this subgraph.
func (s *scope) lookup(name string) (*ir.Value, bool) {
	if v, ok := s.values[name]; ok {
		return v, true
	}
	if s.parent == nil {
		return nil, false
	}
	outer, ok := s.parent.lookup(name)
	if !ok || outer == nil {
		return outer, ok
	}
	var v *ir.Value
	if outer.IsConst() {
		v = s.g.AddConst(name, outer.Const)
	} else {
		v = s.g.AddInput(name, outer.DType, outer.Shape)
		v.Content, v.Elem = outer.Content, outer.Elem
		s.captured = append(s.captured, name)
	}
	s.im.tainted[v] = s.im.tainted[outer]
	s.values[name] = v
	return v, true
}

// graph imports a graph into s.g.
func (s *scope) graph(p *graphProto, top bool) error {
	if p.sparse > 0 {
		return diag.Errorf("onnx.sparse", "sparse weights (%d) are not supported", p.sparse)
	}
	if p.quant > 0 {
		s.im.find(diag.Infof("onnx.quantization-annotation", "%d quantization annotations are left out", p.quant))
	}
	s.infos = make(map[string]valueInfo, len(p.values)+len(p.outputs))
	for _, v := range append(p.values[:len(p.values):len(p.values)], p.outputs...) {
		s.infos[v.name] = v
	}
	inits := make(map[string]bool, len(p.inits))
	for _, t := range p.inits {
		if t.name == "" {
			return diag.Errorf("onnx.corrupt", "a weight has no name")
		}
		if inits[t.name] {
			return diag.Errorf("onnx.duplicate-name", "two weights are called %q", clip(t.name))
		}
		inits[t.name] = true
	}
	if err := s.inputs(p, inits, top); err != nil {
		return err
	}
	for i, t := range p.inits {
		if i%256 == 0 && s.im.ctx.Err() != nil {
			return s.im.ctx.Err()
		}
		c, err := t.decode(s.im.ext.bytes)
		if err != nil {
			return err
		}
		s.define(t.name, s.g.AddConst(s.prefix+t.name, c))
	}
	if err := s.nodes(p.nodes); err != nil {
		return err
	}
	return s.outputs(p)
}

func (s *scope) inputs(p *graphProto, inits map[string]bool, top bool) error {
	defaults := 0
	list := append([]valueInfo{}, p.inputs...)
	if top && len(s.im.o.InputShapes) > 0 {
		left := map[string]bool{}
		for name := range s.im.o.InputShapes {
			left[name] = true
		}
		for i := range list {
			want, ok := s.im.o.InputShapes[list[i].name]
			if !ok || inits[list[i].name] {
				continue
			}
			delete(left, list[i].name)
			if err := s.im.syms.fixInput(&list[i], want); err != nil {
				return err
			}
		}
		for name := range left {
			return diag.Errorf("onnx.input-shape", "the model has no input %q", name)
		}
	}
	for _, v := range list {
		if inits[v.name] {
			defaults++
			continue
		}
		if v.name == "" {
			return diag.Errorf("onnx.corrupt", "an input has no name")
		}
		if s.values[v.name] != nil {
			return diag.Errorf("onnx.duplicate-name", "two inputs are called %q", clip(v.name))
		}
		t, err := s.im.syms.typ(v)
		if err != nil {
			return err
		}
		if t.DType == tensor.Invalid && top {
			return diag.Errorf("onnx.input-type", "input %q has element type %d, which is not known", clip(v.name), v.elem)
		}
		in := s.g.AddInput(v.name, t.DType, t.Shape)
		in.Elem = t.Elem
		if dims, ok := in.Shape.Ints(); ok {
			if _, err := tensor.NumElements(dims); err != nil {
				return diag.Errorf("onnx.too-large", "input %q has shape %v", clip(v.name), in.Shape)
			}
		}
		s.define(v.name, in)
	}
	if defaults > 0 && top {
		text := "1 input has a default value and is treated as a constant"
		if defaults > 1 {
			text = fmt.Sprintf("%d inputs have default values and are treated as constants", defaults)
		}
		s.im.find(diag.Infof("onnx.default-inputs", "%s", text))
	}
	return nil
}

func (s *scope) define(name string, v *ir.Value) {
	s.values[name] = v
	if v == nil {
		return
	}
	s.im.rank[v] = s.rank
	if s.top() {
		s.im.named[name] = v
	}
}

func (s *scope) outputs(p *graphProto) error {
	if len(p.outputs) == 0 {
		return diag.Errorf("onnx.no-output", "graph %q has no output", clip(p.name))
	}
	seen := map[*ir.Value]bool{}
	for _, o := range p.outputs {
		v, ok := s.lookup(o.name)
		if !ok || v == nil {
			return diag.Errorf("onnx.missing-output", "nothing produces the output %q", clip(o.name))
		}
		if s.top() && (seen[v] || v.Name != o.name && (v.Node() == nil || s.im.named[v.Name] == v)) {
			n := s.g.AddNode("Identity", o.name, nil, []*ir.Value{v}, o.name)
			if v.Node() != nil {
				n.Origin = v.Node().Origin
			}
			n.Outputs[0].SetType(v.Type())
			s.im.named[o.name] = n.Outputs[0]
			v = n.Outputs[0]
		}
		seen[v] = true
		if dt := DTypeOf(o.elem); dt != tensor.Invalid && v.DType != tensor.Invalid && v.DType != dt {
			s.im.find(diag.Errorf("onnx.output-type", "output %q is declared as %v, but the graph makes %v", clip(o.name), dt, v.DType))
		}
		s.g.Outputs = append(s.g.Outputs, v)
	}
	return nil
}

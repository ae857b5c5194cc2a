package onnx

import (
	"errors"
	"fmt"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// nodes imports a list of nodes in topological order.
func (s *scope) nodes(list []*nodeProto) error {
	list, err := s.order(list)
	if err != nil {
		return err
	}
	for i, p := range list {
		if i%64 == 0 && s.im.ctx.Err() != nil {
			return s.im.ctx.Err()
		}
		if s.im.count++; s.im.count > maxNodes {
			return diag.Errorf("onnx.too-many-nodes", "the model has more than %d nodes", maxNodes)
		}
		if err := s.node(p, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) nodeName(p *nodeProto, index int) string {
	name := p.name
	if name == "" {
		name = fmt.Sprintf("%s_%d", p.op, index)
	}
	name = s.prefix + name
	if s.im.nodeNames[name] {
		if p.name != "" {
			s.im.renamed = append(s.im.renamed, name)
		}
		base := name
		for i := 1; s.im.nodeNames[name]; i++ {
			name = fmt.Sprintf("%s_%d", base, i)
		}
	}
	s.im.nodeNames[name] = true
	return name
}

// node imports one node and defines its outputs.
func (s *scope) node(p *nodeProto, index int) error {
	name := s.nodeName(p, index)
	in := make([]*ir.Value, len(p.inputs))
	tainted := false
	for i, x := range p.inputs {
		if x == "" {
			continue
		}
		v, _ := s.lookup(x) // order has checked that it is there
		in[i] = v
		tainted = tainted || s.im.tainted[v]
	}
	if !hasBody(p) { // what a body captures comes after all formal inputs
		for len(in) > 0 && in[len(in)-1] == nil {
			in = in[:len(in)-1]
		}
	}
	outs := p.outputs
	for len(outs) > 0 && outs[len(outs)-1] == "" {
		outs = outs[:len(outs)-1]
	}
	if f := s.im.functions[functionKey(p.domain, p.op, p.overload)]; f != nil {
		return s.inline(f, p, name, in, outs)
	}
	if isDefault(p.domain) && p.op == "Constant" {
		t, err := s.constant(p)
		if err != nil {
			return place(err, name)
		}
		for _, o := range outs {
			s.define(o, s.g.AddConst(s.prefix+o, t))
		}
		return nil
	}
	attrs, captured, err := s.attributes(p, name)
	if err != nil {
		return place(err, name)
	}
	for _, c := range captured {
		v, _ := s.lookup(c)
		in = append(in, v)
		tainted = tainted || s.im.tainted[v]
	}
	tainted = tainted || s.im.taintedBody(attrs)
	kind := qualified(p.domain, p.op)
	def := s.im.o.Registry.Get(kind)
	version := max(s.opsets[p.domain], 1)
	if isDefault(p.domain) {
		if version = s.opsets[""]; version == 0 {
			return diag.Errorf("onnx.no-opset", "the model does not say which default operator set it uses").At(name)
		}
	}
	switch {
	case def == nil:
		s.im.unknownOp(kind, name)
	case !tainted:
		before := len(s.g.Nodes)
		results, err := s.read(def, p, name, version, attrs, in, outs)
		if err == nil {
			return s.results(p, name, outs, results, s.g.Nodes[before:])
		}
		s.im.find(nodeFinding(err, name, p.op))
		s.drop(before)
	}
	s.opaque(kind, name, attrs, in, outs)
	return nil
}

// read runs the operator's reader. A panic in it, on input nobody thought of,
// becomes a finding like any other.
func (s *scope) read(def *op.Def, p *nodeProto, name string, version int64, attrs ir.Attrs, in []*ir.Value, outs []string) (v []*ir.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = diag.Errorf("onnx.internal", "operator %s cannot be read: %v", def.Name, r)
		}
	}()
	src := op.NewSrc(s.g, s.im.o.Registry, attrs)
	src.Op, src.Domain, src.Version, src.Name = p.op, p.domain, int(version), name
	if isDefault(p.domain) {
		src.Domain = ""
	}
	src.Inputs, src.NumOut = in, len(outs)
	for _, o := range outs {
		src.OutUsed = append(src.OutUsed, o != "")
	}
	v, err = def.Read(src)
	for _, f := range src.Findings {
		s.im.find(f.At(name))
	}
	return v, err
}

// results defines a node's outputs from what its reader returned.
func (s *scope) results(p *nodeProto, name string, outs []string, results []*ir.Value, made []*ir.Node) error {
	for _, n := range made {
		if err := checkSize(n); err != nil {
			return place(err, name)
		}
	}
	for i, o := range outs {
		if o == "" {
			continue
		}
		if i >= len(results) || results[i] == nil {
			return diag.Errorf("onnx.output-count", "operator %s has no output %d", p.op, i).At(name)
		}
		s.name(o, results[i])
	}
	return nil
}

// name makes v known as name here and calls it so, unless it already has a name
// from a graph as near to the top.
func (s *scope) name(name string, v *ir.Value) {
	s.values[name] = v
	if v == nil {
		return
	}
	if v.Node() != nil && s.im.rank[v] < s.rank {
		s.im.rank[v] = s.rank
		v.Layers = v.Node().Origin
		s.g.RenameValue(v, s.prefix+name)
		if s.top() {
			s.im.named[name] = v
		}
	}
	info, ok := s.infos[name]
	if !ok {
		return
	}
	if v.DType == tensor.Invalid && info.kind == "" {
		v.DType = DTypeOf(info.elem)
	}
	if v.Shape == nil && v.Node() != nil && info.kind == "" && !v.IsContainer() {
		v.Shape = s.im.syms.shape(info)
	}
}

// opaque keeps a node that is not understood, so that the graph stays whole.
func (s *scope) opaque(kind, name string, attrs ir.Attrs, in []*ir.Value, outs []string) {
	n := s.g.AddNode(kind, name, attrs, in, make([]string, len(outs))...)
	n.Origin = []string{name}
	for i, o := range outs {
		v := n.Outputs[i]
		s.im.tainted[v] = true
		if o != "" {
			s.name(o, v)
		}
	}
}

// drop takes back nodes that a reader made before it failed.
func (s *scope) drop(from int) {
	made := s.g.Nodes[from:]
	p := s.g.Edit("", nil)
	for _, n := range made {
		for i := range n.Inputs {
			p.SetInput(n, i, nil)
		}
	}
	s.g.Nodes = s.g.Nodes[:from]
}

func place(err error, layer string) error {
	var f *diag.Finding
	if errors.As(err, &f) && f.Layer == "" {
		return f.At(layer)
	}
	return err
}

func nodeFinding(err error, layer, op string) *diag.Finding {
	l := diag.FromError("onnx.bad-node", err)
	f := *l[0]
	if f.Code == "onnx.bad-node" {
		f.Text = op + ": " + strings.TrimPrefix(err.Error(), op+": ")
	}
	if f.Layer == "" {
		f.Layer = layer
	}
	return &f
}

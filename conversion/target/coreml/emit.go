package coreml

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/schema/mil"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// val is a result in the program.
type val struct {
	name  string
	dtype tensor.DType
	shape []int
}

// arg is one named argument of an operation: results, or a literal that gets a
// const operation of its own.
type arg struct {
	name string
	vals []val
	lit  *tensor.Tensor
}

// emitter turns a graph into a program. The first failure stops it.
type emitter struct {
	g        *ir.Graph
	reg      *op.Registry
	blobs    *mil.Blobs
	f        *mil.Function
	vals     map[*ir.Value]val
	known    map[*ir.Value]*tensor.Tensor // what constantOf found; nil: not constant
	used     map[string]bool
	next     map[string]int
	outs     map[*ir.Value]string // names that graph outputs must have
	source   map[string]string    // name in the program -> name in the source
	layers   map[string][]string
	findings diag.List
	cur      *ir.Node
	nhwc     bool
	spans    map[string]target.Span // of sizes that stay open
	sized    map[string]val         // open sizes that were computed

	version    int               // of the specification
	bits       int               // of palettes; 0: none
	palettes   map[string]string // source layer -> width of its weights' indices
	photo      *photo            // the input that takes pictures; nil: none
	classified *target.Classes   // nil: the program is no classifier

	err error
}

func newEmitter(g *ir.Graph, reg *op.Registry, blobs *mil.Blobs, version int) *emitter {
	return &emitter{
		g: g, reg: reg, blobs: blobs, version: version, f: &mil.Function{Opset: opsets[version]},
		vals: map[*ir.Value]val{}, known: map[*ir.Value]*tensor.Tensor{}, used: map[string]bool{}, next: map[string]int{},
		outs: map[*ir.Value]string{}, sized: map[string]val{}, source: map[string]string{}, layers: map[string][]string{}, palettes: map[string]string{},
	}
}

func (e *emitter) fail(format string, args ...any) {
	if e.err != nil {
		return
	}
	err := fmt.Errorf(format, args...)
	var disk *fs.PathError
	if e.cur != nil && !errors.As(err, &disk) { // what the disk refuses is not the layer's fault
		f := diag.Errorf("target.unsupported-op", "%s: %v", e.cur.Op, err).At(e.cur.Name)
		if len(e.cur.Origin) > 0 {
			f.Layer = e.cur.Origin[0]
		}
		err = f.Suggest("choose another target than Core ML, or change this layer in the model")
	}
	e.err = err
}

// model emits inputs, nodes and outputs, in order.
func (e *emitter) model(ctx context.Context) (*mil.Model, error) {
	m := &mil.Model{Version: e.version, Main: e.f, Meta: map[string]string{}}
	for _, v := range e.g.Inputs {
		e.names(v)
		if e.photo != nil && e.photo.v == v {
			m.Inputs = append(m.Inputs, e.picture(v))
			continue
		}
		m.Inputs = append(m.Inputs, e.input(v))
	}
	for _, v := range e.g.Outputs {
		if _, twice := e.outs[v]; !twice {
			e.outs[v] = e.names(v)
		}
	}
	for _, n := range e.g.Nodes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e.node(n)
		if e.err != nil {
			return nil, e.err
		}
	}
	e.cur = nil
	for _, v := range e.g.Outputs {
		m.Outputs = append(m.Outputs, e.output(v))
	}
	e.expanded()
	e.classes(m, e.classified)
	if e.photo != nil {
		e.notePicture(m)
	}
	for name, source := range e.source {
		m.SetSource(name, source)
	}
	return m, e.err
}

// names takes a name for an input or output of the graph.
func (e *emitter) names(v *ir.Value) string {
	if e.outs[v] != "" {
		return e.outs[v]
	}
	name := e.unique(v.Name)
	e.outs[v] = name
	e.source[name] = v.Name
	return name
}

// input declares an input of the function and gives its feature.
func (e *emitter) input(v *ir.Value) mil.Feature {
	shape := shapeOf(v)
	if v.Shape == nil || len(shape) > maxRank {
		e.fail("input %q has shape %v", v.Name, v.Shape)
	}
	d := held(v.DType)
	if d == tensor.Bool {
		d = tensor.Int32
	}
	if d == tensor.Invalid || d == tensor.String {
		e.fail("input %q is of %v", v.Name, v.DType)
	}
	turn := e.nhwc && len(shape) == 4
	outer := shape
	if turn {
		outer = []int{shape[0], shape[2], shape[3], shape[1]}
	}
	if empty(v) {
		e.fail("input %q has no elements", v.Name)
	}
	if len(shape) == 0 {
		outer = []int{1} // a function takes no scalars
	}
	name := e.outs[v]
	delete(e.outs, v) // an input that is an output too needs another name
	x := val{name, d, outer}
	e.f.Inputs = append(e.f.Inputs, mil.Typed{Name: name, Type: mil.TypeOf(d, outer)})
	if v.DType != d {
		e.findings = append(e.findings, diag.Infof("coreml.interface-type", "input %q is %v here; Core ML has no inputs of %v", v.Name, d, v.DType))
	}
	p := x
	if turn {
		p = e.op("transpose", d, shape, in("x", p), ints("perm", 0, 3, 1, 2))
	}
	e.vals[v] = e.convert(e.reshape(p, shape), held(v.DType))
	return e.feature(name, x, v)
}

// output makes sure that the value stands under its name and gives its feature.
func (e *emitter) output(v *ir.Value) mil.Feature {
	p, name := e.value(v), e.outs[v]
	if e.err != nil {
		return mil.Feature{}
	}
	d := p.dtype
	if d == tensor.Bool {
		d = tensor.Int32
		e.findings = append(e.findings, diag.Infof("coreml.interface-type", "output %q is %v here; Core ML has no outputs of %v", v.Name, d, v.DType))
	} else if d != v.DType {
		e.findings = append(e.findings, diag.Infof("coreml.interface-type", "output %q is %v here; Core ML has no outputs of %v", v.Name, d, v.DType))
	}
	if e.nhwc && len(p.shape) == 4 {
		s := p.shape
		p = e.op("transpose", p.dtype, []int{s[0], s[2], s[3], s[1]}, in("x", p), ints("perm", 0, 2, 3, 1))
	}
	p = e.convert(p, d)
	if p.name != name {
		p = e.named(name, "identity", p.dtype, p.shape, in("x", p))
	}
	e.f.Outputs = append(e.f.Outputs, p.name)
	return e.feature(p.name, p, v)
}

func (e *emitter) node(n *ir.Node) {
	e.cur = n
	all := true
	for _, v := range n.Outputs {
		if v != nil && !e.lazy(v) {
			all = false
		}
	}
	if all {
		return // emitted where it is read
	}
	s, ok := spellings[n.Op]
	if !ok {
		e.fail("the operator has no spelling")
		return
	}
	if why := unsupportedType(n); why != "" {
		e.fail("%s", why)
		return
	}
	for _, v := range n.Outputs {
		if v != nil && !v.Shape.IsStatic() && (bound(e.g, n) != "" || !follows(e.g, v.Shape)) {
			e.fail("output %q has shape %v, and Core ML needs known sizes", v.Name, v.Shape)
			return
		}
	}
	if s.legal != nil {
		if why := s.legal(n); why != "" {
			e.fail("%s", why)
			return
		}
	}
	s.emit(e, n)
	for i, v := range n.Outputs {
		if v == nil || e.err != nil {
			continue
		}
		p, ok := e.vals[v]
		if !ok && (len(v.Uses()) > 0 || e.g.IsOutput(v)) {
			e.fail("output %d was not written", i)
		}
		if shape := shapeOf(v); ok && (!equalInts(p.shape, shape) || p.dtype != held(v.DType)) {
			e.fail("output %d was written as %v%v, it is %v%v", i, p.dtype, p.shape, v.DType, v.Shape)
		}
	}
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// op appends an operation with one result.
func (e *emitter) op(typ string, d tensor.DType, shape []int, args ...arg) val {
	name := typ
	if e.cur != nil {
		name = e.cur.Name + "_" + typ
	}
	return e.named(e.unique(name), typ, d, shape, args...)
}

// named is op with the result's name given.
func (e *emitter) named(name, typ string, d tensor.DType, shape []int, args ...arg) val {
	v := val{name, d, shape}
	e.append(typ, []val{v}, args...)
	return v
}

// append appends an operation whose results are named already.
func (e *emitter) append(typ string, outs []val, args ...arg) {
	o := &mil.Op{Type: typ}
	for _, a := range args {
		if a.lit != nil {
			a.vals = []val{e.literal(outs[0].name+"_"+a.name, a.lit)}
		}
		m := mil.Arg{Name: a.name}
		for _, v := range a.vals {
			if v.name == "" {
				e.fail("argument %s of %s is missing", a.name, typ)
			}
			m.Refs = append(m.Refs, mil.Ref{Name: v.name})
		}
		o.Inputs = append(o.Inputs, m)
	}
	for _, v := range outs {
		o.Outputs = append(o.Outputs, mil.Typed{Name: v.name, Type: mil.TypeOf(v.dtype, v.shape)})
	}
	o.Attrs = []mil.Attr{{Name: "name", Value: mil.String(outs[0].name)}}
	if e.cur != nil && len(e.cur.Origin) > 0 {
		e.layers[outs[0].name] = e.cur.Origin
	}
	e.f.Ops = append(e.f.Ops, o)
}

// final appends the operation that gives the current node's only output.
func (e *emitter) final(typ string, args ...arg) {
	v := e.cur.Out(0)
	shape := shapeOf(v)
	e.vals[v] = e.named(e.nameOf(v), typ, held(v.DType), shape, args...)
}

// finish makes p stand for the current node's only output.
func (e *emitter) finish(p val) { e.vals[e.cur.Out(0)] = p }

// nameOf is the name under which v's result is to stand.
func (e *emitter) nameOf(v *ir.Value) string {
	if name := e.outs[v]; name != "" && held(v.DType) != tensor.Bool && !(e.nhwc && v.Rank() == 4) {
		return name
	}
	name := e.unique(v.Name)
	e.source[name] = v.Name
	return name
}

// unique makes a legal name that is not in use yet.
func (e *emitter) unique(base string) string {
	name := legalName(base)
	try := name
	for e.used[try] {
		e.next[name]++
		try = fmt.Sprintf("%s_%d", name, e.next[name])
	}
	e.used[try] = true
	return try
}

// legalName replaces what a name in a program cannot have: it matches
// [A-Za-z_][A-Za-z0-9_]*.
func legalName(s string) string {
	out := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, s)
	if out == "" || out[0] >= '0' && out[0] <= '9' {
		out = "_" + out
	}
	return out
}

// taps maps each source layer to the result that holds its output, by the name
// that the package's metadata gives it.
func (e *emitter) taps() map[string]string {
	m := map[string]string{}
	for _, n := range e.g.Nodes {
		for _, v := range n.Outputs {
			if v == nil {
				continue
			}
			if p, ok := e.vals[v]; ok {
				for _, layer := range v.Layers {
					m[layer] = p.name
					if s := e.source[p.name]; s != "" {
						m[layer] = s
					}
				}
			}
		}
	}
	return m
}

package openvino

import (
	"context"
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// spelling is how one operator is written.
type spelling struct {
	// legal returns why this node cannot be written, "" where it can; nil: it
	// always can.
	legal func(n *ir.Node) string
	// emit adds the layers and binds the outputs. It is called on legal nodes.
	emit func(e *emitter, n *ir.Node)
}

// emitter turns a graph into layers. The first failure stops it.
type emitter struct {
	g      *ir.Graph
	layers []*layer
	consts *constants
	ports  map[*ir.Value]port
	splits map[splitKey]port
	bound  map[*layer]bool
	cur    *ir.Node
	nhwc   bool
	err    error
}

type splitKey struct {
	v      *ir.Value
	groups int
}

func newEmitter(g *ir.Graph, c *constants) *emitter {
	return &emitter{g: g, consts: c, ports: map[*ir.Value]port{}, splits: map[splitKey]port{}, bound: map[*layer]bool{}}
}

func (e *emitter) fail(format string, args ...any) {
	if e.err != nil {
		return
	}
	err := fmt.Errorf(format, args...)
	if e.cur != nil {
		err = fmt.Errorf("node %q (%s): %w", e.cur.Name, e.cur.Op, err)
	}
	e.err = err
}

// missing stands for what could not be written, once fail was called: who reads
// it need not ask.
func missing() port { return port{&layer{out: make([]outPort, 1)}, 0} }

// graph emits parameters, nodes and results, in order.
func (e *emitter) graph(ctx context.Context) error {
	for _, v := range e.g.Inputs {
		e.parameter(v)
	}
	for _, n := range e.g.Nodes {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.node(n)
		if e.err != nil {
			return e.err
		}
	}
	e.cur = nil
	for _, v := range e.g.Outputs {
		e.result(v)
	}
	e.uniqueNames()
	return e.err
}

func (e *emitter) node(n *ir.Node) {
	e.cur = n
	if constantLike(n) {
		return // emitted where it is read, in the shape that the reader needs
	}
	s, ok := spellings[n.Op]
	if !ok {
		e.fail("the operator has no spelling")
		return
	}
	if spreadsToNothing(n) {
		shape, _ := n.Out(0).Shape.Ints()
		e.finish(e.constant(tensor.New(n.Out(0).DType, shape...)))
		return
	}
	s.emit(e, n)
	for i, v := range n.Outputs {
		if v == nil || e.err != nil {
			continue
		}
		if _, ok := e.ports[v]; !ok && (len(v.Uses()) > 0 || e.g.IsOutput(v)) {
			e.fail("output %d was not written", i)
		}
	}
}

// spreadsToNothing reports whether n repeats an operand no times at all. The CPU
// plugin (2026.4) joins such a layer with the one that computes the operand, and
// then computes neither.
func spreadsToNothing(n *ir.Node) bool {
	nothing := func(v *ir.Value) bool {
		return v != nil && slices.ContainsFunc(v.Shape, func(d ir.Dim) bool { return d.Is(0) })
	}
	return elementwise[n.Op] && len(n.Outputs) == 1 && n.Out(0).Shape.IsStatic() && nothing(n.Out(0)) &&
		slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool { return v != nil && !v.IsConst() && !nothing(v) })
}

func (e *emitter) parameter(v *ir.Value) {
	l := &layer{name: v.Name, typ: "Parameter", version: "opset1"}
	shape := v.Shape
	turn := e.nhwc && len(shape) == 4
	if turn {
		shape = ir.Shape{shape[0], shape[2], shape[3], shape[1]}
		l.layout = "[N,H,W,C]"
	}
	l.data = []attr{{"shape", partialShape(shape)}, {"element_type", e.typeName(v.DType)}}
	l.out = []outPort{{v.DType, shape, []string{v.Name}}}
	p := e.append(l)
	e.bound[l] = true
	if turn {
		p = e.op("Transpose", "opset1", v.DType, v.Shape, nil, p, e.ints(0, 3, 1, 2))
		p.l.name = v.Name + "/nchw"
	}
	e.ports[v] = p
}

func (e *emitter) result(v *ir.Value) {
	p := e.value(v)
	s := v.Shape
	switch {
	case p.l == nil:
		return
	case e.nhwc && len(s) == 4:
		p = e.rename(p, v, "Transpose", "opset1", ir.Shape{s[0], s[2], s[3], s[1]}, e.ints(0, 2, 3, 1))
		p.l.name = v.Name + "/nhwc"
	case p.l.typ == "Parameter", e.shared(p, v):
		// A result that is an input gives garbage in some versions; two results of one
		// port would answer to one name.
		p = e.rename(p, v, "Identity", "opset16", s)
		p.l.name = v.Name
	default:
		p.l.out[p.i].names = []string{v.Name} // readers that take any name take this one
	}
	e.append(&layer{name: v.Name + "/result", typ: "Result", version: "opset1", in: []port{p}, outputName: v.Name})
}

// shared says whether p is also another output of the graph than v.
func (e *emitter) shared(p port, v *ir.Value) bool {
	return slices.ContainsFunc(p.l.out[p.i].names, func(name string) bool {
		return name != v.Name && slices.ContainsFunc(e.g.Outputs, func(o *ir.Value) bool { return o.Name == name })
	})
}

// rename adds a layer whose output takes v's name away from p.
func (e *emitter) rename(p port, v *ir.Value, typ, version string, s ir.Shape, more ...port) port {
	o := &p.l.out[p.i]
	o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == v.Name })
	q := e.op(typ, version, v.DType, s, nil, append([]port{p}, more...)...)
	q.l.out[0].names = []string{v.Name}
	return q
}

func (e *emitter) typeName(d tensor.DType) string {
	t, ok := typeNames[d]
	if !ok {
		e.fail("element type %v does not exist in OpenVINO IR", d)
	}
	return t[0]
}

func (e *emitter) append(l *layer) port {
	l.id = len(e.layers)
	if e.cur != nil {
		l.origin = e.cur.Origin
	}
	e.layers = append(e.layers, l)
	return port{l, 0}
}

// op adds a layer with one output.
func (e *emitter) op(typ, version string, d tensor.DType, s ir.Shape, data []attr, in ...port) port {
	return e.opN(typ, version, 1, data, in...).typed(d, s)
}

func (p port) typed(d tensor.DType, s ir.Shape) port {
	p.l.out[p.i].dtype, p.l.out[p.i].shape = d, s
	return p
}

// opN adds a layer with several outputs whose types are still open.
func (e *emitter) opN(typ, version string, outs int, data []attr, in ...port) port {
	l := &layer{typ: typ, version: version, data: data, in: in, out: make([]outPort, outs)}
	for i, p := range in {
		if p.l == nil {
			e.fail("input %d of %s is missing", i, typ)
			return port{&layer{out: make([]outPort, outs)}, 0}
		}
	}
	if e.cur != nil {
		l.name = e.cur.Name + "/" + typ
	}
	return e.append(l)
}

// bind makes p stand for v and gives it v's name, type and shape.
func (e *emitter) bind(v *ir.Value, p port) {
	if v == nil || p.l == nil {
		return
	}
	e.ports[v] = p
	o := &p.l.out[p.i]
	if p.l.typ == "Parameter" && len(o.names) > 0 {
		return // an input has one name, its own
	}
	o.names = append(o.names, v.Name)
	if len(o.names) == 1 {
		o.dtype, o.shape = v.DType, v.Shape
	}
	if e.cur != nil && !e.bound[p.l] {
		e.bound[p.l] = true
		p.l.name = e.cur.Name
	}
}

// finish binds the only output of the current node.
func (e *emitter) finish(p port) { e.bind(e.cur.Out(0), p) }

// final adds the layer that gives the current node's only output.
func (e *emitter) final(typ, version string, data []attr, in ...port) {
	o := e.cur.Out(0)
	e.finish(e.op(typ, version, o.DType, o.Shape, data, in...))
}

// in is the port of input i of the current node.
func (e *emitter) in(i int) port {
	v := e.cur.In(i)
	if v == nil {
		e.fail("input %d is missing", i)
		return missing()
	}
	return e.value(v)
}

// value is the port that stands for v; constants get their layer here.
func (e *emitter) value(v *ir.Value) port {
	if p, ok := e.ports[v]; ok {
		return p
	}
	switch n := v.Node(); {
	case v.IsConst():
		p := e.constant(v.Const)
		p.l.name, p.l.origin = v.Name, nil
		e.ports[v] = p
		return p
	case n != nil && constantLike(n):
		p := e.weights(v, 1)
		e.ports[v] = p
		return p
	}
	e.fail("%q is read before it is written", v.Name)
	return missing()
}

// constant adds a Const layer.
func (e *emitter) constant(t *tensor.Tensor) port {
	if _, ok := typeNames[t.DType()]; !ok {
		e.fail("a constant of type %v cannot be written", t.DType())
		return missing()
	}
	offset, err := e.consts.put(t)
	if err != nil {
		e.fail("writing a constant: %w", err)
		return missing()
	}
	p := e.op("Const", "opset1", t.DType(), ir.Dims(t.Shape()...), []attr{
		{"element_type", e.typeName(t.DType())},
		{"shape", dims(t.Shape())},
		{"offset", fmt.Sprint(offset)},
		{"size", fmt.Sprint(len(t.Bytes()))},
	})
	return p
}

// scalar adds a constant of rank 0.
func (e *emitter) scalar(d tensor.DType, v float64) port { return e.floats(d, []float64{v}) }

// floats adds a constant of the given element type and shape.
func (e *emitter) floats(d tensor.DType, v []float64, shape ...int) port {
	t, err := tensor.FromFloat64s(d, v, shape...)
	if err != nil {
		e.fail("%w", err)
		return missing()
	}
	return e.constant(t)
}

// ints adds an i64 constant of rank 1.
func (e *emitter) ints(v ...int64) port { return e.constant(tensor.Of(slices.Clone(v), len(v))) }

// int adds an i64 constant of rank 0.
func (e *emitter) int(v int64) port { return e.constant(tensor.Scalar(v)) }

// convert changes the element type, where it differs.
func (e *emitter) convert(p port, d tensor.DType) port {
	if p.l == nil || p.dtype() == d {
		return p
	}
	return e.op("Convert", "opset1", d, p.shape(), []attr{{"destination_type", e.typeName(d)}}, p)
}

// uniqueNames makes the layers' names unique: those that stand for a node or
// the model's interface keep theirs.
func (e *emitter) uniqueNames() {
	used := map[string]bool{}
	next := map[string]int{}
	take := func(l *layer) {
		name := l.name
		for used[name] || name == "" {
			next[l.name]++
			name = fmt.Sprintf("%s_%d", l.name, next[l.name])
		}
		used[name] = true
		l.name = name
	}
	for _, l := range e.layers {
		if e.bound[l] {
			take(l)
		}
	}
	for _, l := range e.layers {
		if !e.bound[l] {
			take(l)
		}
	}
}

// artefactLayers maps the layers that compute to the source layers.
func (e *emitter) artefactLayers() map[string][]string {
	m := map[string][]string{}
	for _, l := range e.layers {
		if len(l.origin) > 0 && l.typ != "Const" {
			m[l.name] = l.origin
		}
	}
	return m
}

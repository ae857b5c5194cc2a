package openvino

import (
	"fmt"
	"maps"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// The operators with bodies join the table here: their spellings need it.
func init() {
	maps.Copy(spellings, map[string]spelling{
		"If":   {legalBodies, emitIf},
		"Loop": {legalBodies, emitLoop},
		"Scan": {legalScan, emitScan},
	})
}

// inner is a body as its layer holds it.
type inner struct {
	tag    string // body, then_body, else_body
	layers []*layer
	maps   string // tag of its port map
	ports  []portMap
	edges  [][2]int // from result to parameter, by layer
}

// portMap connects a port of a layer with a layer of its body.
type portMap struct {
	output   bool
	external int // port; -1 for none
	internal int // layer
	purpose  string
	sliced   bool
	axis     int
}

func legalBodies(n *ir.Node) string {
	for _, g := range n.Bodies() {
		for _, v := range append(append([]*ir.Value{}, g.Inputs...), g.Outputs...) {
			if _, ok := typeNames[v.DType]; !ok {
				return fmt.Sprintf("OpenVINO has no %v in a body (%q)", v.DType, v.Name)
			}
		}
	}
	return ""
}

func legalScan(n *ir.Node) string {
	k := int(n.Int("num_scan_inputs", 0))
	formal := len(n.Inputs) - n.Captured()
	for i := formal - k; i < formal; i++ {
		if n.In(i).Rank() < 0 {
			return "Scan needs inputs of known rank"
		}
	}
	for _, v := range n.Graph("body").Outputs {
		if v.Rank() < 0 {
			return "Scan needs results of known rank"
		}
	}
	return legalBodies(n)
}

// sub is an emitter for a body of e's graph.
func (e *emitter) sub(g *ir.Graph) *emitter { return newEmitter(g, e.consts) }

// finishBody emits the nodes of s and takes over its failure.
func (e *emitter) finishBody(s *emitter) bool {
	for _, n := range s.g.Nodes {
		s.node(n)
	}
	s.cur = nil
	if s.err != nil && e.err == nil {
		e.err = fmt.Errorf("in the body of %q: %w", e.cur.Name, s.err)
	}
	return s.err == nil
}

// yield adds a Result for p and returns its layer's number.
func (e *emitter) yield(p port) int {
	if p.l == nil {
		return 0
	}
	if p.l.typ == "Parameter" {
		p = e.op("Identity", "opset16", p.dtype(), p.shape(), nil, p)
	}
	r := e.append(&layer{name: fmt.Sprintf("result%d", len(e.layers)), typ: "Result", version: "opset1", in: []port{p}})
	return r.l.id
}

// outputs gives layer l an output port for every output of the current node and
// binds them; it returns the port's number in the file, by output, -1 for none.
func (e *emitter) outputs(l *layer, n *ir.Node) []int {
	at := make([]int, len(n.Outputs))
	for i, v := range n.Outputs {
		at[i] = -1
		if v != nil {
			at[i] = len(l.in) + len(l.out)
			l.out = append(l.out, outPort{})
			e.bind(v, port{l, len(l.out) - 1})
		}
	}
	return at
}

func (e *emitter) bodied(typ, version string, in ...port) *layer {
	p := e.opN(typ, version, 0, nil, in...)
	return p.l
}

func emitIf(e *emitter, n *ir.Node) {
	in := make([]port, len(n.Inputs))
	for i := range in {
		in[i] = e.in(i)
	}
	l := e.bodied("If", "opset8", in...)
	outs := e.outputs(l, n)
	for _, b := range []struct{ attr, tag, maps string }{{"then_branch", "then_body", "then_port_map"}, {"else_branch", "else_body", "else_port_map"}} {
		g := n.Graph(b.attr)
		s := e.sub(g)
		body := inner{tag: b.tag, maps: b.maps}
		for i, v := range g.Inputs {
			s.parameter(v)
			body.ports = append(body.ports, portMap{external: 1 + i, internal: s.ports[v].l.id})
			s.own(v)
		}
		if !e.finishBody(s) {
			return
		}
		for i, port := range outs {
			if port >= 0 {
				body.ports = append(body.ports, portMap{output: true, external: port, internal: s.yield(s.value(g.Outputs[i]))})
			}
		}
		s.uniqueNames()
		body.layers = s.layers
		l.bodies = append(l.bodies, body)
	}
}

func emitLoop(e *emitter, n *ir.Node) {
	g := n.Graph("body")
	formal := len(n.Inputs) - n.Captured()
	head := func(i int, def *tensor.Tensor) port {
		if i < formal && n.In(i) != nil {
			return e.in(i)
		}
		return e.constant(def)
	}
	in := []port{head(0, tensor.Scalar(int64(-1))), head(1, tensor.Scalar(true))}
	for i := min(2, formal); i < len(n.Inputs); i++ {
		in = append(in, e.in(i))
	}
	l := e.bodied("Loop", "opset5", in...)
	outs := e.outputs(l, n)
	s := e.sub(g)
	body := inner{tag: "body", maps: "port_map"}
	s.parameter(g.Inputs[0])
	body.ports = append(body.ports, portMap{external: -1, internal: s.ports[g.Inputs[0]].l.id, purpose: "current_iteration"})
	s.ports[g.Inputs[1]] = s.constant(tensor.Scalar(true)) // whenever the body runs
	states := max(0, formal-2)
	params := make([]int, states)
	for i, v := range g.Inputs[2:] {
		s.parameter(v)
		id := s.ports[v].l.id
		body.ports = append(body.ports, portMap{external: 2 + i, internal: id})
		if i < states {
			params[i] = id
		}
		s.own(v)
	}
	if !e.finishBody(s) {
		return
	}
	body.ports = append(body.ports, portMap{output: true, external: -1, internal: s.yield(s.value(g.Outputs[0])), purpose: "execution_condition"})
	for i, v := range g.Outputs[1:] {
		p := portMap{output: true, external: -1}
		if i < len(outs) {
			p.external = outs[i]
		}
		switch {
		case i < states:
			p.internal = s.yield(s.value(v))
			body.edges = append(body.edges, [2]int{p.internal, params[i]})
		case p.external < 0:
			continue
		default:
			p.internal, p.sliced = s.yield(s.raised(v, 0)), true
		}
		if p.external >= 0 {
			body.ports = append(body.ports, p)
		}
	}
	s.uniqueNames()
	body.layers = s.layers
	l.bodies = []inner{body}
}

// raised is v with a new axis of size 1.
func (e *emitter) raised(v *ir.Value, axis int) port {
	shape := v.Shape
	if shape != nil {
		shape = append(append(shape[:axis:axis], ir.Static(1)), shape[axis:]...)
	}
	return e.op("Unsqueeze", "opset1", v.DType, shape, nil, e.value(v), e.ints(int64(axis)))
}

// emitScan writes a Loop whose body takes its slices itself. A TensorIterator,
// which is made for this, gives wrong results where a slice and the state that is
// made of it share their memory (2026.4 on processors). Outputs are turned round
// behind it: a Loop of constants, which is computed while the file is loaded,
// ignores that they are collected backwards.
func emitScan(e *emitter, n *ir.Node) {
	g := n.Graph("body")
	formal := len(n.Inputs) - n.Captured()
	scanned := int(n.Int("num_scan_inputs", 0))
	states := formal - scanned
	at := func(name string, i int) int64 {
		if v := n.Ints(name); i < len(v) {
			return v[i]
		}
		return 0
	}
	axes := make([]int, scanned)
	for k := range axes {
		axis, err := kernel.Axis(at("scan_input_axes", k), n.In(states+k).Rank())
		if err != nil {
			e.fail("%w", err)
			return
		}
		axes[k] = axis
	}
	steps := e.op("Squeeze", "opset1", tensor.Int64, ir.Shape{}, nil, e.sizeOf(n.In(states), int64(axes[0])), e.ints(0))
	if d, ok := n.In(states).Shape[axes[0]].Int(); ok {
		steps = e.int(d)
	}
	in := []port{steps, e.constant(tensor.Scalar(true))}
	for i := range n.Inputs {
		in = append(in, e.in(i))
	}
	l := e.bodied("Loop", "opset5", in...)
	outs := e.outputs(l, n)
	s := e.sub(g)
	body := inner{tag: "body", maps: "port_map"}
	now := &ir.Value{Name: n.Name + "/step", DType: tensor.Int64, Shape: ir.Shape{}}
	s.parameter(now)
	body.ports = append(body.ports, portMap{external: -1, internal: s.ports[now].l.id, purpose: "current_iteration"})
	params := make([]int, len(g.Inputs))
	for i, v := range g.Inputs {
		k := i - states
		if k < 0 || k >= scanned {
			s.parameter(v)
			params[i] = s.ports[v].l.id
			s.own(v)
		} else {
			whole := &ir.Value{Name: v.Name + "/whole", DType: n.In(i).DType, Shape: n.In(i).Shape}
			s.parameter(whole)
			params[i] = s.ports[whole].l.id
			step := s.ports[now]
			if at("scan_input_directions", k) != 0 { // -1, -2, … counts from the end
				step = s.op("Subtract", "opset1", tensor.Int64, ir.Shape{}, numpy, s.int(-1), step)
			}
			s.ports[v] = s.op("Gather", "opset8", v.DType, v.Shape, []attr{{"batch_dims", "0"}}, s.ports[whole], step, s.int(int64(axes[k])))
		}
		body.ports = append(body.ports, portMap{external: 2 + i, internal: params[i]})
	}
	if !e.finishBody(s) {
		return
	}
	turned := map[*ir.Value]int{} // outputs that are collected from their end, by axis
	body.ports = append(body.ports, portMap{output: true, external: -1, internal: s.yield(s.constant(tensor.Scalar(true))), purpose: "execution_condition"})
	for i, v := range g.Outputs {
		p := portMap{output: true, external: -1}
		if i < len(outs) {
			p.external = outs[i]
		}
		switch {
		case i < states:
			p.internal = s.yield(s.value(v))
			body.edges = append(body.edges, [2]int{p.internal, params[i]})
		case p.external < 0:
			continue
		default:
			k := i - states
			axis, err := kernel.Axis(at("scan_output_axes", k), v.Rank()+1)
			if err != nil {
				e.fail("%w", err)
				return
			}
			p.internal, p.sliced, p.axis = s.yield(s.raised(v, axis)), true, axis
			if at("scan_output_directions", k) != 0 && p.external >= 0 {
				turned[n.Out(i)] = axis
			}
		}
		if p.external >= 0 {
			body.ports = append(body.ports, p)
		}
	}
	s.uniqueNames()
	body.layers = s.layers
	l.bodies = []inner{body}
	for i, v := range n.Outputs {
		if axis, ok := turned[v]; ok {
			e.ports[v] = e.rename(port{l, outs[i] - len(l.in)}, v, "Slice", "opset8", v.Shape, e.ints(-1), e.ints(math.MinInt64), e.ints(-1), e.ints(int64(axis)))
		}
	}
}

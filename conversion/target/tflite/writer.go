package tflite

import (
	"context"
	"fmt"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// held is how a value of the graph exists in the artefact: in tensor t, stored
// in the given order. quant is not nil where a floating-point value is held as
// int8.
type held struct {
	t     int
	order layout.Perm
	quant *qparam
}

// writer builds one model. Tensors are referred to by index.
type writer struct {
	g        *ir.Graph
	o        target.Options
	m        *fb.Model
	plan     *layout.Plan
	held     map[*ir.Value]held
	quantOut map[*ir.Value]*qparam // float values that all readers quantize alike
	consts   map[constKey]int
	smalls   map[string]int // constants by content
	moved    map[moveKey]int
	joined   map[string]int // concatenations by operands
	names    map[string]bool
	next     map[string]int     // numbers tried, by name
	temps    map[int]bool       // tensors with a provisional name
	told     map[*ir.Value]bool // sizes, computed where they are read
	lazy     map[*ir.Value]bool // constants behind a conversion, written where they are read
	fusedIn  map[*ir.Node]bool  // activations already applied by their producer
	node     *ir.Node           // being written
	layers   map[string][]string
	taps     map[string]string
	findings diag.List
	islands  map[string][]string // operator -> layers that compute in float in a quantized model
}

type moveKey struct {
	t    int
	perm string
}

func newWriter(g *ir.Graph, o target.Options) *writer {
	return &writer{
		g: g, o: o,
		m:    &fb.Model{Description: "Slipway", Name: "main", Buffers: []fb.Buffer{{}}},
		held: map[*ir.Value]held{}, quantOut: map[*ir.Value]*qparam{}, consts: map[constKey]int{}, smalls: map[string]int{},
		moved: map[moveKey]int{}, names: map[string]bool{}, next: map[string]int{}, temps: map[int]bool{}, lazy: map[*ir.Value]bool{}, told: map[*ir.Value]bool{}, fusedIn: map[*ir.Node]bool{},
		layers: map[string][]string{}, taps: map[string]string{}, islands: map[string][]string{},
	}
}

// build fills w.m from the graph.
func (w *writer) build(ctx context.Context) error {
	last := w.o.Layout == "nhwc"
	w.plan = layout.Solve(w.g, layout.Options{InputsLast: last, OutputsLast: last, Rule: layoutRule, Avoid: isHalf})
	w.findQuantized()
	for _, v := range w.g.Values() {
		if !v.IsConst() {
			w.names[v.Name] = true
		}
	}
	if err := w.inputs(); err != nil {
		return err
	}
	for _, n := range w.g.Nodes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.fusedIn[n] {
			continue
		}
		if err := w.emit(n); err != nil {
			return fmt.Errorf("tflite: node %q (%s): %w", n.Name, n.Op, err)
		}
	}
	w.node = nil
	if err := w.outputs(last); err != nil {
		return err
	}
	w.report()
	return w.finish()
}

// emit writes one node, and the activation behind it where the operator can
// apply it.
func (w *writer) emit(n *ir.Node) error {
	w.node = n
	e := &emitter{writer: w, n: n, outs: slices.Clone(n.Outputs)}
	if tellsSizes(n) {
		return e.tell()
	}
	s, ok := spellings[n.Op]
	if !ok {
		return fmt.Errorf("has no spelling")
	}
	last := n
	if sum, bias := w.biasAfter(n); sum != nil {
		e.fuse(sum)
		e.added, last = bias, sum
	}
	if s.fuses {
		if next, act := w.activationAfter(last); next != nil {
			e.fuse(next)
			e.act = act
		}
	}
	e.quant = s.int8 != nil && s.int8(n) && w.allQuantized(n) && (len(n.Outputs) > 1 || w.quantOut[e.outs[0]] != nil) && e.holdsSums() && e.holdsScales()
	if !e.quant && n.Op != "QuantizeLinear" && n.Op != "DequantizeLinear" {
		w.noteIsland(n)
	}
	first := len(w.m.Operators)
	if err := s.emit(e); err != nil {
		return err
	}
	for i, v := range e.outs {
		if v == nil || len(v.Uses()) == 0 && !w.g.IsOutput(v) {
			continue
		}
		if _, ok := w.held[v]; !ok && !w.lazy[v] {
			return fmt.Errorf("output %d was not written", i)
		}
	}
	w.noteLayers(e, first)
	return nil
}

// fuse makes the emitter write n too, which reads its output.
func (e *emitter) fuse(n *ir.Node) {
	e.outs[0] = n.Outputs[0]
	e.fusedIn[n] = true
	e.also = append(e.also, n)
}

// biasAfter finds the addition of a constant row that alone reads the product of
// a tensor and a constant matrix.
func (w *writer) biasAfter(n *ir.Node) (sum *ir.Node, bias *ir.Value) {
	v := n.Out(0)
	if n.Op != "MatMul" || !constMatrix(n.In(1)) || n.In(0).Rank() < 2 || v.DType != tensor.Float32 || !w.g.SingleUse(v) {
		return nil, nil
	}
	u := v.Uses()[0]
	if u.Node.Op != "Add" || len(u.Node.Inputs) != 2 || !u.Node.Out(0).Shape.Equal(v.Shape) {
		return nil, nil
	}
	b := u.Node.In(1 - u.Index)
	s, ok := storedOf(b)
	if !ok || b.Rank() < 1 || len(s.scale) > 0 {
		return nil, nil
	}
	row, known := b.Shape[b.Rank()-1].Int()
	size, ok := b.Shape.NumElements()
	if !known || !ok || !size.Is(row) || row == 1 && !n.In(1).Shape[1].Is(1) {
		return nil, nil
	}
	return u.Node, b
}

// activationAfter finds the activation that alone reads n's only output.
func (w *writer) activationAfter(n *ir.Node) (*ir.Node, fb.Activation) {
	v := n.Out(0)
	if len(n.Outputs) != 1 || v.DType != tensor.Float32 || !w.g.SingleUse(v) {
		return nil, fb.ActNone
	}
	u := v.Uses()[0]
	if act, ok := fusedActivation(u.Node); ok && u.Index == 0 {
		return u.Node, act
	}
	return nil, fb.ActNone
}

// noteLayers records which source layers the operators from first on stand for.
// An operator is known by the name of its first output.
func (w *writer) noteLayers(e *emitter, first int) {
	origin := slices.Clone(e.n.Origin)
	for _, n := range e.also {
		origin = append(origin, n.Origin...)
	}
	slices.Sort(origin)
	origin = slices.Compact(origin)
	if len(origin) == 0 {
		return
	}
	for _, o := range w.m.Operators[first:] {
		w.layers[w.m.Tensors[o.Outputs[0]].Name] = origin
	}
}

// inputs declares the graph's inputs.
func (w *writer) inputs() error {
	for _, v := range w.g.Inputs {
		order := w.plan.Store[v]
		t, err := w.tensor(v.Name, v.DType, dimsOf(v.Shape, order), nil)
		if err != nil {
			return fmt.Errorf("tflite: input %q: %w", v.Name, err)
		}
		w.m.Tensors[t].Name = v.Name
		w.m.Inputs = append(w.m.Inputs, t)
		w.held[v] = held{t: t, order: order}
		if q := w.quantOut[v]; q != nil && w.o.Values[KeyIO] == "int8" {
			w.m.Tensors[t].Type, w.m.Tensors[t].Quant = fb.Int8, q.quant()
			w.held[v] = held{t, order, q}
		}
	}
	return nil
}

// outputs brings the graph's outputs into their final order, each in a tensor of
// its own.
func (w *writer) outputs(last bool) error {
	taken := slices.Clone(w.m.Inputs)
	for _, v := range w.g.Outputs {
		var order layout.Perm
		if last && v.Rank() == 4 && !w.plan.Store[v].IsIdentity() {
			order = layout.Last(4)
		}
		var t int
		var err error
		if q := w.int8Source(v); q != nil && v.DType == tensor.Float32 && w.o.Values[KeyIO] == "int8" {
			t = w.order(q.t, q.order, order, v.Shape)
		} else if t, err = w.read(v, order, false); err != nil {
			return fmt.Errorf("tflite: output %q: %w", v.Name, err)
		}
		switch {
		case w.early()[t]:
			t = w.late(t)
		case slices.Contains(taken, t):
			t = w.copyOf(t)
		}
		taken = append(taken, t)
		w.m.Outputs = append(w.m.Outputs, t)
	}
	return nil
}

// int8Source is the int8 tensor that an output dequantizes, nil where it is not
// the result of a dequantization.
func (w *writer) int8Source(v *ir.Value) *held {
	if h, ok := w.held[v]; ok && h.quant != nil {
		return &h
	}
	return nil
}

const minRuntime = "2.17.0"

// finish names the outputs and adds signature and metadata.
func (w *writer) finish() error {
	sig := &fb.Signature{Key: "serving_default"}
	for i, v := range w.g.Inputs {
		sig.Inputs = append(sig.Inputs, fb.TensorName{Name: v.Name, Tensor: w.m.Inputs[i]})
	}
	for i, v := range w.g.Outputs {
		w.rename(w.m.Outputs[i], v.Name)
		sig.Outputs = append(sig.Outputs, fb.TensorName{Name: v.Name, Tensor: w.m.Outputs[i]})
	}
	w.m.Signature = sig
	w.findTaps()
	if b := w.orders(); b != nil {
		w.metadata(ordersKey, b)
	}
	if b := w.openSizes(); b != nil {
		w.metadata(sizesKey, b)
	}
	version := make([]byte, 16)
	copy(version, minRuntime)
	w.metadata("min_runtime_version", version)
	for i := range w.m.Operators {
		w.m.Operators[i].Version = versionOf(w.m, &w.m.Operators[i])
	}
	return nil
}

func (w *writer) metadata(name string, data []byte) {
	w.m.Buffers = append(w.m.Buffers, fb.Buffer{Data: data})
	w.m.Metadata = append(w.m.Metadata, fb.Metadata{Name: name, Buffer: len(w.m.Buffers) - 1})
}

// rename gives tensor t the name; whichever tensor has it yields.
func (w *writer) rename(t int, name string) {
	old := w.m.Tensors[t].Name
	if old == name {
		return
	}
	for i := range w.m.Tensors {
		if w.m.Tensors[i].Name == name {
			w.m.Tensors[i].Name = w.unique(name)
			w.follow(name, w.m.Tensors[i].Name)
		}
	}
	w.m.Tensors[t].Name = name
	w.follow(old, name)
}

// follow keeps the layers in step with a renamed tensor.
func (w *writer) follow(old, name string) {
	if l, ok := w.layers[old]; ok {
		delete(w.layers, old)
		w.layers[name] = l
	}
}

func (w *writer) unique(name string) string {
	try := name
	for w.names[try] {
		w.next[name]++
		try = fmt.Sprintf("%s_%d", name, w.next[name])
	}
	w.names[try] = true
	return try
}

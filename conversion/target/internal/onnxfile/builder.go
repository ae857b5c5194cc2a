package onnxfile

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// builder collects a document.
type builder struct {
	doc   *document
	ort   bool                 // for ONNX Runtime
	names map[*ir.Value]string // constants that share one initializer
	same  map[string][]*weight
	first map[*weight]string
	taken map[string]bool
	top   map[*ir.Value]bool // values of the graph itself
	// scoped are the names of values in bodies; those of the graph are their own.
	scoped map[*ir.Value]string
}

func newBuilder(g *ir.Graph) *builder {
	b := &builder{
		doc:   &document{layers: map[string][]string{}, taps: map[string]string{}},
		names: map[*ir.Value]string{}, same: map[string][]*weight{}, first: map[*weight]string{}, taken: map[string]bool{},
	}
	b.top, b.scoped = map[*ir.Value]bool{}, map[*ir.Value]string{}
	for _, v := range g.Values() {
		b.taken[v.Name] = true
		b.top[v] = true
	}
	return b
}

// name is what v is called in the file.
func (b *builder) name(v *ir.Value) string {
	if name, ok := b.scoped[v]; ok {
		return name
	}
	return v.Name
}

// constant is the name of the initializer that holds t, an existing one where
// the same elements are there already. keep forbids that, for graph outputs.
func (b *builder) constant(name string, t *tensor.Tensor, keep bool) string {
	kind := fmt.Sprint(t.DType(), t.Shape())
	w := &weight{t: t}
	// Deferred weights were made for one layer each: to compute them here only to
	// find them different would cost as much as writing them.
	if !keep && t.DType() != tensor.String && !t.IsDeferred() {
		kind += t.Sample()
		for _, o := range b.same[kind] {
			if tensor.SameBytes(o.t, t) {
				return b.first[o]
			}
		}
	}
	w.head = tensorHead(name, t)
	if !t.IsDeferred() {
		b.same[kind] = append(b.same[kind], w)
	}
	b.first[w] = name
	b.doc.weights = append(b.doc.weights, w)
	return name
}

func (b *builder) fresh(base string) string {
	name := base
	for i := 1; b.taken[name]; i++ {
		name = base + "_" + strconv.Itoa(i)
	}
	b.taken[name] = true
	return name
}

func (b *builder) operand(g *ir.Graph, n *ir.Node, i int, o operand) string {
	switch {
	case o.c != nil:
		return b.constant(b.fresh(fmt.Sprintf("%s_in%d", n.Name, i)), o.c, false)
	case o.v == nil:
		return ""
	case !o.v.IsConst():
		return b.name(o.v)
	}
	name, ok := b.names[o.v]
	if !ok {
		name = o.v.Name
		if !b.top[o.v] {
			name = b.fresh(name)
		}
		name = b.constant(name, o.v.Const, g.IsOutput(o.v))
		b.names[o.v] = name
	}
	return name
}

// node spells one node of g, which may be a body.
func (b *builder) node(g *ir.Graph, n *ir.Node) ([]byte, error) {
	f, why := spell(n, b.doc.opset)
	if why != "" {
		return nil, fmt.Errorf("node %q cannot be written: %s", n.Name, why)
	}
	if b.ort {
		keepApart(n, f)
	}
	if err := b.bodies(g, n, f); err != nil {
		return nil, err
	}
	var in, out []string
	for i, o := range f.in {
		in = append(in, b.operand(g, n, i, o))
	}
	for i, v := range f.out {
		switch {
		case v != nil:
			out = append(out, b.name(v))
		case len(n.Bodies()) > 0:
			out = append(out, b.fresh(fmt.Sprintf("%s_unused%d", n.Name, i)))
		default:
			out = append(out, "")
		}
	}
	b.doc.layers[n.Name] = n.Origin
	if strings.HasPrefix(f.op, mlPrefix) {
		b.doc.ml = cmp.Or(mlRetired[f.op], b.doc.ml, mlOpset)
	}
	return nodeProto(n, f, in, out, irVersion(b.doc.opset) >= 10)
}

// build spells the whole graph in one operator set, ort: for ONNX Runtime.
func build(ctx context.Context, g *ir.Graph, opset int, ort bool, title string) (*document, error) {
	b := newBuilder(g)
	b.ort = ort
	d := b.doc
	d.opset = opset
	for i, n := range g.Nodes {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p, err := b.node(g, n)
		if err != nil {
			return nil, err
		}
		d.before = appendBytes(d.before, 1, p)
		for _, v := range n.Outputs {
			if v == nil {
				continue
			}
			for _, l := range v.Layers {
				d.taps[l] = v.Name
			}
		}
	}
	for _, v := range g.Outputs {
		if v.IsConst() && b.names[v] == "" {
			b.names[v] = b.constant(v.Name, v.Const, true)
		}
	}
	if g.Name != "" {
		title = g.Name
	}
	d.before = appendString(d.before, 2, title)
	for _, v := range g.Inputs {
		d.after = appendBytes(d.after, 11, valueInfo(v.Name, v.Type()))
	}
	for _, v := range g.Outputs {
		d.after = appendBytes(d.after, 12, valueInfo(v.Name, v.Type()))
	}
	for _, n := range g.Nodes {
		for _, v := range n.Outputs {
			if v != nil && v.DType != tensor.Invalid && !v.IsContainer() && v.Shape != nil && !g.IsOutput(v) {
				d.after = appendBytes(d.after, 13, valueInfo(v.Name, v.Type()))
			}
		}
	}
	d.frame(g)
	return d, nil
}

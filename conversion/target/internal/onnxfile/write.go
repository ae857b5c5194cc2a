package onnxfile

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/ir"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Sizes of a model's data.
const (
	externalAbove = 3 << 29 // 1.5 GiB: readers refuse messages of 2 GiB
	externalLeast = 1024    // smaller tensors stay in the model file
	pageSize      = 4096    // side data start on pages, so that they can be mapped
)

// document is a model ready to be streamed: small messages as bytes, weights as
// references.
type document struct {
	opset   int
	ml      int    // the version of the domain of classical models, 0 for none
	before  []byte // of the graph, ahead of the weights
	weights []*weight
	after   []byte
	header  []byte // of the model, ahead of the graph
	trailer []byte
	layers  map[string][]string
	taps    map[string]string
}

type weight struct {
	t      *tensor.Tensor
	head   []byte // the TensorProto up to its data
	inline bool
	offset int64 // in the side file, where not inline
}

// size is the length of the TensorProto.
func (w *weight) size() int {
	if !w.inline || w.t.DType() == tensor.String {
		return len(w.head)
	}
	return len(w.head) + protowire.SizeTag(9) + protowire.SizeBytes(w.t.Size())
}

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

// frame makes what surrounds the graph.
func (d *document) frame(g *ir.Graph) {
	h := appendInt(nil, 1, int64(irVersion(d.opset)))
	h = appendString(h, 2, "slipway")
	if v := g.Meta["domain"]; v != "" {
		h = appendString(h, 4, v)
	}
	if v, err := strconv.ParseInt(g.Meta["model_version"], 10, 64); err == nil {
		h = appendInt(h, 5, v)
	}
	if v := g.Meta["doc"]; v != "" {
		h = appendString(h, 6, v)
	}
	d.header = h
	t := appendBytes(nil, 8, appendInt(appendString(nil, 1, ""), 2, int64(d.opset)))
	if d.ml > 0 {
		t = appendBytes(t, 8, appendInt(appendString(nil, 1, mlDomain), 2, int64(d.ml)))
	}
	for _, k := range ir.Attrs(anyMap(g.Meta)).Keys() {
		if name, ok := strings.CutPrefix(k, ir.MetaPrefix); ok {
			t = appendBytes(t, 14, pair(name, g.Meta[k]))
		}
	}
	if p := g.Meta["producer"]; p != "" {
		t = appendBytes(t, 14, pair("slipway.source_producer", p))
	}
	d.trailer = t
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// The domain of classical models, the prefix of its operators' names here, and the
// version whose forms are written.
const (
	mlDomain = "ai.onnx.ml"
	mlPrefix = mlDomain + "."
	mlOpset  = 5
)

// mlRetired are the versions to write for operators that the newest one lacks.
var mlRetired = map[string]int{mlPrefix + "TreeEnsembleRegressor": 4}

// irVersion is the file format version that goes with an operator set.
func irVersion(opset int) int {
	switch {
	case opset >= 25:
		return 13
	case opset >= 24:
		return 12
	case opset >= 23:
		return 11
	case opset >= 21:
		return 10
	case opset >= 19:
		return 9
	}
	return 8
}

// dataSize is the number of bytes of all weights.
func (d *document) dataSize() int64 {
	n := int64(0)
	for _, w := range d.weights {
		n += int64(w.t.Size())
	}
	return n
}

// place decides where each weight's data go; side is the side file's name, ""
// where there is none.
func (d *document) place(side string) (sideSize int64) {
	for _, w := range d.weights {
		size := int64(w.t.Size())
		if side == "" || size < externalLeast {
			w.inline = true
			continue
		}
		w.offset = (sideSize + pageSize - 1) / pageSize * pageSize
		sideSize = w.offset + size
		for _, kv := range [][2]string{{"location", side}, {"offset", fmt.Sprint(w.offset)}, {"length", fmt.Sprint(size)}} {
			w.head = appendBytes(w.head, 13, pair(kv[0], kv[1]))
		}
		w.head = appendInt(w.head, 14, 1)
	}
	return sideSize
}

// writeTo streams the model file.
func (d *document) writeTo(ctx context.Context, out io.Writer) error {
	graph := len(d.before) + len(d.after)
	for _, w := range d.weights {
		graph += protowire.SizeTag(5) + protowire.SizeBytes(w.size())
	}
	if total := graph + len(d.header) + len(d.trailer); total > 1<<31-64 {
		return fmt.Errorf("the model file would have %d bytes, which its readers refuse", total)
	}
	b := bufio.NewWriterSize(out, 1<<20)
	b.Write(d.header)
	b.Write(protowire.AppendVarint(protowire.AppendTag(nil, 7, protowire.BytesType), uint64(graph)))
	b.Write(d.before)
	for _, w := range d.weights {
		b.Write(protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.BytesType), uint64(w.size())))
		b.Write(w.head)
		if !w.inline || w.t.DType() == tensor.String {
			continue
		}
		b.Write(protowire.AppendVarint(protowire.AppendTag(nil, 9, protowire.BytesType), uint64(w.t.Size())))
		if err := copyData(ctx, b, w.t); err != nil {
			return err
		}
	}
	b.Write(d.after)
	b.Write(d.trailer)
	return b.Flush() // a bufio.Writer keeps its first error
}

// writeSide streams the side file.
func (d *document) writeSide(ctx context.Context, out io.Writer) error {
	b := bufio.NewWriterSize(out, 1<<20)
	at := int64(0)
	zeros := make([]byte, pageSize)
	for _, w := range d.weights {
		if w.inline {
			continue
		}
		b.Write(zeros[:w.offset-at])
		if err := copyData(ctx, b, w.t); err != nil {
			return err
		}
		at = w.offset + int64(w.t.Size())
	}
	return b.Flush()
}

func copyData(ctx context.Context, w io.Writer, t *tensor.Tensor) error {
	defer t.Drop()
	return t.Chunks(func(b []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := w.Write(b)
		return err
	})
}

// create writes one file of the artefact and returns its SHA-256.
func create(dir, name string, write func(io.Writer) error) (string, error) {
	f, err := target.Create(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := write(f); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return f.SHA256(), nil
}

func originText(layers []string) string {
	b, err := json.Marshal(layers)
	if err != nil {
		return ""
	}
	return string(b)
}

package coreml

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/filemap"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/schema/mil"
	"slipway/conversion/source"
	"slipway/conversion/tensor"
)

// Source reads .mlpackage folders. The zero value is ready.
type Source struct {
	// Decoded is told each model file that Open decoded, before its program becomes a
	// graph, for who needs the package's interface as well. nil: nobody is.
	Decoded func(*mil.Model)
}

var _ source.Source = Source{}

// Name is "coreml".
func (Source) Name() string { return "coreml" }

// Match goes by the name, as a package is a folder and has no first bytes.
func (Source) Match(_ []byte, path string) bool {
	return strings.EqualFold(filepath.Ext(path), ".mlpackage")
}

// Open reads the package at path. Input shapes cannot be changed: a program has
// the sizes that it was written with.
func (s Source) Open(ctx context.Context, path string, o source.Options) (*source.Model, error) {
	root, err := mil.Root(path)
	if err != nil {
		return nil, refuse(path, err)
	}
	if len(o.InputShapes) > 0 {
		return nil, diag.Errorf("coreml.fixed-shape", "an ML Program has fixed input sizes").In(path)
	}
	b, err := os.ReadFile(filepath.Join(path, root))
	if err != nil {
		return nil, refuse(path, err)
	}
	program, err := mil.Decode(b)
	if err != nil {
		return nil, refuse(path, err)
	}
	if s.Decoded != nil {
		s.Decoded(program)
	}
	weights, closeFile, err := openWeights(filepath.Join(path, filepath.Dir(root), "weights", "weight.bin"), o.NoMap)
	if err != nil {
		return nil, refuse(path, err)
	}
	g, err := read(ctx, program, weights, o.Registry)
	if err != nil {
		_ = closeFile()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, refuse(path, err)
	}
	return &source.Model{
		Graph: g, Format: "Core ML", Version: version(program),
		Files: []string{path}, Close: closeFile,
	}, nil
}

// version says in words which version a program is of, and what its interface
// has that a graph does not show.
func version(m *mil.Model) string {
	s := fmt.Sprintf("specification %d, %s", m.Version, m.Main.Opset)
	for _, f := range m.Inputs {
		if i := f.Image; i != nil {
			s += fmt.Sprintf(", takes %s pictures of %dx%d", i.Color, i.Height, i.Width)
		}
	}
	if m.Label != "" {
		s += ", names classes"
	}
	return s
}

func openWeights(path string, noMap bool) ([]byte, func() error, error) {
	f, err := filemap.Open(path, noMap)
	if os.IsNotExist(err) {
		return nil, func() error { return nil }, nil // a program without weights
	}
	if err != nil {
		return nil, nil, err
	}
	return f.Bytes(), f.Close, nil
}

func refuse(path string, err error) error {
	return diag.Errorf("coreml.unreadable", "%v", err).In(path)
}

// reader turns a program into a graph.
type reader struct {
	g       *ir.Graph
	reg     *op.Registry
	weights []byte
	vals    map[string]*ir.Value
	o       *mil.Op
	read    map[string]bool // arguments that were looked at
	err     error
}

func read(ctx context.Context, m *mil.Model, weights []byte, reg *op.Registry) (*ir.Graph, error) {
	r := &reader{g: ir.New("main"), reg: reg, weights: weights, vals: map[string]*ir.Value{}}
	for _, v := range m.Main.Inputs {
		r.vals[v.Name] = r.g.AddInput(v.Name, v.Type.DType, sizes(v.Name, v.Type))
	}
	for _, o := range m.Main.Ops {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.operation(o); err != nil {
			return nil, err
		}
	}
	for _, name := range m.Main.Outputs {
		v := r.vals[name]
		if v == nil {
			return nil, fmt.Errorf("output %q is not computed", name)
		}
		r.g.Outputs = append(r.g.Outputs, v)
	}
	for _, name := range slices.Sorted(maps.Keys(r.vals)) {
		r.g.RenameValue(r.vals[name], m.Source(name))
	}
	return r.g, ir.Check(r.g)
}

// sizes is an input's shape; a size that is not known is a symbol of its own.
func sizes(name string, t mil.Type) ir.Shape {
	s := make(ir.Shape, len(t.Dims))
	for i, n := range t.Dims {
		if s[i] = ir.Static(n); n < 0 {
			s[i] = ir.Symbol(fmt.Sprintf("%s_d%d", name, i))
		}
	}
	return s
}

// agrees reports whether an inferred shape is the one that a program tells,
// where -1 is a size that is known when it runs.
func agrees(s ir.Shape, dims []int64) bool {
	if s == nil || len(s) != len(dims) {
		return false
	}
	for i, d := range s {
		if n, ok := d.Int(); ok != (dims[i] >= 0) || ok && n != dims[i] {
			return false
		}
	}
	return true
}

func (r *reader) operation(o *mil.Op) error {
	name := o.Type
	if len(o.Outputs) > 0 {
		name = o.Outputs[0].Name
	}
	r.o, r.read = o, map[string]bool{}
	f := readers[o.Type]
	if f == nil {
		return fmt.Errorf("operation %q: %s is not read", name, o.Type)
	}
	f(r)
	if r.err != nil {
		return fmt.Errorf("operation %q (%s): %w", name, o.Type, r.err)
	}
	for _, a := range o.Inputs {
		if !r.read[a.Name] {
			return fmt.Errorf("operation %q (%s): argument %s is not read", name, o.Type, a.Name)
		}
	}
	for _, t := range o.Outputs {
		v := r.vals[t.Name]
		if v == nil {
			return fmt.Errorf("operation %q (%s): result %q is missing", name, o.Type, t.Name)
		}
		if !declared(v, t.Type) {
			return fmt.Errorf("operation %q (%s): result %q is %v%v, the program says %v%v", name, o.Type, t.Name, v.DType, v.Shape, t.Type.DType, t.Type.Dims)
		}
	}
	return nil
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// literal is a Value's elements.
func (r *reader) literal(v *mil.Value) *tensor.Tensor {
	if v == nil {
		r.fail("a literal is missing")
		return tensor.New(tensor.Float32)
	}
	if !v.Blob {
		return v.Tensor
	}
	t, err := mil.Blob(r.weights, v.Offset, v.Type)
	if err != nil {
		r.fail("%w", err)
		return tensor.New(tensor.Float32)
	}
	return t.Backed(filemap.Release)
}

// list is an argument's values; nil where it is omitted.
func (r *reader) list(name string) []*ir.Value {
	r.read[name] = true
	var out []*ir.Value
	for _, ref := range r.o.Arg(name) {
		var v *ir.Value
		if ref.Value != nil {
			v = r.g.AddConst(name, r.literal(ref.Value))
		} else if v = r.vals[ref.Name]; v == nil {
			r.fail("argument %s reads %q, which nothing before it gives", name, ref.Name)
			v = r.g.AddConst(name, tensor.New(tensor.Float32))
		}
		out = append(out, v)
	}
	return out
}

// has reports whether an argument is given.
func (r *reader) has(name string) bool { return r.o.Arg(name) != nil }

// v is a required argument's value.
func (r *reader) v(name string) *ir.Value {
	l := r.list(name)
	if len(l) != 1 {
		r.fail("argument %s has %d values, one is expected", name, len(l))
		return r.g.AddConst(name, tensor.New(tensor.Float32))
	}
	return l[0]
}

// c is an argument's constant; nil where it is omitted.
func (r *reader) c(name string) *tensor.Tensor {
	if !r.has(name) {
		return nil
	}
	v := r.v(name)
	if !v.IsConst() {
		r.fail("argument %s is not constant", name)
		return nil
	}
	return v.Const
}

func (r *reader) ints(name string) []int64 {
	t := r.c(name)
	if t == nil {
		return nil
	}
	x, err := t.Int64s()
	if err != nil {
		r.fail("argument %s: %w", name, err)
	}
	return x
}

func (r *reader) int(name string, def int64) int64 {
	if x := r.ints(name); len(x) == 1 {
		return x[0]
	} else if r.has(name) {
		r.fail("argument %s is no single number", name)
	}
	return def
}

func (r *reader) real(name string, def float64) float64 {
	t := r.c(name)
	switch {
	case t == nil:
		return def
	case t.Len() != 1 || !t.DType().IsReal():
		r.fail("argument %s is no single number", name)
		return def
	}
	return t.Float64s()[0]
}

func (r *reader) flag(name string, def bool) bool {
	d := 0.0
	if def {
		d = 1
	}
	return r.real(name, d) != 0
}

func (r *reader) flags(name string) []bool {
	t := r.c(name)
	if t == nil {
		return nil
	}
	out := make([]bool, t.Len())
	for i, b := range t.Bytes() {
		out[i] = b != 0
	}
	return out
}

func (r *reader) str(name, def string) string {
	t := r.c(name)
	if t == nil {
		return def
	}
	if t.DType() != tensor.String || t.Len() != 1 {
		r.fail("argument %s is no text", name)
		return def
	}
	return t.Strings()[0]
}

// node adds a node with one inner result.
func (r *reader) node(name string, attrs ir.Attrs, inputs ...*ir.Value) *ir.Value {
	return r.nodes(name, attrs, inputs, r.o.Outputs[0].Name+"/"+name)[0]
}

// nodes adds a node with the named results, and infers it.
func (r *reader) nodes(name string, attrs ir.Attrs, inputs []*ir.Value, outs ...string) []*ir.Value {
	n := r.g.AddNode(name, r.o.Outputs[0].Name, attrs, inputs, outs...)
	n.Origin = []string{n.Name}
	if r.err == nil {
		if err := r.reg.Infer(n); err != nil {
			r.fail("%w", err)
		}
	}
	return n.Outputs
}

// final adds the node that gives the operation's only result.
func (r *reader) final(name string, attrs ir.Attrs, inputs ...*ir.Value) {
	out := r.o.Outputs[0].Name
	v := r.nodes(name, attrs, inputs, out)[0]
	v.Layers = []string{v.Node().Name}
	r.vals[out] = v
}

func (r *reader) constInts(v ...int64) *ir.Value { return r.g.AddConst("ints", tensor.Of(v, len(v))) }

// scalar is a constant in the element type of like.
func (r *reader) scalar(like *ir.Value, x float64) *ir.Value {
	t, err := tensor.FromFloat64s(like.DType, []float64{x})
	if err != nil {
		r.fail("%w", err)
		t = tensor.Scalar(float32(x))
	}
	return r.g.AddConst("value", t)
}

package coreml

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/schema/mil"
	"slipway/conversion/tensor"
)

// held is the type that tensors of d have in a program; Invalid where there is
// none.
func held(d tensor.DType) tensor.DType {
	switch {
	case d == tensor.Float16 || d == tensor.Bool:
		return d
	case d == tensor.Float32 || d == tensor.Float64 || d == tensor.BFloat16:
		return tensor.Float32
	case d.IsInt():
		return tensor.Int32
	}
	return tensor.Invalid
}

// blobElements is the size from which constants lie in the file of weights.
const blobElements = 10

// literal appends a const operation, or one that unpacks a palette.
func (e *emitter) literal(name string, t *tensor.Tensor) val {
	if v, ok := e.palette(name, t); ok {
		return v
	}
	v := val{e.unique(name), t.DType(), t.Shape()}
	lit := mil.Immediate(t)
	if d := t.DType(); t.Len() >= blobElements && (d.IsFloat() || d == tensor.Int8 || d == tensor.Uint8) {
		lit = e.blob(t)
	}
	e.f.Ops = append(e.f.Ops, &mil.Op{
		Type: "const", Outputs: []mil.Typed{{Name: v.name, Type: mil.TypeOf(v.dtype, v.shape)}},
		Attrs: []mil.Attr{{Name: "name", Value: mil.String(v.name)}, {Name: "val", Value: lit}},
	})
	return v
}

func (e *emitter) blob(t *tensor.Tensor) *mil.Value {
	at, err := e.blobs.Put(t)
	if err != nil {
		e.fail("writing weights: %w", err)
	}
	t.Drop()
	return &mil.Value{Type: mil.TypeOf(t.DType(), t.Shape()), Blob: true, Offset: at}
}

// hold converts a tensor to the type that the program holds it in.
func (e *emitter) hold(t *tensor.Tensor) *tensor.Tensor {
	d := held(t.DType())
	if d == t.DType() {
		return t
	}
	if d == tensor.Int32 {
		v, err := t.Int64s()
		if err != nil {
			e.fail("%w", err)
			return tensor.New(d)
		}
		out := tensor.New(d, t.Shape()...)
		for i, x := range v {
			if x < math.MinInt32 || x > math.MaxInt32 {
				e.fail("the constant %d does not fit into 32 bits", x)
				return out
			}
			tensor.View[int32](out)[i] = int32(x)
		}
		return out
	}
	if d == tensor.Invalid {
		e.fail("a constant of %v cannot be held", t.DType())
		return tensor.New(tensor.Float32)
	}
	out, err := t.Cast(d)
	if err != nil {
		e.fail("%w", err)
		return tensor.New(d)
	}
	return out
}

// value is the result that stands for v; constants get their operation here.
func (e *emitter) value(v *ir.Value) val {
	if v == nil {
		e.fail("an input is missing")
		return val{}
	}
	if p, ok := e.vals[v]; ok {
		return p
	}
	if n := v.Node(); e.packs(n) {
		p := e.unpacked(n)
		e.source[p.name] = v.Name
		e.vals[v] = p
		return p
	}
	t := e.constantOf(v)
	if t == nil && openSizes(v) {
		p := e.told(v)
		e.vals[v] = p
		return p
	}
	if t == nil {
		e.fail("%q is read before it is written", v.Name)
		return val{}
	}
	p := e.literal(v.Name, e.hold(t))
	e.source[p.name] = v.Name
	e.vals[v] = p
	return p
}

// in is the result for input i of the current node.
func (e *emitter) in(i int) val { return e.value(e.cur.In(i)) }

// lazy reports whether v is a constant or holds sizes, which are emitted where
// they are read.
func (e *emitter) lazy(v *ir.Value) bool {
	if e.packs(v.Node()) || openSizes(v) && v.Node() != nil {
		return true
	}
	return e.constantOf(v) != nil
}

// constantOf is what v is where that is known while writing: a constant, a known
// size, or computed from those; nil where it is not.
func (e *emitter) constantOf(v *ir.Value) *tensor.Tensor {
	if v == nil {
		return nil
	}
	if v.IsConst() {
		return v.Const
	}
	if t, ok := e.known[v]; ok {
		return t
	}
	e.known[v] = nil
	if t := content(v); t != nil {
		e.known[v] = t
		return t
	}
	n := v.Node()
	if n == nil || len(n.Inputs) == 0 {
		return nil
	}
	args := make([]*tensor.Tensor, len(n.Inputs))
	for i, x := range n.Inputs {
		if x == nil {
			continue
		}
		if args[i] = e.constantOf(x); args[i] == nil {
			return nil
		}
	}
	out, err := e.reg.EvalNode(n, args)
	if err != nil {
		return nil // the node is emitted, or refused there with its reason
	}
	for i, o := range n.Outputs {
		if o != nil && i < len(out) {
			e.known[o] = out[i]
		}
	}
	return e.known[v]
}

// content is v as a tensor where shape inference knows its elements.
func content(v *ir.Value) *tensor.Tensor {
	if v.Content == nil || !v.DType.IsInt() || v.Rank() < 0 || v.Rank() > 1 {
		return nil
	}
	x := make([]int64, len(v.Content))
	for i, d := range v.Content {
		n, ok := d.Int()
		if !ok {
			return nil
		}
		x[i] = n
	}
	var shape []int
	if v.Rank() == 1 {
		shape = []int{len(x)}
	} else if len(x) != 1 {
		return nil
	}
	t, err := tensor.FromInt64s(v.DType, x, shape...)
	if err != nil {
		return nil
	}
	return t
}

// constantNode reports whether n computes from constants alone, or gives sizes
// alone, which are known when it comes to writing: no operation is written for
// it.
func constantNode(n *ir.Node) bool {
	known := len(n.Outputs) > 0
	for _, v := range n.Outputs {
		known = known && v != nil && v.Content != nil
	}
	if known {
		return true
	}
	any := false
	for _, v := range n.Inputs {
		if v == nil {
			continue
		}
		any = true
		if !v.IsConst() && v.Content == nil && !(v.Node() != nil && constantNode(v.Node())) {
			return false
		}
	}
	return any
}

// Arguments.

func in(name string, v ...val) arg { return arg{name: name, vals: v} }

func lit(name string, t *tensor.Tensor) arg { return arg{name: name, lit: t} }

func ints(name string, v ...int) arg {
	t := tensor.New(tensor.Int32, len(v))
	for i, x := range v {
		tensor.View[int32](t)[i] = int32(x)
	}
	return lit(name, t)
}

func num(name string, v int) arg { return lit(name, tensor.Scalar(int32(v))) }

func flag(name string, v bool) arg {
	t := tensor.New(tensor.Bool)
	if v {
		t.Bytes()[0] = 1
	}
	return lit(name, t)
}

func flags(name string, v ...bool) arg {
	t := tensor.New(tensor.Bool, len(v))
	for i, x := range v {
		if x {
			t.Bytes()[i] = 1
		}
	}
	return lit(name, t)
}

func word(name, s string) arg { return lit(name, mil.String(s).Tensor) }

// real is a scalar of type d, which is a float or Int32.
func real(name string, d tensor.DType, v float64) arg {
	t, err := tensor.FromFloat64s(d, []float64{v})
	if err != nil {
		t = tensor.Scalar(float32(v))
	}
	return lit(name, t)
}

// list64 is a list of int64 as ints.
func list64(v []int64) []int {
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(x)
	}
	return out
}

// castNames are the types that cast can make.
var castNames = map[tensor.DType]string{tensor.Float16: "fp16", tensor.Float32: "fp32", tensor.Int32: "int32", tensor.Bool: "bool"}

// convert changes the element type, where it differs.
func (e *emitter) convert(p val, d tensor.DType) val {
	if p.dtype == d || p.name == "" {
		return p
	}
	return e.op("cast", d, p.shape, in("x", p), word("dtype", castNames[d]))
}

// scalar is a constant of rank 0 as a result.
func (e *emitter) scalar(d tensor.DType, v float64) val {
	a := real("", d, v)
	name := "value"
	if e.cur != nil {
		name = e.cur.Name + "_value"
	}
	return e.literal(name, a.lit)
}

// shapeOf is the shape of a value; -1 for a size that stays open.
func shapeOf(v *ir.Value) []int {
	out := make([]int, len(v.Shape))
	for i, d := range v.Shape {
		out[i] = -1
		if n, ok := d.Int(); ok {
			out[i] = int(n)
		}
	}
	return out
}

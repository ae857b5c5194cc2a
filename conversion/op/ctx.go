package op

import (
	"errors"
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// ErrNoDecomposition is wrapped by Decompose where a node's form has none.
var ErrNoDecomposition = errors.New("no decomposition")

// InferCtx is what shape inference sees: the node with its typed inputs.
type InferCtx struct {
	*ir.Node
	Registry *Registry
}

// InShape is the shape of input i; nil where it is omitted or unknown.
func (c *InferCtx) InShape(i int) ir.Shape {
	if v := c.In(i); v != nil {
		return v.Shape
	}
	return nil
}

// InType is the element type of input i; Invalid where it is omitted.
func (c *InferCtx) InType(i int) tensor.DType {
	if v := c.In(i); v != nil {
		return v.DType
	}
	return tensor.Invalid
}

// Content returns the elements of integer input i as far as they are known:
// from a constant of any size, or from shape arithmetic.
func (c *InferCtx) Content(i int) ([]ir.Dim, bool) {
	v := c.In(i)
	if v == nil {
		return nil, false
	}
	if v.Content != nil {
		return v.Content, true
	}
	if x, ok := v.ConstInts(); ok {
		d := make([]ir.Dim, len(x))
		for j, n := range x {
			d[j] = ir.Static(n)
		}
		return d, true
	}
	return nil, false
}

// Ints returns the elements of integer input i where all are known numbers.
func (c *InferCtx) Ints(i int) ([]int64, bool) {
	d, ok := c.Content(i)
	if !ok {
		return nil, false
	}
	out := make([]int64, len(d))
	for j := range d {
		n, ok := d[j].Int()
		if !ok {
			return nil, false
		}
		out[j] = n
	}
	return out, true
}

// Set gives output i its type and shape and clears its known content. A missing
// output is skipped. A static dimension that contradicts one already set by the
// source is an error only where both are static and differ.
func (c *InferCtx) Set(i int, d tensor.DType, s ir.Shape) {
	if v := c.Out(i); v != nil {
		v.SetType(ir.Type{DType: d, Shape: s})
	}
}

// SetContent records the known elements of integer output i (rank 0 or 1).
func (c *InferCtx) SetContent(i int, content []ir.Dim) {
	if v := c.Out(i); v != nil && len(content) <= 64 {
		v.Content = content
	}
}

// EvalCtx is what reference arithmetic sees. It reads In and attributes of the
// embedded node, and fills Out (one entry for every output of the node, nil
// allowed for omitted ones). It must not rely on the node's Values' shapes.
type EvalCtx struct {
	*ir.Node
	In       []*tensor.Tensor
	Out      []*tensor.Tensor
	Registry *Registry
	Env      Env
}

// Arg is input tensor i, nil where it is omitted.
func (c *EvalCtx) Arg(i int) *tensor.Tensor {
	if i < len(c.In) {
		return c.In[i]
	}
	return nil
}

// Builder is what Decompose writes with. New nodes get the old one's origins.
type Builder struct {
	*ir.Node           // the node being replaced
	Patch    *ir.Patch // open session
}

// Op adds a node with one output.
func (b *Builder) Op(name string, attrs ir.Attrs, inputs ...*ir.Value) *ir.Value {
	return b.Patch.Add(name, attrs, inputs, b.Node)
}

// Const adds a constant.
func (b *Builder) Const(t *tensor.Tensor) *ir.Value { return b.Patch.Const(b.Node.Name+"_const", t) }

// Scalar adds a floating-point constant of rank 0 in the given element type.
func (b *Builder) Scalar(d tensor.DType, v float64) *ir.Value {
	t, err := tensor.FromFloat64s(d, []float64{v})
	if err != nil {
		b.Patch.Fail(err)
		t = tensor.Scalar(float32(v))
	}
	return b.Const(t)
}

// Ints adds an int64 constant of rank 1.
func (b *Builder) Ints(v ...int64) *ir.Value { return b.Const(tensor.Of(v, len(v))) }

// Decompose replaces n, one step, inside p; it reports whether it did. The
// error wraps ErrNoDecomposition where n is a primitive or its form has none.
func (r *Registry) Decompose(p *ir.Patch, n *ir.Node) error {
	d := r.Get(n.Op)
	if d == nil || d.Decompose == nil {
		return fmt.Errorf("%s: %w", n.Op, ErrNoDecomposition)
	}
	outs, err := d.Decompose(&Builder{n, p})
	if err != nil {
		return err
	}
	for i, v := range outs {
		if o := n.Out(i); o != nil && v != nil {
			p.Replace(o, v)
		}
	}
	return nil
}

// Need is input i, an error where the node has none.
func (c *EvalCtx) Need(i int) (*tensor.Tensor, error) {
	if t := c.Arg(i); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("input %d is missing", i)
}

// Ints64 are the elements of integer input i, never nil: an empty list is not an
// absent one.
func (c *EvalCtx) Ints64(i int) ([]int64, error) {
	t, err := c.Need(i)
	if err != nil {
		return nil, err
	}
	v, err := t.Int64s()
	if err != nil {
		return nil, fmt.Errorf("input %d: %w", i, err)
	}
	if v == nil {
		v = []int64{}
	}
	return v, nil
}

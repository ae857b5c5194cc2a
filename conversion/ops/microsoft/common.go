package microsoft

import (
	"errors"
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

const family = "microsoft"

// fused completes an operator that its parts define: what d leaves open.
func fused(d *op.Def) *op.Def {
	d.Family = family
	if d.Outputs == nil {
		d.Outputs = op.In("Y")
	}
	if d.Infer == nil {
		d.Infer = inferParts
	}
	d.Eval = op.EvalDecomposed
	if d.Tol == op.Exact {
		d.Tol = op.Accumulating
	}
	attrs := d.Attrs
	name := d.Name
	if d.FromONNX == nil {
		d.FromONNX = func(s *op.Src) error {
			keep := make([]string, len(attrs))
			for i, a := range attrs {
				keep[i] = a.Name
			}
			return s.LowerParts(name, s.AttrsOf(keep...), s.Inputs...)
		}
	}
	return d
}

// inferParts takes the outputs' types and shapes from those of the parts. Of a
// form without parts, the type of the first output is known at the most.
func inferParts(c *op.InferCtx) error {
	g := ir.New(c.Name)
	in := make([]*ir.Value, len(c.Inputs))
	for i, v := range c.Inputs {
		switch {
		case v == nil:
		case v.IsConst():
			in[i] = g.AddConst(v.Name, v.Const)
		default:
			in[i] = g.AddInput(v.Name, v.DType, v.Shape)
			in[i].Content = v.Content
		}
	}
	names := make([]string, len(c.Outputs))
	for i, v := range c.Outputs {
		if v != nil {
			names[i] = v.Name
		}
	}
	n := g.AddNode(c.Op, c.Name, c.Attrs.Clone(), in, names...)
	for i, v := range c.Outputs {
		if v == nil {
			n.Outputs[i] = nil
		} else {
			g.Outputs = append(g.Outputs, n.Outputs[i])
		}
	}
	p := g.Edit("infer", c.Registry.Infer)
	outs, err := c.Registry.Get(c.Op).Decompose(&op.Builder{Node: n, Patch: p})
	switch {
	case errors.Is(err, op.ErrNoDecomposition):
		for i := range c.Outputs {
			c.Set(i, tensor.Invalid, nil)
		}
		if d := c.InType(0); d.IsFloat() {
			c.Set(0, d, nil) // which all of them with such a first input have in common
		}
		return nil
	case err == nil:
		err = p.Err()
	}
	if err != nil {
		return err
	}
	for i, v := range outs {
		if v != nil {
			c.Set(i, v.DType, v.Shape.Clone())
		}
	}
	return nil
}

// builder is build.B with the parameters of quantization.
type builder struct{ build.B }

func parts(f func(b builder) ([]*ir.Value, error)) func(*op.Builder) ([]*ir.Value, error) {
	return func(o *op.Builder) ([]*ir.Value, error) { return f(builder{build.B{Builder: o}}) }
}

// dequantize is DequantizeLinear of inputs at, at+1 and at+2, along axis where
// the scale is a list.
func (b builder) dequantize(at int, axis int64) *ir.Value {
	return b.real(b.In(at), b.In(at+1), b.In(at+2), axis)
}

func (b builder) real(x, scale, zero *ir.Value, axis int64) *ir.Value {
	in := []*ir.Value{x, scale}
	if zero != nil {
		in = append(in, zero)
	}
	return b.Op("DequantizeLinear", ir.Attrs{"axis": axis}, in...)
}

// quantize is QuantizeLinear to the scale and zero point at inputs at and at+1;
// without a zero point it is 0 of type d.
func (b builder) quantize(y *ir.Value, at int, d tensor.DType) *ir.Value {
	zero := b.In(at + 1)
	if zero == nil {
		zero = b.Const(tensor.New(d))
	}
	return b.Op("QuantizeLinear", nil, y, b.In(at), zero)
}

// unsupported is the error of a form that has no parts.
func unsupported(form string, args ...any) ([]*ir.Value, error) {
	return nil, fmt.Errorf("%s: %w", fmt.Sprintf(form, args...), op.ErrNoDecomposition)
}

// oneStep allows for sums that are rounded the other way: one step of the
// quantized type.
var oneStep = op.Tolerance{Abs: 1}

// float declares a floating-point attribute.
func float(name string, def any) op.Attr { return op.Attr{Name: name, Kind: op.Float, Default: def} }

func integer(name string, def int64) op.Attr {
	return op.Attr{Name: name, Kind: op.Int, Default: def}
}

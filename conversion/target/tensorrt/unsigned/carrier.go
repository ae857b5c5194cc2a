package unsigned

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// shift is what signed numbers are less than the unsigned ones that they stand for.
const shift = 128

// carrier holds unsigned values in another type: shifted in i8, as they are in f32.
type carrier struct {
	f    *freer
	to   tensor.DType
	held map[*ir.Value]*ir.Value
}

// carry makes the nodes of x anew in the carrier's type.
func (c *carrier) carry(x *group) {
	c.held = map[*ir.Value]*ir.Value{}
	p := c.f.p
	for _, n := range x.nodes {
		switch {
		case n.Op == "QuantizeLinear":
			c.held[n.Out(0)] = c.quantizer(n, n.In(0))
		case n.Op == "DequantizeLinear":
			p.Replace(n.Out(0), c.quantizer(n, c.read(n.In(0), n)))
		case n.Op == "Cast":
			y := n.In(0)
			if y.DType == tensor.Uint8 {
				y = c.read(y, n)
			}
			to := n.Out(0).DType
			if to == tensor.Uint8 {
				c.held[n.Out(0)] = c.cast(y, c.to, n)
				continue
			}
			p.Replace(n.Out(0), c.cast(y, to, n))
		default:
			c.move(n)
		}
	}
	for _, v := range x.values {
		if c.f.g.IsOutput(v) {
			p.Replace(v, p.Add("Cast", ir.Attrs{"to": op.ONNXType(tensor.Uint8)}, []*ir.Value{c.held[v]}, v.Node()))
		}
	}
}

func (c *carrier) cast(v *ir.Value, to tensor.DType, n *ir.Node) *ir.Value {
	if v.DType == to {
		return v
	}
	return c.f.p.Add("Cast", ir.Attrs{"to": op.ONNXType(to)}, []*ir.Value{v}, n)
}

// read is what stands for unsigned v, which n reads.
func (c *carrier) read(v *ir.Value, n *ir.Node) *ir.Value {
	switch {
	case v.IsConst():
		return c.constant(v)
	case c.held[v] == nil: // an input, in floats
		c.held[v] = c.cast(v, c.to, n)
	}
	return c.held[v]
}

// constant is constant v in the carrier's type.
func (c *carrier) constant(v *ir.Value) *ir.Value {
	if c.to == tensor.Int8 {
		return c.f.p.Const(v.Name, shifted(v.Const))
	}
	t, err := v.Const.Cast(c.to)
	if err != nil {
		c.f.p.Fail(err)
		return v
	}
	return c.f.p.Const(v.Name, t)
}

func shifted(t *tensor.Tensor) *tensor.Tensor {
	in := tensor.View[uint8](t)
	out := make([]int8, len(in))
	for i, x := range in {
		out[i] = int8(int(x) - shift)
	}
	return tensor.Of(out, t.Shape()...)
}

// quantizer is n on x with its zero point shifted.
func (c *carrier) quantizer(n *ir.Node, x *ir.Value) *ir.Value {
	p := c.f.p
	var zero *ir.Value
	if z := n.In(2); z != nil {
		zero = c.constant(z)
	} else {
		s, _ := n.In(1).Shape.Ints()
		zero = p.Const(n.Name+"_zero", shifted(tensor.New(tensor.Uint8, s...)))
	}
	attrs := n.Attrs.Clone()
	if n.Op == "QuantizeLinear" {
		delete(attrs, "output_dtype")
	}
	return p.Add(n.Op, attrs, []*ir.Value{x, n.In(1), zero}, n)
}

// move is n, which moves elements, in the carrier's type.
func (c *carrier) move(n *ir.Node) {
	p := c.f.p
	inputs := slices.Clone(n.Inputs)
	for i, v := range inputs {
		if v != nil && v.DType == tensor.Uint8 {
			inputs[i] = c.read(v, n)
		}
	}
	if n.Op == "Pad" && n.In(2) == nil && n.Str("mode", "constant") == "constant" && c.to == tensor.Int8 {
		for len(inputs) < 3 {
			inputs = append(inputs, nil)
		}
		inputs[2] = p.Const(n.Name+"_value", tensor.Scalar(int8(-shift)))
	}
	made := p.AddN(n.Op, n.Attrs.Clone(), inputs, len(n.Outputs), n)
	for i, v := range n.Outputs {
		switch {
		case v == nil:
			made.Outputs[i] = nil
		case v.DType == tensor.Uint8:
			c.held[v] = made.Out(i)
		default:
			p.Replace(v, made.Out(i))
		}
	}
}

package ncnn

import (
	"fmt"
	"io"

	"slipway/conversion/ir"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/tensor"
)

// constant is a constant operand: plain, or in another shape, half precision behind
// a Cast, or 8-bit integers behind a DequantizeLinear.
type constant struct {
	t      *tensor.Tensor
	scales []float32 // of 8-bit integers; one, or one for each index of axis
	axis   int
}

// packed is the constant that v holds; nil where v is computed from inputs.
func packed(v *ir.Value) *constant {
	if v == nil {
		return nil
	}
	if v.IsConst() {
		if !v.DType.IsReal() || v.DType.Bits() < 8 {
			return nil
		}
		return &constant{t: v.Const}
	}
	n := v.Node()
	if n == nil || v.DType != tensor.Float32 || !n.In(0).IsConst() {
		return nil
	}
	if views[n.Op] { // as decompositions leave them
		t, err := n.In(0).Const.Reshape(full(v)...)
		if err != nil {
			return nil
		}
		return &constant{t: t}
	}
	switch n.Op {
	case "Cast":
		if n.In(0).DType.IsFloat() && n.In(0).DType.Bits() <= 32 && n.In(0).DType.Bits() >= 16 {
			return &constant{t: n.In(0).Const}
		}
	case "DequantizeLinear":
		s := n.In(1)
		if n.In(0).DType != tensor.Int8 || !s.IsConst() || s.Rank() > 1 || n.Int("block_size", 0) != 0 {
			return nil
		}
		if z := n.In(2); z != nil {
			if !z.IsConst() {
				return nil
			}
			for _, x := range z.Const.Float64s() {
				if x != 0 {
					return nil
				}
			}
		}
		return &constant{t: n.In(0).Const, scales: s.Const.Float32s(), axis: axis(int(n.Int("axis", 1)), n.In(0).Rank())}
	}
	return nil
}

// floats are the elements in single precision.
func (c *constant) floats() []float32 {
	v := c.t.Float32s()
	if c.scales == nil {
		return v
	}
	out := make([]float32, len(v))
	each, inner := 1, len(v)
	if len(c.scales) > 1 {
		each, inner = len(c.scales), 1
		for _, d := range c.t.Shape()[c.axis+1:] {
			inner *= d
		}
	}
	for k, x := range v {
		out[k] = x * c.scales[k/inner%each]
	}
	return out
}

// order brings a weight's elements into the order of the file; nil leaves them.
type order func(*tensor.Tensor) (*tensor.Tensor, error)

// piece writes t in the given order, without keeping it.
func piece(tag uint32, t func() *tensor.Tensor, o order) chunk {
	return chunk{tagged: true, tag: tag, write: func(w io.Writer) (int64, error) {
		x := t()
		defer x.Drop()
		if o != nil {
			var err error
			if x, err = o(x); err != nil {
				return 0, err
			}
		}
		return x.WriteTo(w)
	}}
}

// weights is the tagged piece of a layer that computes with them in float: in 16
// bits where the constant is, in 32 otherwise.
func (c *constant) weights(o order, factor float32) chunk {
	plain := func() *tensor.Tensor { return c.t }
	if factor == 1 && c.scales == nil {
		switch c.t.DType() {
		case tensor.Float16:
			return piece(tagFloat16, plain, o)
		case tensor.Float32:
			return piece(tagFloat32, plain, o)
		}
	}
	return piece(tagFloat32, func() *tensor.Tensor {
		v := c.floats()
		if factor != 1 {
			w := make([]float32, len(v))
			for k, x := range v {
				w[k] = x * factor
			}
			v = w
		}
		return tensor.Of(v, c.t.Shape()...)
	}, o)
}

// integers is the tagged piece of a layer that computes in 8 bits.
func (c *constant) integers(o order) chunk {
	return piece(tagInt8, func() *tensor.Tensor { return c.t }, o)
}

// inverse are ncnn's scales, which multiply: one for each of n channels.
func (c *constant) inverse(n int) []float32 {
	out := make([]float32, n)
	for k := range out {
		s := c.scales[0]
		if len(c.scales) > 1 {
			s = c.scales[k]
		}
		out[k] = 1 / s
	}
	return out
}

// step is the scale of the quantizer that x went through, 0 where there is none.
func step(x *ir.Value) float32 {
	n := x.Node()
	if n == nil || n.Op != "DequantizeLinear" || !ours(n) {
		return 0
	}
	if s, ok := n.In(1).ConstScalar(); ok {
		return float32(s)
	}
	return 0
}

// ours reports whether this program's own quantization put n there: such a
// quantizer only rounds, and the layer that reads it rounds again. One from a
// source model may clip as well.
func ours(n *ir.Node) bool { return n.By == quantize.Static.Name }

var quantOps = map[string]spelling{"QuantizeLinear": quantizer, "DequantizeLinear": quantizer}

// quantizer: integer layers quantize their inputs themselves.
func quantizer(e *emitter, n *ir.Node) string {
	if !ours(n) {
		return "is written only where this program quantized the model; a quantizer of the source model has no layer"
	}
	if n.Op == "QuantizeLinear" {
		if n.Out(0).DType != tensor.Int8 {
			return fmt.Sprintf("makes %v; integer layers take int8", n.Out(0).DType)
		}
		if z := n.In(2); z != nil {
			if c, ok := z.ConstScalar(); !ok || c != 0 {
				return "has a zero point, which integer layers have not"
			}
		}
	}
	e.alias(n.Out(0), n.In(0))
	return ""
}

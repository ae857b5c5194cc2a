package build

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// B is an op.Builder with short forms. All values belong to its patch.
type B struct{ *op.Builder }

// Add is x + y.
func (b B) Add(x, y *ir.Value) *ir.Value { return b.Op("Add", nil, x, y) }

// Sub is x - y.
func (b B) Sub(x, y *ir.Value) *ir.Value { return b.Op("Sub", nil, x, y) }

// Mul is x * y.
func (b B) Mul(x, y *ir.Value) *ir.Value { return b.Op("Mul", nil, x, y) }

// Div is x / y.
func (b B) Div(x, y *ir.Value) *ir.Value { return b.Op("Div", nil, x, y) }

// MatMul is the matrix product.
func (b B) MatMul(x, y *ir.Value) *ir.Value { return b.Op("MatMul", nil, x, y) }

// Scale is x * f; x itself where f is 1.
func (b B) Scale(x *ir.Value, f float64) *ir.Value {
	if f == 1 {
		return x
	}
	return b.Mul(x, b.Scalar(x.DType, f))
}

// Cast converts x to d; x itself where it has that type.
func (b B) Cast(x *ir.Value, d tensor.DType) *ir.Value {
	if x.DType == d {
		return x
	}
	return b.Op("Cast", ir.Attrs{"to": op.ONNXType(d)}, x)
}

// Transpose moves axis perm[i] to place i.
func (b B) Transpose(x *ir.Value, perm ...int64) *ir.Value {
	return b.Op("Transpose", ir.Attrs{"perm": perm}, x)
}

// Unsqueeze inserts axes of size 1.
func (b B) Unsqueeze(x *ir.Value, axes ...int64) *ir.Value {
	return b.Op("Unsqueeze", nil, x, b.Ints(axes...))
}

// Squeeze removes axes of size 1.
func (b B) Squeeze(x *ir.Value, axes ...int64) *ir.Value {
	return b.Op("Squeeze", nil, x, b.Ints(axes...))
}

// Concat joins along an axis.
func (b B) Concat(axis int64, x ...*ir.Value) *ir.Value {
	if len(x) == 1 {
		return x[0]
	}
	return b.Op("Concat", ir.Attrs{"axis": axis}, x...)
}

// Slice takes [from, to) along an axis; negative numbers count from the end.
func (b B) Slice(x *ir.Value, axis, from, to int64) *ir.Value {
	return b.Op("Slice", nil, x, b.Ints(from), b.Ints(to), b.Ints(axis))
}

// Reshape gives x another shape: 0 keeps the size at that place, -1 takes what
// is left.
func (b B) Reshape(x *ir.Value, shape ...int64) *ir.Value {
	return b.Op("Reshape", nil, x, b.Ints(shape...))
}

// ReshapeDims gives x a shape that may be symbolic; sizes are then read from the
// tensors named in from, the first that has the dimension.
func (b B) ReshapeDims(x *ir.Value, shape ir.Shape, from ...*ir.Value) *ir.Value {
	attrs := ir.Attrs{}
	for _, d := range shape {
		if !d.IsStatic() || d.Is(0) {
			attrs["allowzero"] = int64(1)
		}
	}
	return b.Op("Reshape", attrs, x, b.ShapeOf(shape, from...))
}

// ShapeOf is a vector of the sizes in shape: a constant where all are known,
// else computed from the tensors named in from. A size that none of them has is
// -1, which Reshape solves.
func (b B) ShapeOf(shape ir.Shape, from ...*ir.Value) *ir.Value {
	var parts []*ir.Value
	var known []int64
	flush := func() {
		if len(known) > 0 {
			parts = append(parts, b.Ints(known...))
			known = nil
		}
	}
	for _, d := range shape {
		if n, ok := d.Int(); ok {
			known = append(known, n)
			continue
		}
		v := b.find(d, from)
		if v == nil {
			known = append(known, -1)
			continue
		}
		flush()
		parts = append(parts, v)
	}
	flush()
	if len(parts) == 0 {
		return b.Ints()
	}
	return b.Concat(0, parts...)
}

func (b B) find(d ir.Dim, from []*ir.Value) *ir.Value {
	for _, v := range from {
		for i, e := range v.Shape {
			if e.Equal(d) {
				return b.Size(v, i)
			}
		}
	}
	return nil
}

// Size is the size of x along an axis as a vector of one element.
func (b B) Size(x *ir.Value, axis int) *ir.Value {
	if axis < len(x.Shape) {
		if n, ok := x.Shape[axis].Int(); ok {
			return b.Ints(n)
		}
	}
	return b.Op("Shape", ir.Attrs{"start": int64(axis), "end": int64(axis + 1)}, x)
}

// Range counts from 0 to n, a vector of one element, as int64: a constant where
// n is known and not large.
func (b B) Range(n *ir.Value) *ir.Value {
	if v, ok := n.ConstInts(); ok && len(v) == 1 && v[0] >= 0 && v[0] < 1<<20 {
		out := make([]int64, v[0])
		for i := range out {
			out[i] = int64(i)
		}
		return b.Const(tensor.Of(out, len(out)))
	}
	return b.Op("Range", nil, b.Const(tensor.Scalar(int64(0))), b.Squeeze(n, 0), b.Const(tensor.Scalar(int64(1))))
}

// Outs adds a node with several outputs.
func (b B) Outs(name string, attrs ir.Attrs, outs int, inputs ...*ir.Value) []*ir.Value {
	return slices.Clone(b.Patch.AddN(name, attrs, inputs, outs, b.Node).Outputs)
}

// One wraps a single result.
func One(v *ir.Value) ([]*ir.Value, error) { return []*ir.Value{v}, nil }

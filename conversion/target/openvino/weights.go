package openvino

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// constantLike reports whether n only widens a constant: a half-precision
// weight or a quantized one. Such nodes are written where they are read.
func constantLike(n *ir.Node) bool {
	switch n.Op {
	case "Cast":
		v := n.In(0)
		return v.IsConst() && v.DType.IsFloat() && v.DType.Bits() == 16 && n.Out(0) != nil && n.Out(0).DType == tensor.Float32
	case "DequantizeLinear":
		return n.In(0).IsConst() && n.In(1).IsConst() && (n.In(2) == nil || n.In(2).IsConst()) && n.Int("block_size", 0) == 0
	}
	return false
}

// weights is the port of a weight value whose first axis is split into
// (groups, size/groups); groups 1 leaves the shape alone. Constants are viewed
// in the new shape, never copied.
func (e *emitter) weights(v *ir.Value, groups int) port {
	if groups == 1 {
		groups = 0
	}
	key := splitKey{v, groups}
	if p, ok := e.splits[key]; ok {
		return p
	}
	p := e.splitNew(v, groups)
	e.splits[key] = p
	return p
}

func splitShape(s []int, groups int) []int {
	if groups == 0 || len(s) == 0 {
		return slices.Clone(s)
	}
	return append([]int{groups, s[0] / groups}, s[1:]...)
}

func (e *emitter) splitNew(v *ir.Value, groups int) port {
	n := v.Node()
	switch {
	case v.IsConst() && groups == 0:
		return e.value(v)
	case v.IsConst():
		p := e.constant(e.view(v.Const, splitShape(v.Const.Shape(), groups)))
		p.l.name, p.l.origin = v.Name, nil
		return p
	case n != nil && constantLike(n) && n.Op == "Cast":
		src := n.In(0)
		p := e.constant(e.view(src.Const, splitShape(src.Const.Shape(), groups)))
		p.l.name, p.l.origin = src.Name, nil
		p = e.convert(p, tensor.Float32)
		p.l.decompress, p.l.name, p.l.origin = true, n.Name, n.Origin
		return p
	case n != nil && constantLike(n):
		return e.dequantized(n, groups)
	case groups == 0:
		return e.value(v)
	}
	s, ok := v.Shape.Ints()
	if !ok {
		e.fail("weights %q have no fixed shape", v.Name)
		return missing()
	}
	to := splitShape(s, groups)
	shape := make([]int64, len(to))
	for i, d := range to {
		shape[i] = int64(d)
	}
	return e.op("Reshape", "opset1", v.DType, ir.Dims(to...), []attr{{"special_zero", "false"}}, e.value(v), e.ints(shape...))
}

func (e *emitter) view(t *tensor.Tensor, shape []int) *tensor.Tensor {
	r, err := t.Reshape(shape...)
	if err != nil {
		e.fail("%w", err)
		return t
	}
	return r
}

// dequantized writes Const -> Convert -> (Subtract) -> Multiply.
func (e *emitter) dequantized(n *ir.Node, groups int) port {
	q, out := n.In(0), n.Out(0).DType
	shape := splitShape(q.Const.Shape(), groups)
	params := func(t *tensor.Tensor) port {
		return e.floats(out, t.Float64s(), paramShape(t, int(n.Int("axis", 1)), q.Const.Rank(), groups)...)
	}
	if q.DType.Bits() == 32 {
		// A bias: only its values matter, and no plugin stores it as integers.
		f, err := dequantize(n)
		if err != nil {
			e.fail("%w", err)
			return missing()
		}
		return e.constant(e.view(f, shape))
	}
	p := e.constant(e.view(q.Const, shape))
	p.l.name, p.l.origin = q.Name, nil
	p = e.convert(p, out)
	if zp := n.In(2); zp != nil && !zp.Const.IsZero() {
		p = e.op("Subtract", "opset1", out, p.shape(), numpy, p, params(zp.Const))
	}
	p = e.op("Multiply", "opset1", out, p.shape(), numpy, p, params(n.In(1).Const))
	p.l.name = n.Name
	return p
}

// paramShape is the shape in which a scale or zero point of a quantized tensor
// of the given rank broadcasts against it, its first axis being split.
func paramShape(t *tensor.Tensor, axis, rank, groups int) []int {
	if t.Len() == 1 {
		return []int{}
	}
	axis = normalAxis(axis, rank)
	s := make([]int, rank)
	for i := range s {
		s[i] = 1
	}
	s[axis] = t.Len()
	if groups == 0 {
		return s
	}
	if axis == 0 {
		return splitShape(s, groups)
	}
	return append([]int{1}, s...)
}

// normalAxis is the quantization axis of a tensor: ONNX gives 1 by default, also
// where the tensor has one axis only.
func normalAxis(axis, rank int) int {
	if axis < 0 {
		axis += rank
	}
	return max(0, min(axis, rank-1))
}

// dequantize evaluates a DequantizeLinear of constants in binary32.
func dequantize(n *ir.Node) (*tensor.Tensor, error) {
	q, scale := n.In(0).Const, n.In(1).Const.Float32s()
	iv, err := q.Int64s()
	if err != nil {
		return nil, err
	}
	var zp []int64
	if z := n.In(2); z != nil {
		if zp, err = z.Const.Int64s(); err != nil {
			return nil, err
		}
	}
	axis, inner := int(n.Int("axis", 1)), 1
	axis = normalAxis(axis, q.Rank())
	for i := axis + 1; i < q.Rank(); i++ {
		inner *= q.Shape()[i]
	}
	out := make([]float32, len(iv))
	for i, x := range iv {
		c := 0
		if len(scale) > 1 {
			c = i / inner % len(scale)
		}
		if c < len(zp) {
			x -= zp[c]
		}
		out[i] = float32(x) * scale[c]
	}
	return tensor.Of(out, q.Shape()...), nil
}

// perChannel is the port of a rank-1 value of C elements in the shape
// [1,C,1,…] of the given rank.
func (e *emitter) perChannel(v *ir.Value, rank int) port {
	shape := func(c int) []int {
		s := make([]int, rank)
		for i := range s {
			s[i] = 1
		}
		if rank > 1 {
			s[1] = c
		}
		return s
	}
	n := v.Node()
	switch {
	case v.IsConst():
		p := e.constant(e.view(v.Const, shape(v.Const.Len())))
		p.l.name, p.l.origin = v.Name, nil
		return p
	case n != nil && constantLike(n) && n.Op == "Cast":
		p := e.constant(e.view(n.In(0).Const, shape(n.In(0).Const.Len())))
		p.l.name, p.l.origin = n.In(0).Name, nil
		p = e.convert(p, tensor.Float32)
		p.l.decompress = true
		return p
	case n != nil && constantLike(n):
		f, err := dequantize(n)
		if err != nil {
			e.fail("%w", err)
			return missing()
		}
		if f, err = f.Cast(v.DType); err != nil {
			e.fail("%w", err)
			return missing()
		}
		return e.constant(e.view(f, shape(f.Len())))
	}
	to := make([]int64, rank)
	for i := range to {
		to[i] = 1
	}
	to[min(1, rank-1)] = -1
	return e.op("Reshape", "opset1", v.DType, nil, []attr{{"special_zero", "false"}}, e.value(v), e.ints(to...))
}

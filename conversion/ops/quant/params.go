package quant

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// typeAttr reads an attribute that holds an ONNX type number; Invalid where it
// is absent or 0.
func typeAttr(n *ir.Node, name string) (tensor.DType, error) {
	v := n.Int(name, 0)
	if v == 0 {
		return tensor.Invalid, nil
	}
	d, err := op.FromONNXType(v)
	if err != nil {
		return d, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// limits of the integer types that quantisation produces.
func limits(d tensor.DType) (lo, hi float32, ok bool) {
	switch d {
	case tensor.Int8:
		return -128, 127, true
	case tensor.Uint8:
		return 0, 255, true
	case tensor.Int16:
		return -1 << 15, 1<<15 - 1, true
	case tensor.Uint16:
		return 0, 1<<16 - 1, true
	case tensor.Int4:
		return -8, 7, true
	case tensor.Uint4:
		return 0, 15, true
	case tensor.Int2:
		return -2, 1, true
	case tensor.Uint2:
		return 0, 3, true
	}
	return 0, 0, false
}

// isFloat8 reports whether d is a float that is quantized to by a scale alone.
func isFloat8(d tensor.DType) bool {
	return d.IsFloat() && d.Bits() <= 8 && d != tensor.Float8E8M0
}

// spread says which scale belongs to which element.
type spread struct {
	outer, size, inner int // x as outer × axis × inner
	count              int // scales: 1, or size, or one for each block
	block              int // 0: per tensor or per axis
	blocks             int // along the axis
}

// newSpread checks the scale's shape against that of x.
func newSpread(n *ir.Node, x, scale []int) (*spread, error) {
	count, err := tensor.NumElements(scale)
	if err != nil {
		return nil, err
	}
	block := n.Int("block_size", 0)
	if block < 0 || block > 1<<31 {
		return nil, fmt.Errorf("block_size %d is out of range", block)
	}
	s := &spread{outer: 1, size: 1, inner: 1, count: count, block: int(block)}
	if count == 1 && len(scale) <= 1 {
		s.count, s.block = 1, 0
		for _, d := range x {
			s.inner *= d
		}
		return s, nil
	}
	axis := int(n.Int("axis", 1))
	if axis < 0 {
		axis += len(x)
	}
	if axis < 0 || axis >= len(x) {
		return nil, fmt.Errorf("axis %d is out of range for input %v", n.Int("axis", 1), x)
	}
	for i, d := range x {
		switch {
		case i < axis:
			s.outer *= d
		case i == axis:
			s.size = d
		default:
			s.inner *= d
		}
	}
	if s.block == 0 {
		if len(scale) != 1 || scale[0] != s.size {
			return nil, fmt.Errorf("scale %v does not match axis %d of input %v", scale, axis, x)
		}
		return s, nil
	}
	s.blocks = (s.size + s.block - 1) / s.block
	if len(scale) != len(x) {
		return nil, fmt.Errorf("scale %v for blocks needs the rank of input %v", scale, x)
	}
	for i, d := range x {
		if i == axis {
			d = s.blocks
		}
		if scale[i] != d {
			return nil, fmt.Errorf("scale %v does not match blocks of %d along axis %d of input %v", scale, s.block, axis, x)
		}
	}
	return s, nil
}

// rows calls f for every run of elements [at, at+n): element at+i uses the
// scale with index param+i*step.
func (s *spread) rows(f func(at, n, param, step int)) {
	tensor.Parallel(s.outer*s.size, 1+(1<<14)/max(s.inner, 1), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			o, a := r/s.size, r%s.size
			switch {
			case s.count == 1 && s.block == 0:
				f(r*s.inner, s.inner, 0, 0)
			case s.block == 0:
				f(r*s.inner, s.inner, a, 0)
			default:
				f(r*s.inner, s.inner, (o*s.blocks+a/s.block)*s.inner, 1)
			}
		}
	})
}

// checkParams is the part of newSpread that is known while shapes are symbolic.
func checkParams(c *op.InferCtx, scale, zero int) error {
	ss, zs := c.InShape(scale), c.InShape(zero)
	if c.In(zero) != nil && ss != nil && zs != nil {
		a, ok1 := ss.Ints()
		b, ok2 := zs.Ints()
		if ok1 && ok2 && product(a) != product(b) {
			return fmt.Errorf("scale %v and zero point %v differ in shape", ss, zs)
		}
	}
	xs, ok1 := c.InShape(0).Ints()
	s, ok2 := ss.Ints()
	if ok1 && ok2 {
		_, err := newSpread(c.Node, xs, s)
		return err
	}
	return nil
}

// zerosOfType refuses zero points that are of another type than what they are of, so
// that each is one of its integers. pairs are the places of both.
func zerosOfType(c *op.InferCtx, pairs ...[2]int) error {
	for _, p := range pairs {
		if d, z := c.InType(p[0]), c.InType(p[1]); d != z && d != tensor.Invalid && z != tensor.Invalid {
			return fmt.Errorf("the zero point of input %d is %v, the input %v", p[0], z, d)
		}
	}
	return nil
}

func product(v []int) int {
	n := 1
	for _, d := range v {
		n *= d
	}
	return n
}

// zeros are the elements of a zero point as float32; nil means that all are 0.
func zeros(zp *tensor.Tensor, count int) ([]float32, error) {
	if zp == nil {
		return nil, nil
	}
	if zp.Len() != count || !zp.DType().IsReal() {
		return nil, fmt.Errorf("zero point %v%v, want %d numbers", zp.DType(), zp.Shape(), count)
	}
	return zp.Float32s(), nil
}

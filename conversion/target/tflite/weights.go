package tflite

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// weightBytes is the size from which a constant stored as int8 or float16 stays
// so in the file; smaller ones are widened while writing.
const weightBytes = 1024

// stored is a constant as the graph holds it: plain, as float16 behind a Cast,
// or as integers behind a DequantizeLinear.
type stored struct {
	t     *tensor.Tensor
	half  bool
	scale []float32 // not nil: integers
	zero  []int64
	axis  int // of scale, where it has more than one entry
}

// storedOf finds the constant behind v; false where v is not constant.
func storedOf(v *ir.Value) (stored, bool) {
	if v == nil {
		return stored{}, false
	}
	if v.IsConst() {
		return stored{t: v.Const}, true
	}
	n := v.Node()
	if n == nil || !n.In(0).IsConst() {
		return stored{}, false
	}
	c := n.In(0).Const
	switch n.Op {
	case "Cast":
		return stored{t: c, half: true}, c.DType() == tensor.Float16 && v.DType == tensor.Float32
	case "DequantizeLinear":
		if legalQuantize(n) != "" {
			return stored{}, false
		}
		s := stored{t: c, scale: n.In(1).Const.Float32s(), axis: int(n.Int("axis", 1))}
		if s.axis < 0 {
			s.axis += c.Rank()
		}
		s.zero = make([]int64, len(s.scale))
		if z := n.In(2); z != nil {
			v, err := z.Const.Int64s()
			if err != nil || len(v) != len(s.scale) {
				return stored{}, false
			}
			copy(s.zero, v)
		}
		if c.DType() == tensor.Uint8 {
			u := tensor.View[uint8](c)
			data := make([]int8, len(u))
			for i, x := range u {
				data[i] = int8(x ^ 0x80)
			}
			s.t = tensor.Of(data, c.Shape()...)
			for i := range s.zero {
				s.zero[i] -= 128
			}
		}
		return s, true
	}
	return stored{}, false
}

// float is the constant in float32.
func (s stored) float() *tensor.Tensor {
	if s.scale == nil {
		if s.t.DType() == tensor.Float32 {
			return s.t
		}
		return tensor.Of(s.t.Float32s(), s.t.Shape()...)
	}
	v, err := s.t.Int64s()
	if err != nil {
		return s.t
	}
	out := make([]float32, len(v))
	inner := 1
	if len(s.scale) > 1 {
		for _, d := range s.t.Shape()[s.axis+1:] {
			inner *= d
		}
	}
	for i, x := range v {
		c := i / inner % len(s.scale)
		if len(s.scale) == 1 {
			c = 0
		}
		out[i] = float32(x-s.zero[c]) * s.scale[c]
	}
	return tensor.Of(out, s.t.Shape()...)
}

// symmetric reports whether int8 kernels take the constant as weights.
func (s stored) symmetric() bool {
	return s.scale != nil && s.t.DType() == tensor.Int8 && areSteps(s.scale) && !slices.ContainsFunc(s.zero, func(z int64) bool { return z != 0 })
}

// weight is the constant v, viewed in another shape of as many elements (nil:
// its own) and stored in the given order. Where quantized is set it is int8 with
// its parameters, else float32, possibly dequantized by the runtime while it
// loads. A scale's axis keeps its place in the view where the view only adds or
// removes axes of size 1 before or after it or splits later ones.
func (w *writer) weight(v *ir.Value, view []int, order layout.Perm, quantized bool) (int, error) {
	s, ok := storedOf(v)
	if !ok {
		return 0, fmt.Errorf("%q is not a constant", v.Name)
	}
	if view == nil {
		view = s.t.Shape()
	}
	t, err := s.t.Reshape(view...)
	if err != nil {
		return 0, err
	}
	axis, movable := viewAxis(s, view)
	if quantized {
		if s.t.DType() != tensor.Int8 || !movable {
			return 0, fmt.Errorf("constant %q cannot be used as int8", v.Name)
		}
		return w.addConst(t, order, s.quant(order, axis))
	}
	key := constKey{s.t, fmt.Sprint(view, []int(order), s.scale, s.zero, s.axis)}
	if i, ok := w.consts[key]; ok {
		return i, nil
	}
	big := s.t.Size() >= weightBytes
	var i int
	switch {
	case s.half && big:
		if i, err = w.addConst(t, order, nil); err != nil {
			return 0, err
		}
		i = w.dequantizeConst(i)
	case s.scale != nil && s.t.DType() == tensor.Int8 && big && movable && areSteps(s.scale):
		if i, err = w.addConst(t, order, s.quant(order, axis)); err != nil {
			return 0, err
		}
		i = w.dequantizeConst(i)
	default:
		if t, err = s.float().Reshape(view...); err != nil {
			return 0, err
		}
		if i, err = w.addConst(t, order, nil); err != nil {
			return 0, err
		}
	}
	w.consts[key] = i
	return i, nil
}

func (w *writer) dequantizeConst(i int) int {
	y := w.floatTensor(w.m.Tensors[i].Shape)
	w.op(fb.Dequantize, nil, []int{i}, y)
	return y
}

// viewAxis is the axis of the view that holds s's scales.
func viewAxis(s stored, view []int) (int, bool) {
	if len(s.scale) <= 1 {
		return 0, true
	}
	shape := s.t.Shape()
	before := 1
	for _, d := range shape[:s.axis] {
		before *= d
	}
	p := 1
	for a, d := range view {
		if p == before && d == shape[s.axis] {
			return a, true
		}
		p *= d
	}
	return 0, false
}

func (s stored) quant(order layout.Perm, axis int) *fb.Quant {
	q := &fb.Quant{Scale: s.scale, Zero: s.zero}
	if len(s.scale) > 1 {
		q.Dim = int32(order.Axis(axis))
	}
	return q
}

// bias is the bias of a product with n output channels: v, or zeros where it is
// omitted. For int8 it is int32 in units of input scale times weight scale.
func (e *emitter) bias(v *ir.Value, n int, scales []float32) (int, error) {
	if v == nil {
		if !e.quant {
			return e.floats(make([]float32, n), n), nil
		}
		return e.biasInts(make([]float32, n), scales)
	}
	s, ok := storedOf(v)
	if !ok {
		if e.quant {
			return 0, fmt.Errorf("the bias %q is not a constant", v.Name)
		}
		return e.read(v, nil, false)
	}
	f := s.float().Float32s()
	if len(f) == 1 && n > 1 {
		one := f[0]
		f = make([]float32, n)
		for i := range f {
			f[i] = one
		}
	}
	if len(f) != n {
		return 0, fmt.Errorf("the bias has %d elements for %d channels", len(f), n)
	}
	if !e.quant {
		return e.floats(f, n), nil
	}
	return e.biasInts(f, scales)
}

func (e *emitter) biasInts(f []float32, scales []float32) (int, error) {
	in := e.inQuant(0)
	out := make([]int32, len(f))
	q := &fb.Quant{}
	for _, s := range scales {
		q.Scale = append(q.Scale, in.scale*s)
		q.Zero = append(q.Zero, 0)
	}
	for c, b := range f {
		s := q.Scale[0]
		if len(q.Scale) > 1 {
			s = q.Scale[c]
		}
		r := math.RoundToEven(float64(b) / float64(s))
		if !(math.Abs(r) <= math.MaxInt32) { // holdsSums has looked
			return 0, fmt.Errorf("the bias of channel %d, %g, does not fit 32 bits in steps of %g", c, b, s)
		}
		out[c] = int32(r)
	}
	return e.addConst(tensor.Of(out, len(out)), nil, q)
}

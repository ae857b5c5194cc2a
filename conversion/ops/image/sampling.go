package image

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// sampling is a Resize with all sizes known.
type sampling struct {
	in, out             []int
	active              []bool    // axes that change
	scale               []float64 // by axis; 0 where sizes were given: then out/in, exactly
	start, end          []float64 // roi
	kind, mode, nearby  string
	antialias, exclude  bool
	cubicA, extrapolate float64
}

func newSampling(c *ir.Node, in []int, roi, scales, sizes *tensor.Tensor) (*sampling, error) {
	if err := checkModes(c); err != nil {
		return nil, err
	}
	rank := len(in)
	axes, err := axesOf(c, rank)
	if err != nil {
		return nil, err
	}
	s := &sampling{
		in: in, out: append([]int{}, in...), active: make([]bool, rank), scale: make([]float64, rank),
		start: make([]float64, rank), end: make([]float64, rank),
		kind: c.Str("mode", "nearest"), mode: c.Str("coordinate_transformation_mode", "half_pixel"),
		nearby: c.Str("nearest_mode", "round_prefer_floor"), antialias: c.Int("antialias", 0) != 0,
		exclude: c.Int("exclude_outside", 0) != 0, cubicA: c.Float("cubic_coeff_a", -0.75),
		extrapolate: c.Float("extrapolation_value", 0),
	}
	for i := range s.end {
		s.end[i] = 1
	}
	if err := s.readSizes(c, axes, scales, sizes); err != nil {
		return nil, err
	}
	if s.mode == "tf_crop_and_resize" {
		if roi == nil || roi.Len() != 2*len(axes) || !roi.DType().IsFloat() {
			return nil, fmt.Errorf("roi needs %d numbers", 2*len(axes))
		}
		v := roi.Float64s()
		for i, a := range axes {
			s.start[a], s.end[a] = v[i], v[len(axes)+i]
		}
	}
	for i := range s.active {
		s.active[i] = s.out[i] != in[i] || s.scale[i] != 0 && s.scale[i] != 1 || s.start[i] != 0 || s.end[i] != 1
		if in[i] == 0 && s.out[i] != 0 {
			return nil, fmt.Errorf("cannot resize an empty axis: %v to %v", in, s.out)
		}
		if s.out[i] > 1<<26 {
			return nil, fmt.Errorf("cannot resize %v to %v: too large", in, s.out)
		}
	}
	return s, kernel.CheckSize(tensor.Float64, s.out)
}

func (s *sampling) readSizes(c *ir.Node, axes []int, scales, sizes *tensor.Tensor) error {
	if sizes != nil && sizes.Len() > 0 {
		v, err := sizes.Int64s()
		if err != nil || len(v) != len(axes) {
			return fmt.Errorf("sizes %v for %d axes", sizes, len(axes))
		}
		policy := c.Str("keep_aspect_ratio_policy", "stretch")
		if policy != "stretch" {
			out, scale, err := keepAspect(policy, s.in, axes, v)
			if err != nil {
				return err
			}
			s.out = out
			for _, a := range axes {
				s.scale[a] = scale
			}
			return nil
		}
		for i, a := range axes {
			if v[i] < 0 {
				return fmt.Errorf("sizes %v are negative", v)
			}
			s.out[a] = int(v[i])
		}
		return nil
	}
	if scales == nil || scales.Len() != len(axes) || !scales.DType().IsFloat() {
		return fmt.Errorf("wants %d scales or sizes", len(axes))
	}
	for i, v := range scales.Float32s() {
		a := axes[i]
		if !(v > 0) || v > 1<<20 {
			return fmt.Errorf("scale %v is not usable", v)
		}
		s.out[a], s.scale[a] = int(float32(s.in[a])*v), float64(v)
	}
	return nil
}

// divide is v/scale along an axis.
func (s *sampling) divide(axis int, v float64) float64 {
	if s.scale[axis] == 0 {
		return v * float64(s.in[axis]) / float64(s.out[axis])
	}
	return v / s.scale[axis]
}

// origin is the coordinate in the input that output position o reads, by the
// formulas of ONNX Resize.
func (s *sampling) origin(axis, o int) float64 {
	x, in, out := float64(o), float64(s.in[axis]), float64(s.out[axis])
	switch s.mode {
	case "asymmetric":
		return s.divide(axis, x)
	case "tf_half_pixel_for_nn":
		return s.divide(axis, x+0.5)
	case "align_corners":
		if out <= 1 {
			return 0
		}
		return x * (in - 1) / (out - 1)
	case "pytorch_half_pixel":
		if out <= 1 {
			return 0
		}
	case "half_pixel_symmetric":
		width := out
		if s.scale[axis] != 0 {
			width = in * s.scale[axis]
		}
		return in/2*(1-out/width) + s.divide(axis, x+0.5) - 0.5
	case "tf_crop_and_resize":
		a, b := s.start[axis], s.end[axis]
		if out <= 1 {
			return (a + b) * (in - 1) / 2
		}
		return a*(in-1) + x*(b-a)*(in-1)/(out-1)
	}
	return s.divide(axis, x+0.5) - 0.5
}

func (s *sampling) nearestIndex(axis int, x float64) int {
	var i float64
	switch s.nearby {
	case "floor":
		i = math.Floor(x)
	case "ceil":
		i = math.Ceil(x)
	case "round_prefer_ceil":
		i = math.Floor(x + 0.5)
	default:
		i = math.Ceil(x - 0.5)
	}
	return int(math.Max(0, math.Min(i, float64(s.in[axis]-1))))
}

// taps are, for one output position, the input positions and their weights. An
// empty list means the extrapolation value.
type taps struct {
	at     []int
	weight []float64
}

// tapsAlong lists the taps of every output position along an axis.
func (s *sampling) tapsAlong(axis int) []taps {
	list := make([]taps, s.out[axis])
	for o := range list {
		x := s.origin(axis, o)
		if s.mode == "tf_crop_and_resize" && (x < 0 || x > float64(s.in[axis]-1)) {
			continue
		}
		if s.kind == "nearest" {
			list[o] = taps{[]int{s.nearestIndex(axis, x)}, []float64{1}}
			continue
		}
		list[o] = s.tapsAt(axis, x)
	}
	return list
}

func (s *sampling) tapsAt(axis int, x float64) taps {
	shrink := 1.0
	if s.antialias {
		shrink = min(1, 1/s.divide(axis, 1))
	}
	support := 1.0
	if s.kind == "cubic" {
		support = 2
	}
	first, last := int(math.Ceil(x-support/shrink)), int(math.Floor(x+support/shrink))
	var t taps
	sum := 0.0
	for i := first; i <= last; i++ {
		w := s.weight((float64(i) - x) * shrink)
		outside := i < 0 || i >= s.in[axis]
		if w == 0 || outside && s.exclude {
			continue
		}
		t.at = append(t.at, max(0, min(i, s.in[axis]-1)))
		t.weight = append(t.weight, w)
		sum += w
	}
	for i := range t.weight {
		t.weight[i] /= sum
	}
	return t
}

// weight is the interpolation kernel: a tent, or Keys' cubic convolution.
func (s *sampling) weight(d float64) float64 {
	d = math.Abs(d)
	if s.kind == "linear" {
		return math.Max(0, 1-d)
	}
	a := s.cubicA
	switch {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((a*d-5*a)*d+8*a)*d - 4*a
	}
	return 0
}

// nearest moves whole elements of any type of at least one byte.
func (s *sampling) nearest(x *tensor.Tensor) (*tensor.Tensor, error) {
	size := x.DType().Bits() / 8
	if size == 0 {
		return nil, fmt.Errorf("element type %v is not supported", x.DType())
	}
	index := make([][]int, len(s.out))
	stride := make([]int, len(s.out))
	total, step := 1, size
	for a := len(s.out) - 1; a >= 0; a-- {
		index[a] = make([]int, s.out[a])
		stride[a] = step
		step *= s.in[a]
		total *= s.out[a]
		for o := range index[a] {
			index[a][o] = o
			if s.active[a] {
				index[a][o] = s.nearestIndex(a, s.origin(a, o))
			}
		}
	}
	src, dst := x.Bytes(), make([]byte, total*size)
	if total > 0 && len(s.out) > 0 {
		last := len(s.out) - 1
		width := s.out[last]
		tensor.Parallel(total/width, 1+(1<<13)/width, func(lo, hi int) {
			for r := lo; r < hi; r++ {
				base, rest := 0, r
				for a := last - 1; a >= 0; a-- {
					base += index[a][rest%s.out[a]] * stride[a]
					rest /= s.out[a]
				}
				for o, i := range index[last] {
					copy(dst[(r*width+o)*size:][:size], src[base+i*size:][:size])
				}
			}
		})
	} else if len(s.out) == 0 {
		copy(dst, src)
	}
	return tensor.FromBytes(x.DType(), s.out, dst)
}

// interpolate resamples one axis after the other.
func interpolate[T float32 | float64](s *sampling, x []T, shape []int) []T {
	shape = append([]int{}, shape...)
	for axis := range shape {
		if !s.active[axis] {
			continue
		}
		list := s.tapsAlong(axis)
		outer, inner := 1, 1
		for i, d := range shape {
			if i < axis {
				outer *= d
			} else if i > axis {
				inner *= d
			}
		}
		n, m := shape[axis], s.out[axis]
		y := make([]T, outer*m*inner)
		tensor.Parallel(outer*m, 1+(1<<13)/max(inner, 1), func(lo, hi int) {
			for r := lo; r < hi; r++ {
				row := y[r*inner:][:inner]
				t := list[r%m]
				if len(t.at) == 0 {
					for i := range row {
						row[i] = T(s.extrapolate)
					}
				}
				for k, at := range t.at {
					src, w := x[(r/m*n+at)*inner:][:inner], T(t.weight[k])
					for i, v := range src {
						row[i] += w * v
					}
				}
			}
		})
		x = y
		shape[axis] = m
	}
	return x
}

package window

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// Spec are the window attributes of one node, one entry for each spatial axis.
type Spec struct {
	Kernel, Stride, Dilation, Begin, End []int64
	Auto                                 string // "", SAME_UPPER, SAME_LOWER or VALID
	Ceil                                 bool
}

// Attrs lists the attributes that Read understands, for a Def.
func Attrs(more ...op.Attr) []op.Attr {
	return append([]op.Attr{
		{Name: "auto_pad", Kind: op.Str, Default: "NOTSET"},
		{Name: "dilations", Kind: op.Ints},
		{Name: "kernel_shape", Kind: op.Ints},
		{Name: "pads", Kind: op.Ints},
		{Name: "strides", Kind: op.Ints},
	}, more...)
}

// maxExtent bounds every attribute so that no later sum or product overflows.
const maxExtent = 1 << 31

// Read takes the attributes of n for the given number of spatial axes. kernel
// is the kernel's shape where the weights tell it, else nil: then kernel_shape
// must be present.
func Read(n *ir.Node, axes int, kernel []int64) (Spec, error) {
	s := Spec{Auto: n.Str("auto_pad", "NOTSET"), Ceil: n.Int("ceil_mode", 0) != 0}
	if s.Auto == "NOTSET" {
		s.Auto = ""
	}
	switch s.Auto {
	case "", "SAME_UPPER", "SAME_LOWER", "VALID":
	default:
		return s, fmt.Errorf("auto_pad %q is not one of NOTSET, SAME_UPPER, SAME_LOWER, VALID", s.Auto)
	}
	var err error
	if s.Kernel, err = list(n, "kernel_shape", axes, 1); err != nil {
		return s, err
	}
	if !n.Has("kernel_shape") {
		if kernel == nil {
			return s, fmt.Errorf("lacks kernel_shape")
		}
		s.Kernel = kernel
	} else if kernel != nil && !slices.Equal(s.Kernel, kernel) {
		return s, fmt.Errorf("kernel_shape %v contradicts the weights' kernel %v", s.Kernel, kernel)
	}
	if s.Stride, err = list(n, "strides", axes, 1); err != nil {
		return s, err
	}
	if s.Dilation, err = list(n, "dilations", axes, 1); err != nil {
		return s, err
	}
	pads, err := list(n, "pads", 2*axes, 0)
	if err != nil {
		return s, err
	}
	s.Begin, s.End = pads[:axes], pads[axes:]
	if s.Auto != "" {
		s.Begin, s.End = make([]int64, axes), make([]int64, axes)
	}
	return s, nil
}

// list reads an integer list of exactly n elements not below least; absent, all
// elements are least.
func list(n *ir.Node, name string, count int, least int64) ([]int64, error) {
	v := n.Ints(name)
	if len(v) == 0 {
		return slices.Repeat([]int64{least}, count), nil
	}
	if len(v) != count {
		return nil, fmt.Errorf("%s %v needs %d elements", name, v, count)
	}
	for _, x := range v {
		if x < least || x >= maxExtent {
			return nil, fmt.Errorf("%s %v is out of range", name, v)
		}
	}
	return v, nil
}

// Extent is the distance that the dilated kernel spans along an axis.
func (s *Spec) Extent(axis int) int64 { return (s.Kernel[axis]-1)*s.Dilation[axis] + 1 }

// Out is the output size along an axis. In ceil mode a last window that would
// start beyond the input and its leading padding is dropped, as ONNX says.
func (s *Spec) Out(axis int, in ir.Dim) (ir.Dim, error) {
	stride := s.Stride[axis]
	if s.Auto == "SAME_UPPER" || s.Auto == "SAME_LOWER" {
		return in.AddInt(stride - 1).FloorDiv(stride), nil
	}
	begin, end, extent := s.Begin[axis], s.End[axis], s.Extent(axis)
	room := in.AddInt(begin + end - extent)
	if n, ok := room.Int(); ok && n < 0 {
		return ir.Dim{}, fmt.Errorf("spatial axis %d: a kernel of extent %d does not fit size %v with padding %d+%d", axis, extent, in, begin, end)
	}
	if !s.Ceil {
		return room.FloorDiv(stride).AddInt(1), nil
	}
	out := room.AddInt(stride - 1).FloorDiv(stride).AddInt(1)
	if end+stride-1 < extent {
		return out, nil
	}
	starts := in.AddInt(begin + stride - 1).FloorDiv(stride)
	a, ok1 := out.Int()
	b, ok2 := starts.Int()
	if ok1 && ok2 {
		return ir.Static(min(a, b)), nil
	}
	if starts.Equal(out) {
		return out, nil
	}
	return ir.Symbol(fmt.Sprintf("min(%v,%v)", out, starts)), nil
}

// OutShape applies Out to all axes.
func (s *Spec) OutShape(in []ir.Dim) (ir.Shape, error) {
	out := make(ir.Shape, len(in))
	for i, d := range in {
		var err error
		if out[i], err = s.Out(i, d); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Resolve replaces automatic padding by explicit padding for the given input
// sizes and returns the output sizes.
func (s *Spec) Resolve(in []int) ([]int, error) {
	shape, err := s.OutShape(ir.Dims(in...))
	if err != nil {
		return nil, err
	}
	out, _ := shape.Ints()
	for i := range in {
		if s.Auto != "" && s.Auto != "VALID" {
			s.Begin[i], s.End[i] = s.same(i, int64(in[i]), int64(out[i]))
		}
	}
	s.Auto = ""
	return out, nil
}

// same splits the padding that SAME_UPPER or SAME_LOWER asks for.
func (s *Spec) same(axis int, in, out int64) (begin, end int64) {
	total := max((out-1)*s.Stride[axis]+s.Extent(axis)-in, 0)
	if s.Auto == "SAME_UPPER" {
		return total / 2, total - total/2
	}
	return total - total/2, total / 2
}

// Lower rewrites auto_pad in attrs to explicit pads where the spatial sizes (or
// a stride of 1) determine them, and drops attributes that say the default.
func Lower(attrs ir.Attrs, spatial []ir.Dim, kernel []int64) error {
	if attrs["auto_pad"] == "NOTSET" || attrs["auto_pad"] == "" {
		delete(attrs, "auto_pad")
	}
	if _, ok := attrs["auto_pad"]; !ok || spatial == nil {
		return nil
	}
	s, err := Read(&ir.Node{Attrs: attrs}, len(spatial), kernel)
	if err != nil {
		return err
	}
	pads := make([]int64, 2*len(spatial))
	if s.Auto != "VALID" {
		for i, d := range spatial {
			in, ok := d.Int()
			if !ok && s.Stride[i] != 1 {
				return nil
			}
			if !ok {
				in = s.Extent(i)
			}
			out := (in + s.Stride[i] - 1) / s.Stride[i]
			pads[i], pads[len(spatial)+i] = s.same(i, in, out)
		}
	}
	delete(attrs, "auto_pad")
	attrs["pads"] = pads
	return nil
}

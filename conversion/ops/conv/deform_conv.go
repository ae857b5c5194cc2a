package conv

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var deformConvDef = &op.Def{
	Name:    "DeformConv",
	Family:  "conv",
	Doc:     "Conv whose kernel reads, at every output position, from places moved by offsets and scaled by a mask.",
	Inputs:  op.Opt(op.In("X", "W", "offset"), "B", "mask"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "dilations", Kind: op.Ints},
		{Name: "group", Kind: op.Int, Default: int64(1)},
		{Name: "kernel_shape", Kind: op.Ints},
		{Name: "offset_group", Kind: op.Int, Default: int64(1)},
		{Name: "pads", Kind: op.Ints},
		{Name: "strides", Kind: op.Ints},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		s, err := InferShape(c, 0, 1)
		if err != nil {
			return err
		}
		if err := checkBias(c.InShape(3), c.InShape(1), 0, 1); err != nil {
			return err
		}
		if g := c.Int("offset_group", 1); g < 1 || g > 1<<20 {
			return fmt.Errorf("offset_group %d is out of range", g)
		}
		c.Set(0, c.InType(0), s)
		return nil
	},
	Eval:      evalDeformConv,
	Decompose: decomposeDeformConv,
}

// deformed is a DeformConv with all sizes known.
type deformed struct {
	spec             window.Spec
	in, out          []int // spatial sizes
	taps, points     int   // kernel positions and output positions
	group, offsets   int   // groups of weights and of offsets
	perGroup, filter int   // input channels and outputs of a group of weights
}

func newDeformed(n *ir.Node, x, w, offset []int) (*deformed, error) {
	axes := len(x) - 2
	if axes < 1 || len(w) != len(x) || len(offset) != len(x) {
		return nil, fmt.Errorf("input %v, weights %v and offsets %v do not match", x, w, offset)
	}
	k := make([]int64, axes)
	for i, d := range w[2:] {
		k[i] = int64(d)
	}
	spec, err := window.Read(n, axes, k)
	if err != nil {
		return nil, err
	}
	d := &deformed{spec: spec, in: x[2:], taps: 1, points: 1, perGroup: w[1]}
	if d.out, err = d.spec.Resolve(d.in); err != nil {
		return nil, err
	}
	group, offsets := n.Int("group", 1), n.Int("offset_group", 1)
	if group < 1 || offsets < 1 || group > int64(max(x[1], 1)) || offsets > int64(max(x[1], 1)) {
		return nil, fmt.Errorf("%d groups and %d offset groups of %d channels", group, offsets, x[1])
	}
	d.group, d.offsets = int(group), int(offsets)
	if w[1]*d.group != x[1] || w[0]%d.group != 0 || x[1]%d.offsets != 0 {
		return nil, fmt.Errorf("input %v does not match weights %v in %d groups and %d offset groups", x, w, group, offsets)
	}
	d.filter = w[0] / d.group
	if err := kernel.CheckSize(append([]int{x[0], x[1]}, slices.Concat(w[2:], d.out)...)...); err != nil {
		return nil, err
	}
	for i := range axes {
		d.taps, d.points = d.taps*w[2+i], d.points*d.out[i]
	}
	if want := append([]int{x[0], d.offsets * d.taps * axes}, d.out...); !slices.Equal(offset, want) {
		return nil, fmt.Errorf("offsets have shape %v, not %v", offset, want)
	}
	return d, nil
}

// place is where tap of the kernel at output position point reads along every
// axis before it is moved.
func (d *deformed) place(tap, point int) []float64 {
	at := make([]float64, len(d.in))
	for i := len(d.in) - 1; i >= 0; i-- {
		k := int(d.spec.Kernel[i])
		o := int64(point%d.out[i])*d.spec.Stride[i] - d.spec.Begin[i] + int64(tap%k)*d.spec.Dilation[i]
		at[i] = float64(o)
		tap, point = tap/k, point/d.out[i]
	}
	return at
}

func evalDeformConv(c *op.EvalCtx) error {
	x, w, offset, bias, mask := c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3), c.Arg(4)
	for i, t := range []*tensor.Tensor{x, w, offset, bias, mask} {
		if t != nil && !t.DType().IsFloat() {
			return fmt.Errorf("input %d is %v, not floating-point", i, t.DType())
		}
	}
	d, err := newDeformed(c.Node, x.Shape(), w.Shape(), offset.Shape())
	if err != nil {
		return err
	}
	batch, channels := x.Shape()[0], x.Shape()[1]
	var scale []float64
	if mask != nil {
		if want := append([]int{batch, d.offsets * d.taps}, d.out...); !slices.Equal(mask.Shape(), want) {
			return fmt.Errorf("the mask has shape %v, not %v", mask.Shape(), want)
		}
		scale = mask.Float64s()
	}
	shape := append([]int{batch, d.group * d.filter}, d.out...)
	y := make([]float64, batch*d.group*d.filter*d.points)
	if bias != nil {
		if bias.Len() != d.group*d.filter {
			return fmt.Errorf("bias has %d elements for %d output channels", bias.Len(), d.group*d.filter)
		}
		for i := range y {
			y[i] = bias.Float64s()[i/d.points%bias.Len()]
		}
	}
	in, off, weights := x.Float64s(), offset.Float64s(), w.Float64s()
	size := 1
	for _, n := range d.in {
		size *= n
	}
	cols := make([]float64, channels*d.taps*d.points)
	for n := range batch {
		d.unfold(cols, in[n*channels*size:][:channels*size], off, scale, n, channels, size)
		for o := range d.group * d.filter {
			dst := y[(n*d.group*d.filter+o)*d.points:][:d.points]
			for k := range d.perGroup * d.taps {
				f := weights[o*d.perGroup*d.taps+k]
				src := cols[(o/d.filter*d.perGroup*d.taps+k)*d.points:][:d.points]
				for i, v := range src {
					dst[i] += f * v
				}
			}
		}
	}
	c.Out[0], err = tensor.FromFloat64s(x.DType(), y, shape...)
	return err
}

// unfold fills cols[channel, tap, point] with what sample n's kernel reads.
func (d *deformed) unfold(cols, in, off, scale []float64, n, channels, size int) {
	axes, share := len(d.in), channels/d.offsets
	tensor.Parallel(d.offsets*d.taps, 1, func(lo, hi int) {
		for gt := lo; gt < hi; gt++ {
			g, tap := gt/d.taps, gt%d.taps
			for p := range d.points {
				at := d.place(tap, p)
				for i := range at {
					at[i] += off[((n*d.offsets*d.taps+gt)*axes+i)*d.points+p]
				}
				f := 1.0
				if scale != nil {
					f = scale[(n*d.offsets*d.taps+gt)*d.points+p]
				}
				index, weight := between(at, d.in)
				for ch := g * share; ch < (g+1)*share; ch++ {
					sum := 0.0
					for i, j := range index {
						sum += weight[i] * in[ch*size+j]
					}
					cols[(ch*d.taps+tap)*d.points+p] = sum * f
				}
			}
		}
	})
}

// between lists the elements around a point and their linear weights; those
// outside are left out.
func between(at []float64, size []int) (index []int, weight []float64) {
	index, weight = []int{0}, []float64{1}
	for i, v := range at {
		lo := math.Floor(v)
		var ni []int
		var nw []float64
		for s, w := range []float64{1 - (v - lo), v - lo} {
			p := lo + float64(s)
			if !(p >= 0 && p < float64(size[i])) {
				continue
			}
			for k, base := range index {
				ni, nw = append(ni, base*size[i]+int(p)), append(nw, weight[k]*w)
			}
		}
		index, weight = ni, nw
	}
	return index, weight
}

// decomposeDeformConv reads all places by one GridSample and joins them by a
// 1x1 Conv over channels times kernel positions.
func decomposeDeformConv(o *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: o}
	x, w, offset := b.In(0), b.In(1), b.In(2)
	xs, ok1 := x.Shape.Ints()
	ws, ok2 := w.Shape.Ints()
	fs, ok3 := offset.Shape.Ints()
	if !ok1 || !ok2 || !ok3 || len(xs) < 4 {
		return nil, fmt.Errorf("input %v, weights %v and offsets %v: %w", x.Shape, w.Shape, offset.Shape, op.ErrNoDecomposition)
	}
	d, err := newDeformed(b.Node, xs, ws, fs)
	if err != nil {
		return nil, err
	}
	axes := len(d.in)
	// GridSample takes positions from -1 to 1, the outer edges of the first and
	// last pixel, last axis first: 2*(p + 1/2)/size - 1.
	base := make([]float64, d.taps*d.points*axes)
	factor := make([]float64, axes)
	for i, n := range d.in {
		factor[axes-1-i] = 2 / float64(n)
	}
	for i := range d.taps * d.points {
		for k, p := range d.place(i/d.points, i%d.points) {
			base[i*axes+axes-1-k] = (2*p+1)/float64(d.in[k]) - 1
		}
	}
	constant := func(v []float64, shape ...int) *ir.Value {
		t, err := tensor.FromFloat64s(x.DType, v, shape...)
		if err != nil {
			b.Patch.Fail(err)
			t = tensor.New(tensor.Float32, shape...)
		}
		return b.Const(t)
	}
	grids, spots := int64(xs[0]*d.offsets), int64(d.taps*d.points)
	at := b.Reshape(offset, grids, int64(d.taps), int64(axes), int64(d.points))
	last := make([]int64, axes)
	for i := range last {
		last[i] = int64(axes - 1 - i)
	}
	at = b.Op("Gather", ir.Attrs{"axis": int64(2)}, at, b.Ints(last...))
	at = b.Reshape(b.Transpose(at, 0, 1, 3, 2), grids, spots, int64(axes))
	at = b.Add(b.Mul(at, constant(factor, axes)), constant(base, 1, d.taps*d.points, axes))
	outer := []int64{grids, int64(d.taps * d.out[0])}
	for _, n := range d.out[1:] {
		outer = append(outer, int64(n))
	}
	maps := []int64{grids, int64(xs[1] / d.offsets)}
	for _, n := range d.in {
		maps = append(maps, int64(n))
	}
	y := b.Op("GridSample", ir.Attrs{"align_corners": int64(0), "mode": "linear", "padding_mode": "zeros"},
		b.Reshape(x, maps...), b.Reshape(at, append(slices.Clone(outer), int64(axes))...))
	if mask := b.In(4); mask != nil {
		y = b.Mul(y, b.Reshape(mask, append([]int64{grids, 1}, outer[1:]...)...))
	}
	joined := []int64{int64(xs[0]), int64(xs[1] * d.taps)}
	point := []int64{int64(ws[0]), int64(ws[1] * d.taps)}
	for _, n := range d.out {
		joined, point = append(joined, int64(n)), append(point, 1)
	}
	in := []*ir.Value{b.Reshape(y, joined...), b.Reshape(w, point...)}
	if bias := b.In(3); bias != nil {
		in = append(in, bias)
	}
	return build.One(b.Op("Conv", ir.Attrs{"group": int64(d.group)}, in...))
}

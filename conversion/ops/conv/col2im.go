package conv

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	shapes "slipway/conversion/op/kernel"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var col2ImDef = &op.Def{
	Name:    "Col2Im",
	Family:  "conv",
	Doc:     "Adds up overlapping blocks, given as columns, into an image: what undoes the unfolding before a convolution.",
	Inputs:  op.In("input", "image_shape", "block_shape"),
	Outputs: op.In("output"),
	Attrs: []op.Attr{
		{Name: "dilations", Kind: op.Ints},
		{Name: "pads", Kind: op.Ints},
		{Name: "strides", Kind: op.Ints},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s != nil && len(s) != 3 {
			return fmt.Errorf("input %v has not three dimensions", s)
		}
		image, ok := c.Content(1)
		block, ok2 := c.Ints(2)
		if axes, known := listLength(c.InShape(1)); !ok && known {
			image, ok = shapes.FreshShape(c.Out(0), 2+axes)[2:], true
		}
		if s == nil || !ok {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		out := ir.Shape{s[0], shapes.Fresh(c.Out(0), 1)}
		if ok2 {
			n := int64(1)
			for _, b := range block {
				if b < 1 || b > 1<<20 || n > 1<<40 {
					return fmt.Errorf("block shape %v is out of range", block)
				}
				n *= b
			}
			q, exact := s[1].Div(ir.Static(n))
			if !exact && s[1].IsStatic() {
				return fmt.Errorf("input %v does not divide into blocks %v", s, block)
			}
			if out[1] = q; !exact {
				out[1] = s[1].FloorDiv(n)
			}
		}
		c.Set(0, c.InType(0), append(out, image...))
		return nil
	},
	Eval: evalCol2Im,
	// A ConvTranspose whose weights are the unit matrix, channel by channel.
	Decompose: func(o *op.Builder) ([]*ir.Value, error) {
		b := build.B{Builder: o}
		image, ok1 := b.In(1).ConstInts()
		block, ok2 := b.In(2).ConstInts()
		x := b.In(0)
		if len(x.Shape) != 3 || !ok1 || !ok2 || !x.DType.IsFloat() {
			return nil, fmt.Errorf("shapes that are not constant: %w", op.ErrNoDecomposition)
		}
		channels, ok := x.Shape[1].Int()
		if !ok {
			return nil, fmt.Errorf("input %v: %w", x.Shape, op.ErrNoDecomposition)
		}
		f, err := newFold(b.Node, int(channels), image, block)
		if err != nil {
			return nil, err
		}
		axes := len(image)
		shape, wshape := []int64{0, channels}, []int{int(channels), 1}
		for i, n := range f.blocks {
			shape, wshape = append(shape, int64(n)), append(wshape, int(block[i]))
		}
		eye := make([]float64, int(channels)*f.taps)
		for i := range int(channels) {
			eye[i*f.taps+i%f.taps] = 1
		}
		w, err := tensor.FromFloat64s(x.DType, eye, wshape...)
		if err != nil {
			return nil, err
		}
		pads, extra := make([]int64, 2*axes), make([]int64, axes)
		for i := range axes {
			pads[i], pads[axes+i] = f.spec.Begin[i], f.spec.End[i]
			reach := (int64(f.blocks[i])-1)*f.spec.Stride[i] + f.spec.Extent(i)
			extra[i] = image[i] - (reach - pads[i] - pads[axes+i])
			if extra[i] < 0 || extra[i] >= f.spec.Stride[i] {
				return nil, fmt.Errorf("image %v: %w", image, op.ErrNoDecomposition)
			}
		}
		group := channels / int64(f.taps)
		return build.One(b.Op("ConvTranspose", ir.Attrs{
			"group": group, "strides": f.spec.Stride, "dilations": f.spec.Dilation, "pads": pads, "output_padding": extra,
			"kernel_shape": block,
		}, b.Reshape(x, shape...), b.Const(w)))
	},
}

// listLength is the number of elements of a list of that shape, where it is
// known and not large.
func listLength(s ir.Shape) (int, bool) {
	if len(s) != 1 {
		return 0, false
	}
	n, ok := s[0].Int()
	return int(n), ok && n >= 0 && n <= 8
}

// folding is a Col2Im with all sizes known.
type folding struct {
	spec   window.Spec
	blocks []int // positions of the block along each axis
	taps   int   // elements of a block
	image  []int
}

func newFold(n *ir.Node, channels int, image, block []int64) (*folding, error) {
	axes := len(image)
	if axes < 1 || axes > 8 || len(block) != axes {
		return nil, fmt.Errorf("image shape %v and block shape %v do not match", image, block)
	}
	for _, d := range append(append([]int64{}, image...), block...) {
		if d < 1 || d > 1<<24 {
			return nil, fmt.Errorf("image shape %v and block shape %v are out of range", image, block)
		}
	}
	spec, err := window.Read(n, axes, block)
	if err != nil {
		return nil, err
	}
	f := &folding{spec: spec, taps: 1}
	for i, d := range image {
		f.image = append(f.image, int(d))
		f.taps *= int(block[i])
		if f.taps > 1<<32 {
			return nil, fmt.Errorf("block shape %v is out of range", block)
		}
	}
	if f.blocks, err = f.spec.Resolve(f.image); err != nil {
		return nil, err
	}
	if channels%f.taps != 0 {
		return nil, fmt.Errorf("%d rows do not divide into blocks of %d", channels, f.taps)
	}
	return f, nil
}

func evalCol2Im(c *op.EvalCtx) error {
	x := c.Arg(0)
	image, err := c.Arg(1).Int64s()
	if err != nil {
		return fmt.Errorf("image_shape: %w", err)
	}
	block, err := c.Arg(2).Int64s()
	if err != nil {
		return fmt.Errorf("block_shape: %w", err)
	}
	s := x.Shape()
	if len(s) != 3 || !x.DType().IsReal() {
		return fmt.Errorf("wants a numeric input of three dimensions, has %v%v", x.DType(), s)
	}
	f, err := newFold(c.Node, s[1], image, block)
	if err != nil {
		return err
	}
	points := 1
	for _, n := range f.blocks {
		points *= n
	}
	if points != s[2] {
		return fmt.Errorf("input %v has %d columns for %d blocks", s, s[2], points)
	}
	shape := append([]int{s[0], s[1] / f.taps}, f.image...)
	if err := kernel.CheckSize(shape...); err != nil {
		return err
	}
	if !x.DType().IsFloat() {
		v, err := x.Int64s()
		if err != nil {
			return err
		}
		c.Out[0], err = tensor.Of(foldInto(f, v, s), shape...).Cast(x.DType())
		return err
	}
	c.Out[0], err = tensor.FromFloat64s(x.DType(), foldInto(f, x.Float64s(), s), shape...)
	return err
}

// foldInto adds column elements x[n, channel*taps + tap, point] to the images.
func foldInto[T float64 | int64](f *folding, x []T, s []int) []T {
	size := 1
	for _, n := range f.image {
		size *= n
	}
	y := make([]T, s[0]*s[1]/f.taps*size)
	for row := range s[0] * s[1] {
		for p := range s[2] {
			tap, point, at, step, inside := row%f.taps, p, 0, 1, true
			for i := len(f.image) - 1; i >= 0; i-- {
				k := int(f.spec.Kernel[i])
				v := int64(point%f.blocks[i])*f.spec.Stride[i] - f.spec.Begin[i] + int64(tap%k)*f.spec.Dilation[i]
				inside = inside && v >= 0 && v < int64(f.image[i])
				at += int(v) * step
				step *= f.image[i]
				tap, point = tap/k, point/f.blocks[i]
			}
			if inside {
				y[row/f.taps*size+at] += x[row*s[2]+p]
			}
		}
	}
	return y
}

package conv

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var convDef = &op.Def{
	Name:    "Conv",
	Family:  "conv",
	Doc:     "Convolution of x[N,C,spatial…] with w[M,C/group,kernel…], plus a bias b[M].",
	Inputs:  op.Opt(op.In("X", "W"), "B"),
	Outputs: op.In("Y"),
	Attrs:   window.Attrs(op.Attr{Name: "group", Kind: op.Int, Default: int64(1)}),
	Tol:     op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		s, err := InferShape(c, 0, 1)
		if err != nil {
			return err
		}
		if err := checkBias(c.InShape(2), c.InShape(1), 0, 1); err != nil {
			return err
		}
		c.Set(0, c.InType(0), s)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, w := c.Arg(0), c.Arg(1)
		g, err := NewGeometry(c.Node, x, w)
		if err != nil {
			return err
		}
		if b := c.Arg(2); b != nil && b.Len() != g.M {
			return fmt.Errorf("bias has %d elements, the weights have %d output channels", b.Len(), g.M)
		}
		if x.DType() != w.DType() || !x.DType().IsFloat() {
			return fmt.Errorf("input is %v and weights are %v, want one floating-point type", x.DType(), w.DType())
		}
		if x.DType() == tensor.Float64 {
			var bias []float64
			if b := c.Arg(2); b != nil {
				bias = b.Float64s()
			}
			c.Out[0] = tensor.Of(Run(g, x.Float64s(), w.Float64s(), bias), g.OutShape()...)
			return nil
		}
		var bias []float32
		if b := c.Arg(2); b != nil {
			bias = b.Float32s()
		}
		y := tensor.Of(Run(g, x.Float32s(), w.Float32s(), bias), g.OutShape()...)
		c.Out[0], err = y.Cast(x.DType())
		return err
	},
	FromONNX:  func(s *op.Src) error { return ReadWindow(s, "Conv", 1, "group") },
	Decompose: decomposeConv,
}

// ReadWindow lowers a node of the convolution kind whose weights are input
// weights: it makes automatic padding explicit where the sizes are known. more
// names further attributes to keep.
func ReadWindow(s *op.Src, name string, weights int, more ...string) error {
	return ReadWindowAs(s, s.Lower, name, weights, more...)
}

// ReadWindowAs is ReadWindow that ends in lower instead of s.Lower.
func ReadWindowAs(s *op.Src, lower func(string, ir.Attrs, ...*ir.Value) error, name string, weights int, more ...string) error {
	attrs := s.AttrsOf(append([]string{"auto_pad", "dilations", "kernel_shape", "pads", "strides"}, more...)...)
	x, w := s.In(0), s.In(weights)
	if x == nil || w == nil {
		return fmt.Errorf("lacks its input or its weights")
	}
	var kernel []int64
	if w.Rank() > 2 {
		k, ok := w.Shape[2:].Ints()
		for _, n := range k {
			kernel = append(kernel, int64(n))
		}
		if !ok {
			kernel = nil
		}
	}
	if x.Rank() > 2 && (kernel != nil || attrs["kernel_shape"] != nil) {
		if err := window.Lower(attrs, x.Shape[2:], kernel); err != nil {
			return err
		}
	}
	return lower(name, attrs, s.Inputs...)
}

// InferShape infers the output shape of a convolution from inputs x and w.
func InferShape(c *op.InferCtx, x, w int) (ir.Shape, error) {
	xs, ws := c.InShape(x), c.InShape(w)
	if xs == nil {
		return nil, nil
	}
	axes := len(xs) - 2
	if axes < 1 {
		return nil, fmt.Errorf("input %v needs at least three dimensions", xs)
	}
	out := ir.Shape{xs[0]}
	var kernel []int64
	if ws == nil {
		return nil, nil
	}
	if len(ws) != len(xs) {
		return nil, fmt.Errorf("weights %v do not have the rank of input %v", ws, xs)
	}
	if k, ok := ws[2:].Ints(); ok {
		for _, n := range k {
			kernel = append(kernel, int64(n))
		}
	} else if !c.Has("kernel_shape") {
		return nil, nil
	}
	group := c.Int("group", 1)
	if err := checkChannels(xs[1], ws[0], ws[1], group); err != nil {
		return nil, err
	}
	spec, err := window.Read(c.Node, axes, kernel)
	if err != nil {
		return nil, err
	}
	spatial, err := spec.OutShape(xs[2:])
	if err != nil {
		return nil, err
	}
	return append(append(out, ws[0]), spatial...), nil
}

func checkChannels(in, m, perGroup ir.Dim, group int64) error {
	if group < 1 {
		return fmt.Errorf("group %d is not positive", group)
	}
	if c, ok := in.Int(); ok {
		if p, ok := perGroup.Int(); ok && p*group != c {
			return fmt.Errorf("input has %d channels, weights expect %d in %d groups", c, p*group, group)
		}
	}
	if n, ok := m.Int(); ok && n%group != 0 {
		return fmt.Errorf("%d output channels do not divide into %d groups", n, group)
	}
	return nil
}

// checkBias compares the bias with dimension axis of the weights, times group.
func checkBias(b, w ir.Shape, axis int, group int64) error {
	if b == nil || w == nil {
		return nil
	}
	if len(b) != 1 {
		return fmt.Errorf("bias %v needs one dimension", b)
	}
	have, ok1 := b[0].Int()
	want, ok2 := w[axis].Int()
	if ok1 && ok2 && have != want*group {
		return fmt.Errorf("bias has %d elements, the weights have %d output channels", have, want*group)
	}
	return nil
}

// Geometry is a convolution with all sizes known, lifted to three spatial axes
// (missing leading ones are 1).
type Geometry struct {
	N, C, M, Group           int
	In, Out, Kernel          [3]int
	Stride, Dilation, Before [3]int
	axes                     int
}

// NewGeometry checks the shapes of x and w against the node's attributes.
func NewGeometry(n *ir.Node, x, w *tensor.Tensor) (*Geometry, error) {
	if x == nil || w == nil {
		return nil, fmt.Errorf("lacks its input or its weights")
	}
	axes := x.Rank() - 2
	if axes < 1 || axes > 3 || w.Rank() != x.Rank() {
		return nil, fmt.Errorf("input %v and weights %v: only one to three spatial axes are supported", x.Shape(), w.Shape())
	}
	extent := make([]int64, axes)
	for i, k := range w.Shape()[2:] {
		extent[i] = int64(k)
	}
	spec, err := window.Read(n, axes, extent)
	if err != nil {
		return nil, err
	}
	xs, ws := x.Shape(), w.Shape()
	group := n.Int("group", 1)
	if err := checkChannels(ir.Static(int64(xs[1])), ir.Static(int64(ws[0])), ir.Static(int64(ws[1])), group); err != nil {
		return nil, err
	}
	out, err := spec.Resolve(xs[2:])
	if err != nil {
		return nil, err
	}
	g := &Geometry{N: xs[0], C: xs[1], M: ws[0], Group: int(group), axes: axes}
	g.lift(&spec, xs[2:], out)
	return g, kernel.CheckSize(g.OutShape()...)
}

func (g *Geometry) lift(s *window.Spec, in, out []int) {
	for i := range 3 {
		g.In[i], g.Out[i], g.Kernel[i], g.Stride[i], g.Dilation[i] = 1, 1, 1, 1, 1
	}
	for i, o := range out {
		j := 3 - len(out) + i
		g.In[j], g.Out[j] = in[i], o
		g.Kernel[j], g.Stride[j] = int(s.Kernel[i]), int(s.Stride[i])
		g.Dilation[j], g.Before[j] = int(s.Dilation[i]), int(s.Begin[i])
	}
}

// OutShape is the output's shape.
func (g *Geometry) OutShape() []int {
	return append([]int{g.N, g.M}, g.Out[3-g.axes:]...)
}

func volume(v [3]int) int { return v[0] * v[1] * v[2] }

// Run computes the convolution. bias may be nil.
func Run[T kernel.Number](g *Geometry, x, w, bias []T) []T {
	inSize, outSize := volume(g.In), volume(g.Out)
	y := make([]T, g.N*g.M*outSize)
	if bias != nil {
		for i := range g.N * g.M {
			plane := y[i*outSize:][:outSize]
			b := bias[i%g.M]
			for j := range plane {
				plane[j] = b
			}
		}
	}
	cg, mg := g.C/g.Group, g.M/g.Group
	if cg == 1 {
		depthwise(g, x, w, y)
		return y
	}
	k := cg * volume(g.Kernel)
	for n := range g.N {
		for q := range g.Group {
			in := x[(n*g.C+q*cg)*inSize:][:cg*inSize]
			var b kernel.Panel[T]
			if g.pointwise() {
				b = kernel.Strided(in, inSize)
			} else {
				b = unfold(g, in)
			}
			kernel.Gemm(mg, outSize, k, kernel.Contiguous(w[q*mg*k:][:mg*k], k), b, y[(n*g.M+q*mg)*outSize:][:mg*outSize], outSize)
		}
	}
	return y
}

// pointwise reports whether every output position reads exactly the input at
// the same position.
func (g *Geometry) pointwise() bool {
	return volume(g.Kernel) == 1 && volume(g.Stride) == 1 && g.In == g.Out && g.Before == [3]int{}
}

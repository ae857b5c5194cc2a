package conv

import (
	"errors"
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

var convTransposeDef = &op.Def{
	Name:    "ConvTranspose",
	Family:  "conv",
	Doc:     "Transposed convolution (the gradient of Conv) of x[N,C,spatial…] with w[C,M/group,kernel…], plus a bias b[M].",
	Inputs:  op.Opt(op.In("X", "W"), "B"),
	Outputs: op.In("Y"),
	Attrs: window.Attrs(
		op.Attr{Name: "group", Kind: op.Int, Default: int64(1)},
		op.Attr{Name: "output_padding", Kind: op.Ints},
		op.Attr{Name: "output_shape", Kind: op.Ints},
	),
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		xs, ws := c.InShape(0), c.InShape(1)
		if xs == nil || ws == nil {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		kernel, ok := ws[min(2, len(ws)):].Ints()
		if !ok {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		t, err := readTranspose(c.Node, len(xs)-2, len(ws), kernel)
		if err != nil {
			return err
		}
		group := c.Int("group", 1)
		if group < 1 || !equalDims(xs[1], ws[0]) {
			return fmt.Errorf("input %v does not match weights %v in %d groups", xs, ws, group)
		}
		if n, ok := ws[0].Int(); ok && n%group != 0 {
			return fmt.Errorf("%d input channels do not divide into %d groups", n, group)
		}
		if err := checkBias(c.InShape(2), ws, 1, group); err != nil {
			return err
		}
		out := ir.Shape{xs[0], ws[1].Mul(ir.Static(group))}
		for i, d := range xs[2:] {
			o, err := t.out(i, d)
			if err != nil {
				return err
			}
			out = append(out, o)
		}
		c.Set(0, c.InType(0), out)
		return nil
	},
	Eval:      evalConvTranspose,
	Decompose: decomposeTranspose,
	FromONNX: func(s *op.Src) error {
		attrs := s.AttrsOf("auto_pad", "dilations", "kernel_shape", "pads", "strides", "group", "output_padding", "output_shape")
		if attrs["auto_pad"] == "NOTSET" || attrs["auto_pad"] == "" {
			delete(attrs, "auto_pad")
		}
		x, w := s.In(0), s.In(1)
		if x == nil || w == nil {
			return fmt.Errorf("lacks its input or its weights")
		}
		if attrs["auto_pad"] == nil && attrs["output_shape"] == nil || x.Rank() < 3 || w.Rank() < 3 {
			return s.Lower("ConvTranspose", attrs, s.Inputs...)
		}
		in, ok1 := x.Shape[2:].Ints()
		k, ok2 := w.Shape[2:].Ints()
		if ok1 && ok2 {
			t, err := readTranspose(&ir.Node{Attrs: attrs}, len(in), w.Rank(), k)
			if err != nil {
				return err
			}
			pads := make([]int64, 2*len(in))
			for i, n := range in {
				out, err := t.out(i, ir.Static(int64(n)))
				if err != nil {
					return err
				}
				o, _ := out.Int()
				if full, _ := t.full(i, ir.Static(int64(n))).Int(); full < o {
					return s.Lower("ConvTranspose", attrs, s.Inputs...)
				}
				pads[i], pads[len(in)+i] = t.pads(i, int64(n), o)
			}
			delete(attrs, "auto_pad")
			delete(attrs, "output_shape")
			attrs["pads"] = pads
		}
		return s.Lower("ConvTranspose", attrs, s.Inputs...)
	},
}

func equalDims(a, b ir.Dim) bool {
	x, ok1 := a.Int()
	y, ok2 := b.Int()
	return !ok1 || !ok2 || x == y
}

// transposed are the attributes of a ConvTranspose.
type transposed struct {
	window.Spec
	extra, shape []int64 // output_padding; output_shape or nil
}

func readTranspose(n *ir.Node, axes, rank int, kernel []int) (*transposed, error) {
	if axes < 1 || rank != axes+2 {
		return nil, fmt.Errorf("weights of rank %d do not match %d spatial axes", rank, axes)
	}
	k := make([]int64, len(kernel))
	for i, v := range kernel {
		k[i] = int64(v)
	}
	spec, err := window.Read(n, axes, k)
	if err != nil {
		return nil, err
	}
	t := &transposed{Spec: spec, extra: make([]int64, axes)}
	if v := n.Ints("output_padding"); len(v) > 0 {
		if len(v) != axes {
			return nil, fmt.Errorf("output_padding %v needs %d elements", v, axes)
		}
		for _, x := range v {
			if x < 0 || x > 1<<31 {
				return nil, fmt.Errorf("output_padding %v is out of range", v)
			}
		}
		t.extra = v
	}
	if v := n.Ints("output_shape"); len(v) > 0 {
		if len(v) == axes+2 {
			v = v[2:]
		}
		if len(v) != axes {
			return nil, fmt.Errorf("output_shape %v needs %d elements", v, axes)
		}
		t.shape = v
	}
	return t, nil
}

// full is the size before padding is cut away.
func (t *transposed) full(axis int, in ir.Dim) ir.Dim {
	return in.AddInt(-1).Mul(ir.Static(t.Stride[axis])).AddInt(t.extra[axis] + t.Extent(axis))
}

func (t *transposed) out(axis int, in ir.Dim) (ir.Dim, error) {
	out := t.full(axis, in).AddInt(-t.Begin[axis] - t.End[axis])
	switch {
	case t.shape != nil:
		out = ir.Static(t.shape[axis])
	case t.Auto == "SAME_UPPER" || t.Auto == "SAME_LOWER":
		out = in.Mul(ir.Static(t.Stride[axis]))
	}
	if n, ok := out.Int(); ok && n < 0 {
		return out, fmt.Errorf("spatial axis %d has output size %d", axis, n)
	}
	return out, nil
}

// pads is the padding that leads from the full size to out, split as ONNX says:
// the odd element goes to the end for SAME_UPPER, else to the beginning.
func (t *transposed) pads(axis int, in, out int64) (begin, end int64) {
	if t.shape == nil && t.Auto == "" {
		return t.Begin[axis], t.End[axis]
	}
	full, _ := t.full(axis, ir.Static(in)).Int()
	total := max(full-out, 0)
	if t.Auto == "SAME_UPPER" {
		return total / 2, total - total/2
	}
	return total - total/2, total / 2
}

func evalConvTranspose(c *op.EvalCtx) error {
	x, w := c.Arg(0), c.Arg(1)
	if x == nil || w == nil || x.Rank() < 3 || x.Rank() > 5 || w.Rank() != x.Rank() {
		return fmt.Errorf("wants an input and weights of equal rank with one to three spatial axes")
	}
	if x.DType() != w.DType() || !x.DType().IsFloat() {
		return fmt.Errorf("input is %v and weights are %v, want one floating-point type", x.DType(), w.DType())
	}
	xs, ws := x.Shape(), w.Shape()
	t, err := readTranspose(c.Node, len(xs)-2, len(ws), ws[2:])
	if err != nil {
		return err
	}
	group := int(c.Int("group", 1))
	if group < 1 || ws[0] != xs[1] || xs[1]%group != 0 {
		return fmt.Errorf("input %v does not match weights %v in %d groups", xs, ws, group)
	}
	// The convolution of which this is the transpose reads our output.
	g := &Geometry{N: xs[0], C: ws[1] * group, M: xs[1], Group: group, axes: len(xs) - 2}
	out, before := make([]int, g.axes), make([]int64, g.axes)
	for i, n := range xs[2:] {
		d, err := t.out(i, ir.Static(int64(n)))
		if err != nil {
			return err
		}
		o, _ := d.Int()
		out[i] = int(o)
		before[i], _ = t.pads(i, int64(n), o)
	}
	t.Begin = before
	g.lift(&t.Spec, out, xs[2:])
	shape := append([]int{g.N, g.C}, out...)
	if err := errors.Join(kernel.CheckSize(shape...), kernel.CheckSize(g.C/group, volume(g.Kernel), volume(g.Out))); err != nil {
		return err
	}
	b := c.Arg(2)
	if b != nil && b.Len() != g.C {
		return fmt.Errorf("bias has %d elements, want %d", b.Len(), g.C)
	}
	if x.DType() == tensor.Float64 {
		var bias []float64
		if b != nil {
			bias = b.Float64s()
		}
		c.Out[0] = tensor.Of(runTransposed(g, x.Float64s(), w.Float64s(), bias), shape...)
		return nil
	}
	var bias []float32
	if b != nil {
		bias = b.Float32s()
	}
	c.Out[0], err = tensor.Of(runTransposed(g, x.Float32s(), w.Float32s(), bias), shape...).Cast(x.DType())
	return err
}

// runTransposed computes y[N,C,In…] from x[N,M,Out…]: one product gives every
// kernel offset's contribution, which is then added where it belongs.
func runTransposed[T kernel.Number](g *Geometry, x, w, bias []T) []T {
	inSize, outSize, kSize := volume(g.In), volume(g.Out), volume(g.Kernel)
	y := make([]T, g.N*g.C*inSize)
	if bias != nil {
		for i := range g.N * g.C {
			b := bias[i%g.C]
			for j := range y[i*inSize:][:inSize] {
				y[i*inSize+j] = b
			}
		}
	}
	cg, mg := g.C/g.Group, g.M/g.Group
	k := cg * kSize
	cols := make([]T, k*outSize)
	for n := range g.N {
		for q := range g.Group {
			clear(cols)
			a := kernel.Strided(w[q*mg*k:][:mg*k], k)
			b := kernel.Strided(x[(n*g.M+q*mg)*outSize:][:mg*outSize], outSize)
			kernel.Gemm(k, outSize, mg, a, b, cols, outSize)
			tensor.Parallel(cg, 1+(1<<14)/max(kSize*outSize, 1), func(lo, hi int) {
				for c := lo; c < hi; c++ {
					fold(g, cols[c*kSize*outSize:][:kSize*outSize], y[(n*g.C+q*cg+c)*inSize:][:inSize])
				}
			})
		}
	}
	return y
}

package reduce

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// folds compute one result from all elements that collapse into it: floats for
// floating-point types, ints for the integers that fit int64 (and Bool where
// truth is set), uints for Uint64. nil refuses the types.
type folds struct {
	floats func([]float64) float64
	ints   func([]int64) int64
	uints  func([]uint64) uint64
	truth  bool
	// emptyInt is the result over no elements for an integer type, nil where
	// ints can say it.
	emptyInt func(tensor.DType) int64
}

// plan says which elements of a row-major tensor collapse into which result.
type plan struct {
	keepShape, keepStrides []int // dims that remain
	foldShape, foldStrides []int // dims that collapse
	shape                  []int // of the result
}

func newPlan(shape []int, axes []bool, keepdims bool) *plan {
	p := &plan{shape: []int{}}
	st := kernel.Strides(shape)
	for i, d := range shape {
		if !axes[i] {
			p.keepShape = append(p.keepShape, d)
			p.keepStrides = append(p.keepStrides, st[i])
			p.shape = append(p.shape, d)
			continue
		}
		if keepdims {
			p.shape = append(p.shape, 1)
		}
		if l := len(p.foldShape) - 1; l >= 0 && p.foldStrides[l] == d*st[i] {
			p.foldShape[l] *= d
			p.foldStrides[l] = st[i]
			continue
		}
		p.foldShape = append(p.foldShape, d)
		p.foldStrides = append(p.foldStrides, st[i])
	}
	return p
}

// offset is the position of result o's first element.
func (p *plan) offset(o int) int {
	off := 0
	for i := len(p.keepShape) - 1; i >= 0; i-- {
		off += o % p.keepShape[i] * p.keepStrides[i]
		o /= p.keepShape[i]
	}
	return off
}

// run calls f with the collected elements of every result; the slice is reused.
func run[S, A, R any](p *plan, src []S, widen func(S) A, f func([]A) R) []R {
	out := make([]R, kernel.Product(p.shape))
	n := kernel.Product(p.foldShape)
	tensor.Parallel(len(out), 1<<15/max(n, 1)+1, func(lo, hi int) {
		buf := make([]A, n)
		for o := lo; o < hi; o++ {
			p.collect(p.offset(o), n, func(i, at int) { buf[i] = widen(src[at]) })
			out[o] = f(buf)
		}
	})
	return out
}

func (p *plan) collect(base, n int, set func(i, at int)) {
	last := len(p.foldShape) - 1
	if last < 0 {
		set(0, base)
		return
	}
	inner, step := p.foldShape[last], p.foldStrides[last]
	for i := 0; i < n; i += inner {
		off, r := base, i/inner
		for k := last - 1; k >= 0; k-- {
			off += r % p.foldShape[k] * p.foldStrides[k]
			r /= p.foldShape[k]
		}
		for j := range inner {
			set(i+j, off+j*step)
		}
	}
}

// axesOf resolves the axes of a reduction: none means all, or with
// noop_with_empty_axes none.
func axesOf(n *ir.Node, axes []int64, rank int) ([]bool, error) {
	set, err := kernel.AxisSet(axes, rank)
	if err == nil && len(axes) == 0 && n.Int("noop_with_empty_axes", 0) == 0 {
		for i := range set {
			set[i] = true
		}
	}
	return set, err
}

func infer(c *op.InferCtx) error {
	d, s := c.InType(0), c.InShape(0)
	keep := c.Int("keepdims", 1) != 0
	var axes []int64
	if c.In(1) != nil {
		var ok bool
		if axes, ok = c.Ints(1); !ok {
			c.Set(0, d, unknownAxes(c, s, keep))
			return nil
		}
	}
	if s == nil {
		c.Set(0, d, nil)
		return nil
	}
	set, err := axesOf(c.Node, axes, len(s))
	if err != nil {
		return err
	}
	c.Set(0, d, reducedShape(s, set, keep))
	return nil
}

func reducedShape(s ir.Shape, set []bool, keep bool) ir.Shape {
	out := ir.Shape{}
	for i, dim := range s {
		switch {
		case !set[i]:
			out = append(out, dim)
		case keep:
			out = append(out, ir.Static(1))
		}
	}
	return out
}

// unknownAxes is the shape of a reduction whose axes are known only at run time.
func unknownAxes(c *op.InferCtx, s ir.Shape, keep bool) ir.Shape {
	if s == nil {
		return nil
	}
	if keep {
		return kernel.FreshShape(c.Out(0), len(s))
	}
	if a := c.InShape(1); len(a) == 1 {
		if n, ok := a[0].Int(); ok && n > 0 && n <= int64(len(s)) {
			return kernel.FreshShape(c.Out(0), len(s)-int(n))
		}
	}
	return nil
}

func evalFolds(c *op.EvalCtx, f folds) error {
	t := c.Arg(0)
	if t == nil {
		return fmt.Errorf("input 0 is missing")
	}
	var axes []int64
	if a := c.Arg(1); a != nil {
		var err error
		if axes, err = a.Int64s(); err != nil {
			return fmt.Errorf("axes: %w", err)
		}
	}
	set, err := axesOf(c.Node, axes, t.Rank())
	if err != nil {
		return err
	}
	p := newPlan(t.Shape(), set, c.Int("keepdims", 1) != 0)
	if err := kernel.CheckSize(t.DType(), p.shape); err != nil {
		return err
	}
	var out *tensor.Tensor
	switch d := t.DType(); {
	case d == tensor.Float64:
		out = tensor.Of(run(p, tensor.View[float64](t), func(x float64) float64 { return x }, f.floats), p.shape...)
	case d.IsFloat():
		narrow := func(v []float64) float32 { return float32(f.floats(v)) }
		out = tensor.Of(run(p, t.Float32s(), func(x float32) float64 { return float64(x) }, narrow), p.shape...)
	case d == tensor.Uint64 && f.uints != nil:
		out = tensor.Of(run(p, tensor.View[uint64](t), func(x uint64) uint64 { return x }, f.uints), p.shape...)
	case d.IsInt() && d != tensor.Uint64 && f.ints != nil, d == tensor.Bool && f.truth:
		v, err := t.Int64s()
		if err != nil {
			return err
		}
		fold := f.ints
		if f.emptyInt != nil {
			fold = func(v []int64) int64 {
				if len(v) == 0 {
					return f.emptyInt(d)
				}
				return f.ints(v)
			}
		}
		out = tensor.Of(run(p, v, func(x int64) int64 { return x }, fold), p.shape...)
	default:
		return fmt.Errorf("is not defined for %v", d)
	}
	c.Out[0], err = out.Cast(t.DType())
	return err
}

// reduction makes the Def of one reduction. axesInput is the opset from which
// the axes are an input instead of an attribute.
func reduction(name, doc string, axesInput int, f folds) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: "reduce",
		Inputs: op.Opt(op.In("data"), "axes"), Outputs: op.In("reduced"),
		Attrs: []op.Attr{
			{Name: "keepdims", Kind: op.Int, Default: int64(1)},
			{Name: "noop_with_empty_axes", Kind: op.Int, Default: int64(0)},
		},
		Infer: infer,
		Eval:  func(c *op.EvalCtx) error { return evalFolds(c, f) },
		FromONNX: func(s *op.Src) error {
			in := []*ir.Value{s.In(0), s.In(1)}
			if s.Version < axesInput {
				if axes, ok := s.Ints("axes"); ok {
					in[1] = s.IntsConst(axes)
				}
			}
			return s.Lower(name, s.AttrsOf("keepdims", "noop_with_empty_axes"), in...)
		},
		Tol: op.Accumulating,
	}
}

// again adds a reduction with the attributes and axes of the builder's node.
func again(b *op.Builder, name string, x *ir.Value) *ir.Value {
	in := []*ir.Value{x}
	if b.In(1) != nil {
		in = append(in, b.In(1))
	}
	return b.Op(name, b.Attrs.Clone(), in...)
}

// widely makes f of the first input in float32 where that input has fewer bits:
// sums whose root or logarithm fits in float16 need not fit themselves.
func widely(b *op.Builder, f func(*ir.Value) *ir.Value) *ir.Value {
	x := b.In(0)
	if !x.DType.IsFloat() || x.DType.Bits() >= 32 {
		return f(x)
	}
	y := f(b.Op("Cast", ir.Attrs{"to": op.ONNXType(tensor.Float32)}, x))
	return b.Op("Cast", ir.Attrs{"to": op.ONNXType(x.DType)}, y)
}

// withContent makes a reduction of a known list of sizes know its result.
func withContent(d *op.Def, f func(a, b ir.Dim) ir.Dim) *op.Def {
	d.Infer = func(c *op.InferCtx) error {
		if err := infer(c); err != nil {
			return err
		}
		v, ok := c.Content(0)
		out := c.Out(0)
		if t := c.InType(0); !t.IsSigned() || t.Bits() < 32 {
			return nil
		}
		if !ok || len(v) == 0 || out == nil || len(c.InShape(0)) != 1 || c.In(1) == nil && c.Int("noop_with_empty_axes", 0) != 0 {
			return nil
		}
		if n, ok := out.Shape.NumElements(); !ok || !n.Is(1) {
			return nil
		}
		acc := v[0]
		for _, x := range v[1:] {
			acc = f(acc, x)
		}
		c.SetContent(0, []ir.Dim{acc})
		return nil
	}
	return d
}

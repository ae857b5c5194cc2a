package signal

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// dftDef's last dimension holds real parts alone, or real and imaginary ones.
// onesided keeps the first half of a real signal's spectrum or, inverse, makes a
// real signal of such a half.
var dftDef = &op.Def{
	Name: "DFT", Doc: "Computes the discrete Fourier transform along an axis.", Family: family,
	Inputs: op.Opt(op.In("input"), "dft_length", "axis"), Outputs: op.In("output"),
	Attrs: []op.Attr{
		{Name: "inverse", Kind: op.Int, Default: int64(0)},
		{Name: "onesided", Kind: op.Int, Default: int64(0)},
	},
	Infer:     inferDFT,
	Eval:      evalDFT,
	Decompose: decomposeDFT,
	FromONNX: func(s *op.Src) error {
		in := []*ir.Value{s.In(0), s.In(1), s.In(2)}
		if s.Version < 20 {
			in[2] = s.Const(tensor.Scalar(s.Int("axis", 1)))
		}
		return s.Lower("DFT", s.AttrsOf("inverse", "onesided"), in...)
	},
	Tol: op.Accumulating,
}

// plan is what a node asks for, with sizes as far as they are known.
type plan struct {
	inverse, half bool
	axis          int
	parts         int // 1: real input, 2: complex
}

func newPlan(n *ir.Node, axis int64, rank, parts int) (plan, error) {
	p := plan{inverse: n.Int("inverse", 0) != 0, half: n.Int("onesided", 0) != 0, parts: parts}
	if rank < 2 || parts != 1 && parts != 2 {
		return p, fmt.Errorf("wants an input whose last dimension is 1 or 2")
	}
	a, err := kernel.Axis(axis, rank)
	if err != nil {
		return p, err
	}
	if a == rank-1 {
		return p, fmt.Errorf("axis %d is that of the real and imaginary parts", axis)
	}
	p.axis = a
	return p, nil
}

// sizes are the lengths of the transform and of the result along the axis, which
// has the size in.
func (p plan) sizes(in ir.Dim, length *ir.Dim) (n, out ir.Dim) {
	n = in
	switch {
	case length != nil:
		n = *length
	case p.inverse && p.half:
		n = in.AddInt(-1).Mul(ir.Static(2))
	}
	if p.half && !p.inverse {
		return n, n.FloorDiv(2).AddInt(1)
	}
	return n, n
}

// outParts is the last dimension of the result.
func (p plan) outParts() int {
	if p.half && p.inverse {
		return 1
	}
	return 2
}

func inferDFT(c *op.InferCtx) error {
	s, d := c.InShape(0), c.InType(0)
	if d != tensor.Invalid && !d.IsFloat() {
		return fmt.Errorf("is not defined for %v", d)
	}
	if s == nil {
		c.Set(0, d, nil)
		return nil
	}
	if len(s) < 2 {
		return fmt.Errorf("input %v has no axis beside the parts", s)
	}
	onesided, inverse := c.Int("onesided", 0) != 0, c.Int("inverse", 0) != 0
	unknown := func() error { // whichever axis it is
		out := kernel.FreshShape(c.Out(0), len(s))
		if c.In(1) == nil && !onesided {
			copy(out, s)
		}
		out[len(s)-1] = ir.Static(2)
		if onesided && inverse {
			out[len(s)-1] = ir.Static(1)
		}
		c.Set(0, d, out)
		return nil
	}
	axis := int64(-2)
	if c.In(2) != nil {
		v, ok := one(c, 2)
		if axis, ok = asInt(v, ok); !ok {
			return unknown()
		}
	}
	parts, ok := s[len(s)-1].Int()
	if !ok {
		parts = 2
	}
	p, err := newPlan(c.Node, axis, len(s), int(parts))
	if err != nil {
		return err
	}
	var length *ir.Dim
	if c.In(1) != nil {
		v, ok := one(c, 1)
		if !ok {
			v = kernel.Fresh(c.Out(0), p.axis)
		}
		if k, static := v.Int(); static && (k <= 0 || k > math.MaxInt32) {
			return fmt.Errorf("dft_length %d is out of range", k)
		}
		length = &v
	}
	out := s.Clone()
	_, out[p.axis] = p.sizes(s[p.axis], length)
	out[len(s)-1] = ir.Static(int64(p.outParts()))
	c.Set(0, d, out)
	return nil
}

func asInt(d ir.Dim, ok bool) (int64, bool) {
	if !ok {
		return 0, false
	}
	return d.Int()
}

func evalDFT(c *op.EvalCtx) error {
	x := c.Arg(0)
	if x == nil || !x.DType().IsFloat() || x.Rank() < 2 {
		return fmt.Errorf("wants an input of floats with at least two dimensions")
	}
	axis := int64(-2)
	var err error
	if c.Arg(2) != nil {
		if axis, err = whole(c, 2); err != nil {
			return err
		}
	}
	shape := x.Shape()
	p, err := newPlan(c.Node, axis, len(shape), shape[len(shape)-1])
	if err != nil {
		return err
	}
	var length *ir.Dim
	if c.Arg(1) != nil {
		n, err := whole(c, 1)
		if err != nil {
			return err
		}
		d := ir.Static(n)
		length = &d
	}
	n, out, err := p.static(shape[p.axis], length)
	if err != nil {
		return err
	}
	outShape := append([]int{}, shape...)
	outShape[p.axis], outShape[len(shape)-1] = out, p.outParts()
	if err := kernel.CheckSize(tensor.Float64, outShape); err != nil {
		return err
	}
	y := p.compute(x.Float64s(), shape, n, out)
	c.Out[0], err = tensor.FromFloat64s(x.DType(), y, outShape...)
	return err
}

// static gives the lengths as checked numbers.
func (p plan) static(in int, length *ir.Dim) (n, out int, err error) {
	a, b := p.sizes(ir.Static(int64(in)), length)
	x, _ := a.Int()
	y, _ := b.Int()
	if x <= 0 || x > 1<<26 {
		return 0, 0, fmt.Errorf("a transform of length %d", x)
	}
	return int(x), int(y), nil
}

// compute transforms every line along the axis; the lines are cut or filled up
// with zeros to the transform's length n.
func (p plan) compute(v []float64, shape []int, n, out int) []float64 {
	outer, size := kernel.Product(shape[:p.axis]), shape[p.axis]
	inner := kernel.Product(shape[p.axis+1 : len(shape)-1])
	parts := p.outParts()
	y := make([]float64, outer*out*inner*parts)
	tensor.Parallel(outer*inner, 1+(1<<12)/n, func(lo, hi int) {
		t, line := newTransform(n, p.inverse), make([]complex128, n)
		for l := lo; l < hi; l++ {
			o, in := l/inner, l%inner
			clear(line)
			for k := range min(n, size) {
				at := ((o*size+k)*inner + in) * p.parts
				line[k] = complex(v[at], 0)
				if p.parts == 2 {
					line[k] = complex(v[at], v[at+1])
				}
			}
			if p.inverse && p.half {
				mirror(line, min(n, size))
			}
			t.run(line)
			for k := range out {
				at := ((o*out+k)*inner + in) * parts
				z := line[k]
				if p.inverse {
					z /= complex(float64(n), 0)
				}
				y[at] = real(z)
				if parts == 2 {
					y[at+1] = imag(z)
				}
			}
		}
	})
	return y
}

// mirror completes the first half of a real signal's spectrum, of which have
// elements are given: the other half is its conjugate, and what has no partner
// is real.
func mirror(line []complex128, have int) {
	n := len(line)
	for k := n/2 + 1; k < have; k++ {
		line[k] = 0
	}
	line[0] = complex(real(line[0]), 0)
	if n%2 == 0 {
		line[n/2] = complex(real(line[n/2]), 0)
	}
	for k := 1; 2*k < n; k++ {
		line[n-k] = complex(real(line[k]), -imag(line[k]))
	}
}

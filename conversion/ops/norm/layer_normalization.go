package norm

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var layerNormDef = &op.Def{
	Name:    "LayerNormalization",
	Family:  "norm",
	Doc:     "Standardizes over the axes from axis on, then Scale*x + B; may return mean and 1/standard deviation.",
	Inputs:  op.Opt(op.In("X", "Scale"), "B"),
	Outputs: op.Opt(op.In("Y"), "Mean", "InvStdDev"),
	Attrs: []op.Attr{
		{Name: "axis", Kind: op.Int, Default: int64(-1)},
		{Name: "epsilon", Kind: op.Float, Default: 1e-5},
		{Name: "stash_type", Kind: op.Int, Default: int64(1)},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		var reduced ir.Shape
		if s != nil {
			axis, err := from(c.Node, len(s))
			if err != nil {
				return err
			}
			reduced = s.Clone()
			for i := axis; i < len(s); i++ {
				reduced[i] = ir.Static(1)
			}
		}
		c.Set(0, c.InType(0), s.Clone())
		c.Set(1, tensor.Float32, reduced)
		c.Set(2, tensor.Float32, reduced.Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, scale := c.Arg(0), c.Arg(1)
		if err := floats(x, scale); err != nil {
			return err
		}
		axis, err := from(c.Node, x.Rank())
		if err != nil {
			return err
		}
		l, err := newLines(x, axis, scale, c.Arg(2))
		if err != nil {
			return err
		}
		mean, inverse := make([]float64, l.rows), make([]float64, l.rows)
		epsilon := c.Float("epsilon", 1e-5)
		l.each(func(r int, v []float64) { mean[r], inverse[r] = standardize(v, epsilon) })
		if c.Out[0], err = tensor.FromFloat64s(x.DType(), l.y, x.Shape()...); err != nil {
			return err
		}
		shape := append([]int{}, x.Shape()...)
		for i := axis; i < len(shape); i++ {
			shape[i] = 1
		}
		for i, v := range [][]float64{mean, inverse} {
			if i+1 < len(c.Out) {
				if c.Out[i+1], err = tensor.FromFloat64s(tensor.Float32, v, shape...); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		axes, err := lastAxes(b)
		if err != nil {
			return nil, err
		}
		if b.Patch.Needed(b.Out(1)) || b.Patch.Needed(b.Out(2)) {
			return withStatistics(b, axes), nil
		}
		y := b.Op("Mul", nil, reduceForm(b, b.In(0), b.Float("epsilon", 1e-5), axes), b.In(1))
		if bias := b.In(2); bias != nil {
			y = b.Op("Add", nil, y, bias)
		}
		return []*ir.Value{y}, nil
	},
}

// withStatistics computes mean and 1/deviation as results of their own, in f32.
func withStatistics(b *op.Builder, axes *ir.Value) []*ir.Value {
	x := b.In(0)
	to := func(v *ir.Value, d tensor.DType) *ir.Value {
		if v.DType == d {
			return v
		}
		return b.Op("Cast", ir.Attrs{"to": op.ONNXType(d)}, v)
	}
	keep := ir.Attrs{"keepdims": int64(1)}
	wide := to(x, tensor.Float32)
	mean := b.Op("ReduceMean", keep.Clone(), wide, axes)
	off := b.Op("Sub", nil, wide, mean)
	variance := b.Op("ReduceMean", keep.Clone(), b.Op("Mul", nil, off, off), axes)
	deviation := b.Op("Sqrt", nil, b.Op("Add", nil, variance, b.Scalar(tensor.Float32, b.Float("epsilon", 1e-5))))
	inverse := b.Op("Div", nil, b.Scalar(tensor.Float32, 1), deviation)
	y := b.Op("Mul", nil, to(b.Op("Mul", nil, off, inverse), x.DType), b.In(1))
	if bias := b.In(2); bias != nil {
		y = b.Op("Add", nil, y, bias)
	}
	return []*ir.Value{y, mean, inverse}
}

// from is the node's axis, counted from the front.
func from(n *ir.Node, rank int) (int, error) {
	a := int(n.Int("axis", -1))
	axis := a
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		return 0, fmt.Errorf("axis %d is out of range for rank %d", a, rank)
	}
	return axis, nil
}

// lastAxes are the normalised axes as a constant. Negative numbers serve where
// the rank is unknown.
func lastAxes(b *op.Builder) (*ir.Value, error) {
	rank := b.In(0).Rank()
	a := b.Int("axis", -1)
	if a >= 0 {
		if rank < 0 {
			return nil, fmt.Errorf("input of unknown rank: %w", op.ErrNoDecomposition)
		}
		a -= int64(rank)
	}
	var axes []int64
	for ; a < 0; a++ {
		axes = append(axes, a)
	}
	return b.Ints(axes...), nil
}

// lines is a tensor taken as rows of the axes from some axis on, with a scale
// and an optional bias that broadcast to it.
type lines struct {
	rows, size  int
	y           []float64
	scale, bias []float64 // of size elements each, or of the whole tensor
}

func newLines(x *tensor.Tensor, axis int, scale, bias *tensor.Tensor) (*lines, error) {
	l := &lines{rows: 1, size: 1, y: clone(x)}
	for i, d := range x.Shape() {
		if i < axis {
			l.rows *= d
		} else {
			l.size *= d
		}
	}
	var err error
	if l.scale, err = expand(scale, x.Shape()); err != nil {
		return nil, fmt.Errorf("scale: %w", err)
	}
	if bias != nil {
		if l.bias, err = expand(bias, x.Shape()); err != nil {
			return nil, fmt.Errorf("bias: %w", err)
		}
	}
	return l, nil
}

// each calls f on every row, in place, and then applies scale and bias.
func (l *lines) each(f func(row int, v []float64)) {
	tensor.Parallel(l.rows, 1+(1<<13)/max(l.size, 1), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			v := l.y[r*l.size:][:l.size]
			f(r, v)
			for i := range v {
				v[i] *= l.scale[(r*l.size+i)%len(l.scale)]
				if l.bias != nil {
					v[i] += l.bias[(r*l.size+i)%len(l.bias)]
				}
			}
		}
	})
}

// expand broadcasts t to shape. Where t only lacks leading axes its elements
// repeat, and are returned once.
func expand(t *tensor.Tensor, shape []int) ([]float64, error) {
	s := t.Shape()
	for len(s) > 0 && s[0] == 1 {
		s = s[1:]
	}
	if !t.DType().IsReal() {
		return nil, fmt.Errorf("element type %v is not a number", t.DType())
	}
	if len(s) > len(shape) {
		return nil, fmt.Errorf("shape %v does not broadcast to %v", t.Shape(), shape)
	}
	v := t.Float64s()
	same := true
	for i, d := range s {
		if want := shape[len(shape)-len(s)+i]; d != want {
			if d != 1 {
				return nil, fmt.Errorf("shape %v does not broadcast to %v", t.Shape(), shape)
			}
			same = false
		}
	}
	if same {
		return v, nil
	}
	n, err := tensor.NumElements(shape)
	if err != nil {
		return nil, err
	}
	out := make([]float64, n)
	for i := range out {
		at, step, rest := 0, 1, i
		for j := len(shape) - 1; j >= 0; j-- {
			p := rest % shape[j]
			rest /= shape[j]
			if k := j - len(shape) + len(s); k >= 0 {
				if s[k] != 1 {
					at += p * step
				}
				step *= s[k]
			}
		}
		out[i] = v[at]
	}
	return out, nil
}

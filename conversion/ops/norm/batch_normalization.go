package norm

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

func inverseRoot(variance, epsilon float64) float64 { return 1 / math.Sqrt(variance+epsilon) }

var batchNormDef = &op.Def{
	Name:    "BatchNormalization",
	Family:  "norm",
	Doc:     "(x - mean)/sqrt(var + epsilon)*scale + B by channel, with the given statistics.",
	Inputs:  op.In("X", "scale", "B", "input_mean", "input_var"),
	Outputs: op.In("Y"),
	Attrs:   []op.Attr{{Name: "epsilon", Kind: op.Float, Default: 1e-5}},
	Tol:     op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		if s := c.InShape(0); s != nil && len(s) < 2 {
			c.Set(0, c.InType(0), s.Clone())
			return nil
		}
		if err := wantChannels(c, 1, 2, 3, 4); err != nil {
			return err
		}
		return sameShape(c)
	},
	Eval: func(c *op.EvalCtx) error {
		if err := floats(c.Arg(0), c.Arg(1), c.Arg(2), c.Arg(3), c.Arg(4)); err != nil {
			return err
		}
		x := c.Arg(0)
		s := x.Shape()
		channels, inner := 1, 1
		if len(s) > 1 {
			channels = s[1]
		}
		for _, d := range s[min(2, len(s)):] {
			inner *= d
		}
		factor, offset, err := Affine(c.Arg(1), c.Arg(2), c.Arg(3), c.Arg(4), c.Float("epsilon", 1e-5))
		if err != nil {
			return err
		}
		if len(factor) != channels {
			return fmt.Errorf("scale has %d elements for %d channels", len(factor), channels)
		}
		if x.DType() == tensor.Float32 {
			c.Out[0] = tensor.Of(scaleShift(x.Float32s(), factor, offset, inner), s...)
			return nil
		}
		c.Out[0], err = tensor.FromFloat64s(x.DType(), scaleShift(x.Float64s(), factor, offset, inner), s...)
		return err
	},
	Decompose: decomposeBatchNorm,
	FromONNX: func(s *op.Src) error {
		if s.Int("training_mode", 0) != 0 {
			return readTraining(s)
		}
		attrs := s.AttrsOf("epsilon")
		s.Has("momentum")
		if s.Version < 7 {
			s.Has("consumed_inputs")
			if s.Int("is_test", 0) == 0 {
				return fmt.Errorf("is_test 0: only inference is supported")
			}
		}
		if s.Int("spatial", 1) != 1 {
			return fmt.Errorf("spatial 0: only statistics by channel are supported")
		}
		for i := 1; i < len(s.OutUsed); i++ {
			if s.OutUsed[i] {
				return fmt.Errorf("output %d exists in training only", i)
			}
		}
		n, err := s.Emit("BatchNormalization", attrs, 1, s.Inputs...)
		if err != nil {
			return err
		}
		s.Return(n.Outputs...)
		return nil
	},
}

// readTraining writes out the form that normalises by the statistics of its own
// input and moves the running ones toward them (BatchNormalization-14).
func readTraining(s *op.Src) error {
	x := s.In(0)
	if x.Rank() < 2 || len(s.Inputs) != 5 {
		return fmt.Errorf("training_mode 1 with %d inputs, the first of rank %d", len(s.Inputs), x.Rank())
	}
	axes, shape := []int64{0}, []int64{-1}
	for a := 2; a < x.Rank(); a++ {
		axes, shape = append(axes, int64(a)), append(shape, 1)
	}
	var err error
	node := func(name string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
		if err != nil {
			return x
		}
		var n *ir.Node
		if n, err = s.Emit(name, attrs, 1, in...); err != nil {
			return x
		}
		return n.Outputs[0]
	}
	number := func(d tensor.DType, v float64) *ir.Value {
		t, e := tensor.FromFloat64s(d, []float64{v})
		if e != nil {
			err = e
			return x
		}
		return s.Const(t)
	}
	wide := func(v *ir.Value) *ir.Value { return node("Reshape", nil, v, s.IntsConst(shape)) }
	drop := ir.Attrs{"keepdims": int64(0)}
	mean := node("ReduceMean", drop, x, s.IntsConst(axes))
	off := node("Sub", nil, x, wide(mean))
	variance := node("ReduceMean", drop.Clone(), node("Mul", nil, off, off), s.IntsConst(axes))
	root := node("Sqrt", nil, node("Add", nil, variance, number(x.DType, s.Float("epsilon", 1e-5))))
	y := node("Mul", nil, node("Div", nil, off, wide(root)), wide(s.In(1)))
	out := []*ir.Value{node("Add", nil, y, wide(s.In(2)))}
	keep := s.Float("momentum", 0.9)
	for i, now := range []*ir.Value{mean, variance} {
		if old := s.In(3 + i); s.NumOut > 1+i {
			a := node("Mul", nil, old, number(old.DType, keep))
			out = append(out, node("Add", nil, a, node("Mul", nil, now, number(now.DType, 1-keep))))
		}
	}
	if err != nil {
		return err
	}
	s.Return(out...)
	return nil
}

// Affine folds the statistics into y = factor*x + offset, by channel.
func Affine(scale, bias, mean, variance *tensor.Tensor, epsilon float64) (factor, offset []float64, err error) {
	if err := floats(scale, bias, mean, variance); err != nil {
		return nil, nil, err
	}
	n := scale.Len()
	if bias.Len() != n || mean.Len() != n || variance.Len() != n {
		return nil, nil, fmt.Errorf("statistics have %d, %d, %d and %d elements", n, bias.Len(), mean.Len(), variance.Len())
	}
	factor, offset = make([]float64, n), make([]float64, n)
	g, b, m, v := scale.Float64s(), bias.Float64s(), mean.Float64s(), variance.Float64s()
	for i := range n {
		factor[i] = g[i] * inverseRoot(v[i], epsilon)
		offset[i] = b[i] - m[i]*factor[i]
	}
	return factor, offset, nil
}

func scaleShift[T float32 | float64](x []T, factor, offset []float64, inner int) []T {
	y := make([]T, len(x))
	planes := len(x) / max(inner, 1)
	tensor.Parallel(planes, 1+(1<<15)/max(inner, 1), func(lo, hi int) {
		for p := lo; p < hi; p++ {
			f, o := factor[p%len(factor)], offset[p%len(factor)]
			src, dst := x[p*inner:][:inner], y[p*inner:][:inner]
			for i, v := range src {
				dst[i] = T(float64(v)*f + o)
			}
		}
	})
	return y
}

// decomposeBatchNorm gives Mul and Add with folded constants.
func decomposeBatchNorm(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	for i := 1; i < 5; i++ {
		if !b.In(i).IsConst() {
			return nil, fmt.Errorf("statistics are not constant: %w", op.ErrNoDecomposition)
		}
	}
	if x.Rank() < 2 {
		return nil, fmt.Errorf("input of rank %d: %w", x.Rank(), op.ErrNoDecomposition)
	}
	factor, offset, err := Affine(b.In(1).Const, b.In(2).Const, b.In(3).Const, b.In(4).Const, b.Float("epsilon", 1e-5))
	if err != nil {
		return nil, err
	}
	shape := make([]int, x.Rank()-1)
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = len(factor)
	f, err := tensor.FromFloat64s(x.DType, factor, shape...)
	if err != nil {
		return nil, err
	}
	o, err := tensor.FromFloat64s(x.DType, offset, shape...)
	if err != nil {
		return nil, err
	}
	return []*ir.Value{b.Op("Add", nil, b.Op("Mul", nil, x, b.Const(f)), b.Const(o))}, nil
}

package linalg

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var axisAttr = []op.Attr{{Name: "axis", Kind: op.Int, Default: int64(-1)}}

var softmaxDef = &op.Def{
	Name: "Softmax", Family: "linalg",
	Doc:    "Exponentials along an axis, scaled so that they sum to 1.",
	Inputs: op.In("input"), Outputs: op.In("output"),
	Attrs: axisAttr,
	Tol:   op.Elementwise,
	Infer: inferAxis,
	Eval: func(c *op.EvalCtx) error {
		return alongAxis(c, func(v []float64) {
			sum := expShifted(v)
			for i := range v {
				v[i] /= sum
			}
		})
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		e, sum := shiftedExp(b)
		return []*ir.Value{b.Op("Div", nil, e, sum)}, nil
	},
	FromONNX: readFlattened("Softmax"),
}

var logSoftmaxDef = &op.Def{
	Name: "LogSoftmax", Family: "linalg",
	Doc:    "Natural logarithm of Softmax along an axis.",
	Inputs: op.In("input"), Outputs: op.In("output"),
	Attrs: axisAttr,
	Tol:   op.Tolerance{Abs: 4e-6, Rel: 2e-6},
	Infer: inferAxis,
	Eval: func(c *op.EvalCtx) error {
		return alongAxis(c, func(v []float64) {
			top := maxOf(v)
			sum := 0.0
			for _, x := range v {
				sum += math.Exp(x - top)
			}
			log := math.Log(sum)
			for i := range v {
				v[i] = v[i] - top - log
			}
		})
	},
	// The stable form: x - max - log(sum(exp(x - max))).
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		axes := b.Ints(b.Int("axis", -1))
		keep := ir.Attrs{"keepdims": int64(1)}
		shifted := b.Op("Sub", nil, b.In(0), b.Op("ReduceMax", keep.Clone(), b.In(0), axes))
		sum := b.Op("ReduceSum", keep.Clone(), b.Op("Exp", nil, shifted), axes)
		return []*ir.Value{b.Op("Sub", nil, shifted, b.Op("Log", nil, sum))}, nil
	},
	FromONNX: readFlattened("LogSoftmax"),
}

var hardmaxDef = &op.Def{
	Name: "Hardmax", Family: "linalg",
	Doc:    "1 at the first maximum along an axis, 0 elsewhere.",
	Inputs: op.In("input"), Outputs: op.In("output"),
	Attrs: axisAttr,
	Tol:   op.Exact,
	Infer: inferAxis,
	Eval: func(c *op.EvalCtx) error {
		return alongAxis(c, func(v []float64) {
			best := 0
			for i, x := range v {
				if x > v[best] {
					best = i
				}
			}
			clear(v)
			v[best] = 1
		})
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		x, axis := b.In(0), b.Int("axis", -1)
		if axis < 0 {
			axis += int64(x.Rank())
		}
		if x.Rank() < 1 || axis < 0 || axis >= int64(x.Rank()) {
			return nil, fmt.Errorf("axis %d of %v: %w", axis, x.Shape, op.ErrNoDecomposition)
		}
		n, ok := x.Shape[axis].Int()
		if !ok {
			return nil, fmt.Errorf("axis of size %v: %w", x.Shape[axis], op.ErrNoDecomposition)
		}
		at := b.Op("ArgMax", ir.Attrs{"axis": axis, "keepdims": int64(0)}, x)
		values, err := tensor.FromFloat64s(x.DType, []float64{0, 1}, 2)
		if err != nil {
			return nil, err
		}
		return []*ir.Value{b.Op("OneHot", ir.Attrs{"axis": axis}, at, b.Const(tensor.Scalar(n)), b.Const(values))}, nil
	},
	FromONNX: readFlattened("Hardmax"),
}

func inferAxis(c *op.InferCtx) error {
	s := c.InShape(0)
	if s != nil {
		if a := c.Int("axis", -1); a < -int64(len(s)) || a >= int64(len(s)) {
			return fmt.Errorf("axis %d is out of range for input %v", a, s)
		}
	}
	c.Set(0, c.InType(0), s.Clone())
	return nil
}

// alongAxis applies f, in place, to every line of the input along the node's
// axis.
func alongAxis(c *op.EvalCtx, f func(v []float64)) error {
	x := c.Arg(0)
	if x == nil || !x.DType().IsFloat() {
		return fmt.Errorf("wants a floating-point input")
	}
	s := x.Shape()
	axis := int(c.Int("axis", -1))
	if axis < 0 {
		axis += len(s)
	}
	if axis < 0 || axis >= len(s) {
		return fmt.Errorf("axis %d is out of range for input %v", c.Int("axis", -1), s)
	}
	inner, n := 1, s[axis]
	for _, d := range s[axis+1:] {
		inner *= d
	}
	in := x.Float64s()
	out := make([]float64, len(in))
	if n > 0 && len(in) > 0 {
		tensor.Parallel(len(in)/n, 1+(1<<12)/n, func(lo, hi int) {
			line := make([]float64, n)
			for l := lo; l < hi; l++ {
				base := l/inner*inner*n + l%inner
				for i := range line {
					line[i] = in[base+i*inner]
				}
				f(line)
				for i, v := range line {
					out[base+i*inner] = v
				}
			}
		})
	}
	var err error
	c.Out[0], err = tensor.FromFloat64s(x.DType(), out, s...)
	return err
}

func maxOf(v []float64) float64 {
	top := math.Inf(-1)
	for _, x := range v {
		top = math.Max(top, x)
	}
	return top
}

// expShifted replaces v by exp(v - max v) and returns the sum.
func expShifted(v []float64) float64 {
	top, sum := maxOf(v), 0.0
	for i, x := range v {
		v[i] = math.Exp(x - top)
		sum += v[i]
	}
	return sum
}

func shiftedExp(b *op.Builder) (e, sum *ir.Value) {
	axes := b.Ints(b.Int("axis", -1))
	keep := ir.Attrs{"keepdims": int64(1)}
	top := b.Op("ReduceMax", keep.Clone(), b.In(0), axes)
	e = b.Op("Exp", nil, b.Op("Sub", nil, b.In(0), top))
	return e, b.Op("ReduceSum", keep.Clone(), e, axes)
}

// readFlattened lowers the meaning before opset 13: the input is taken as a
// matrix, flattened at axis (1 by default), and each row is normalised. Where
// all dims after axis are 1 that is the same as along axis itself.
func readFlattened(name string) func(*op.Src) error {
	return func(s *op.Src) error {
		if s.Version >= 13 {
			return s.Lower(name, s.AttrsOf("axis"), s.Inputs...)
		}
		x, axis := s.In(0), s.Int("axis", 1)
		if x == nil {
			return fmt.Errorf("lacks its input")
		}
		if x.Rank() < 0 {
			return fmt.Errorf("input of unknown rank: the meaning of axis %d before opset 13 depends on it", axis)
		}
		rank := int64(x.Rank())
		if axis < -rank || axis > rank {
			return fmt.Errorf("axis %d is out of range for input %v", axis, x.Shape)
		}
		if axis < 0 {
			axis += rank
		}
		if single(x.Shape, axis) {
			return s.Lower(name, ir.Attrs{"axis": axis}, x)
		}
		flat, err := s.Emit("Flatten", ir.Attrs{"axis": axis}, 1, x)
		if err != nil {
			return err
		}
		y, err := s.Emit(name, ir.Attrs{"axis": int64(1)}, 1, flat.Outputs[0])
		if err != nil {
			return err
		}
		shape, err := s.Emit("Shape", nil, 1, x)
		if err != nil {
			return err
		}
		out, err := s.Emit("Reshape", ir.Attrs{"allowzero": int64(1)}, 1, y.Outputs[0], shape.Outputs[0])
		if err != nil {
			return err
		}
		s.Return(out.Outputs...)
		return nil
	}
}

// single reports whether flattening at axis leaves only axis itself in a row.
func single(s ir.Shape, axis int64) bool {
	if axis >= int64(len(s)) {
		return false
	}
	for _, d := range s[axis+1:] {
		if !d.Is(1) {
			return false
		}
	}
	return true
}

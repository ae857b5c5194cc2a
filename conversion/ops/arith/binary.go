package arith

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// binaryRows is one function of two numbers for the four element types that
// computation happens in: f16, bf16 and float8 go through f32, the narrower
// integers through i64, with wrap-around at the end.
type binaryRows[F, D, I, U any] struct {
	f32 kernel.Row[float32, F]
	f64 kernel.Row[float64, D]
	i64 kernel.Row[int64, I]
	u64 kernel.Row[uint64, U]
}

// numeric maps numbers to numbers of the same type.
type numeric = binaryRows[float32, float64, int64, uint64]

// predicate maps numbers to truth values.
type predicate = binaryRows[bool, bool, bool, bool]

// broadcastTypes are the operand types after a check that they agree.
func broadcastType(c *op.InferCtx, n int) (tensor.DType, error) {
	d := c.InType(0)
	for i := 1; i < n; i++ {
		e := c.InType(i)
		if d == tensor.Invalid {
			d = e
		}
		if e != tensor.Invalid && e != d {
			return d, fmt.Errorf("element types differ: %v and %v", d, e)
		}
	}
	return d, nil
}

// inferBroadcast types output 0 as the broadcast of all inputs; out is its
// element type, Invalid for that of the inputs.
func inferBroadcast(c *op.InferCtx, out tensor.DType) error {
	d, err := broadcastType(c, len(c.Inputs))
	if err != nil {
		return err
	}
	if out == tensor.Invalid {
		out = d
	}
	return setBroadcast(c, out)
}

func setBroadcast(c *op.InferCtx, d tensor.DType) error {
	if len(c.Inputs) == 0 {
		return fmt.Errorf("needs at least one input")
	}
	shapes := make([]ir.Shape, len(c.Inputs))
	for i := range shapes {
		if c.In(i) == nil {
			return fmt.Errorf("input %d is missing", i)
		}
		shapes[i] = c.InShape(i)
	}
	s, err := kernel.BroadcastDims(shapes...)
	if err != nil {
		return err
	}
	c.Set(0, d, s)
	return nil
}

// foldContent computes known contents elementwise; f reports whether it knows
// the result.
func foldContent(c *op.InferCtx, f func(a, b ir.Dim) (ir.Dim, bool)) {
	if t := c.InType(0); !t.IsSigned() || t.Bits() < 32 || len(c.InShape(0)) > 1 {
		return
	}
	acc, ok := c.Content(0)
	for i := 1; ok && i < len(c.Inputs); i++ {
		if len(c.InShape(i)) > 1 {
			return
		}
		var b, next []ir.Dim
		if b, ok = c.Content(i); !ok {
			break
		}
		n := max(len(acc), len(b))
		if len(acc) != n && len(acc) != 1 || len(b) != n && len(b) != 1 {
			return
		}
		for k := 0; ok && k < n; k++ {
			var d ir.Dim
			d, ok = f(acc[min(k, len(acc)-1)], b[min(k, len(b)-1)])
			next = append(next, d)
		}
		acc = next
	}
	if ok {
		c.SetContent(0, acc)
	}
}

// operands returns the two inputs, checked to be present and of one type.
func operands(c *op.EvalCtx) (a, b *tensor.Tensor, err error) {
	a, b = c.Arg(0), c.Arg(1)
	if a == nil || b == nil || len(c.In) != 2 {
		return nil, nil, fmt.Errorf("needs two inputs, has %d", len(c.In))
	}
	if a.DType() != b.DType() {
		return nil, nil, fmt.Errorf("element types differ: %v and %v", a.DType(), b.DType())
	}
	return a, b, nil
}

func evalNumeric(c *op.EvalCtx, r *numeric) error {
	a, b, err := operands(c)
	if err != nil {
		return err
	}
	c.Out[0], err = applyNumeric(a, b, r)
	return err
}

// applyNumeric computes r(a,b) in the operands' common type.
func applyNumeric(a, b *tensor.Tensor, r *numeric) (*tensor.Tensor, error) {
	d := a.DType()
	shape, err := kernel.BroadcastShape(a.Shape(), b.Shape())
	if err == nil {
		err = kernel.CheckSize(d, shape)
	}
	if err != nil {
		return nil, err
	}
	var out *tensor.Tensor
	switch {
	case d == tensor.Float64 && r.f64 != nil:
		out = zip(shape, a, b, tensor.View[float64](a), tensor.View[float64](b), r.f64)
	case d.IsFloat() && r.f32 != nil:
		out = zip(shape, a, b, a.Float32s(), b.Float32s(), r.f32)
	case d == tensor.Uint64 && r.u64 != nil:
		out = zip(shape, a, b, tensor.View[uint64](a), tensor.View[uint64](b), r.u64)
	case d.IsInt() && r.i64 != nil:
		x, y, err := ints(a, b)
		if err != nil {
			return nil, err
		}
		out = zip(shape, a, b, x, y, r.i64)
	default:
		return nil, fmt.Errorf("is not defined for %v", d)
	}
	return out.Cast(d)
}

func evalPredicate(c *op.EvalCtx, r *predicate) error {
	a, b, err := operands(c)
	if err != nil {
		return err
	}
	shape, err := kernel.BroadcastShape(a.Shape(), b.Shape())
	if err == nil {
		err = kernel.CheckSize(tensor.Bool, shape)
	}
	if err != nil {
		return err
	}
	switch d := a.DType(); {
	case d == tensor.Float64:
		c.Out[0] = zip(shape, a, b, tensor.View[float64](a), tensor.View[float64](b), r.f64)
	case d.IsFloat():
		c.Out[0] = zip(shape, a, b, a.Float32s(), b.Float32s(), r.f32)
	case d == tensor.Uint64:
		c.Out[0] = zip(shape, a, b, tensor.View[uint64](a), tensor.View[uint64](b), r.u64)
	case d.IsInt() || d == tensor.Bool:
		x, y, err := ints(a, b)
		if err != nil {
			return err
		}
		c.Out[0] = zip(shape, a, b, x, y, r.i64)
	default:
		return fmt.Errorf("is not defined for %v", d)
	}
	return nil
}

func ints(a, b *tensor.Tensor) (x, y []int64, err error) {
	if x, err = a.Int64s(); err == nil {
		y, err = b.Int64s()
	}
	return x, y, err
}

func zip[A any, R tensor.Elem](shape []int, a, b *tensor.Tensor, x, y []A, row kernel.Row[A, R]) *tensor.Tensor {
	out := make([]R, kernel.Product(shape))
	kernel.Zip(shape, out, x, a.Shape(), y, b.Shape(), row)
	return tensor.Of(out, shape...)
}

// broadcastFromONNX reads a binary operator. Before opset 7 the attribute
// broadcast asks for it, and axis says where the second operand's dimensions
// start in the first one's.
func broadcastFromONNX(name string) func(*op.Src) error {
	return func(s *op.Src) error {
		if s.Version >= 7 || s.Int("broadcast", 0) == 0 || !s.Has("axis") {
			return s.Lower(name, nil, s.Inputs...)
		}
		a, b := s.In(0), s.In(1)
		if b == nil || a.Shape == nil || b.Shape == nil {
			return fmt.Errorf("broadcasting along an axis needs operands of known rank in opset %d", s.Version)
		}
		axis, err := kernel.Axis(s.Int("axis", 0), len(a.Shape))
		if err != nil {
			return err
		}
		var axes []int64
		for i := axis + len(b.Shape); i < len(a.Shape); i++ {
			axes = append(axes, int64(i-axis))
		}
		if len(axes) > 0 {
			n, err := s.Emit("Unsqueeze", nil, 1, b, s.IntsConst(axes))
			if err != nil {
				return err
			}
			b = n.Outputs[0]
		}
		return s.Lower(name, nil, a, b)
	}
}

// binary makes the Def of an arithmetic operator of two inputs of one type.
func binary(name, doc string, r *numeric, content func(a, b ir.Dim) (ir.Dim, bool)) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: "arith",
		Inputs: op.In("A", "B"), Outputs: op.In("C"),
		Infer: func(c *op.InferCtx) error {
			if err := inferBroadcast(c, tensor.Invalid); err != nil {
				return err
			}
			if content != nil {
				foldContent(c, content)
			}
			return nil
		},
		Eval:     func(c *op.EvalCtx) error { return evalNumeric(c, r) },
		FromONNX: broadcastFromONNX(name),
		Harmless: []string{"consumed_inputs"},
		Tol:      op.Elementwise,
	}
}

// compare makes the Def of a comparison of two inputs of one type.
func compare(name, doc string, eval func(*op.EvalCtx) error) *op.Def {
	return &op.Def{
		Name: name, Doc: doc, Family: "arith",
		Inputs: op.In("A", "B"), Outputs: op.In("C"),
		Infer:    func(c *op.InferCtx) error { return inferBroadcast(c, tensor.Bool) },
		Eval:     eval,
		FromONNX: broadcastFromONNX(name),
		Tol:      op.Exact,
	}
}

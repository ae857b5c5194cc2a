package linalg

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/tensor"
)

var gemmDef = &op.Def{
	Name:    "Gemm",
	Family:  "linalg",
	Doc:     "alpha*A*B + beta*C of two matrices, either of which may be transposed; C broadcasts to the result.",
	Inputs:  op.Opt(op.In("A", "B"), "C"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "alpha", Kind: op.Float, Default: 1.0},
		{Name: "beta", Kind: op.Float, Default: 1.0},
		{Name: "transA", Kind: op.Int, Default: int64(0)},
		{Name: "transB", Kind: op.Int, Default: int64(0)},
	},
	Tol:       op.Accumulating,
	Infer:     inferGemm,
	Eval:      evalGemm,
	Decompose: decomposeGemm,
	// broadcast, until set 6, allowed C to broadcast; it always may now.
	Harmless: []string{"broadcast"},
}

func inferGemm(c *op.InferCtx) error {
	a, b := c.InShape(0), c.InShape(1)
	if a == nil || b == nil {
		c.Set(0, c.InType(0), nil)
		return nil
	}
	if len(a) != 2 || len(b) != 2 {
		return fmt.Errorf("factors %v and %v must be matrices", a, b)
	}
	m, k := a[0], a[1]
	if c.Int("transA", 0) != 0 {
		m, k = k, m
	}
	k2, n := b[0], b[1]
	if c.Int("transB", 0) != 0 {
		k2, n = n, k2
	}
	x, ok1 := k.Int()
	y, ok2 := k2.Int()
	if ok1 && ok2 && x != y {
		return fmt.Errorf("factors %v and %v do not match (transA %d, transB %d)", a, b, c.Int("transA", 0), c.Int("transB", 0))
	}
	c.Set(0, c.InType(0), ir.Shape{m, n})
	return nil
}

func evalGemm(c *op.EvalCtx) error {
	a, b := c.Arg(0), c.Arg(1)
	if err := sameType(a, b); err != nil {
		return err
	}
	if a.Rank() != 2 || b.Rank() != 2 {
		return fmt.Errorf("factors %v and %v must be matrices", a.Shape(), b.Shape())
	}
	g := gemm{m: a.Shape()[0], k: a.Shape()[1], n: b.Shape()[1], transA: c.Int("transA", 0) != 0, transB: c.Int("transB", 0) != 0}
	k2 := b.Shape()[0]
	if g.transA {
		g.m, g.k = g.k, g.m
	}
	if g.transB {
		g.n, k2 = k2, g.n
	}
	if g.k != k2 {
		return fmt.Errorf("factors %v and %v do not match", a.Shape(), b.Shape())
	}
	alpha, beta := c.Float("alpha", 1), c.Float("beta", 1)
	bias := c.Arg(2)
	var rows, cols int
	if bias != nil {
		if err := sameType(a, bias); err != nil {
			return err
		}
		var err error
		if rows, cols, err = g.biasStrides(bias); err != nil {
			return err
		}
	}
	var err error
	switch d := a.DType(); d {
	case tensor.Float32, tensor.Float16, tensor.BFloat16:
		var t []float32
		if bias != nil {
			t = bias.Float32s()
		}
		y := runGemm(g, a.Float32s(), b.Float32s(), t, rows, cols, float32(alpha), float32(beta))
		c.Out[0], err = tensor.Of(y, g.m, g.n).Cast(d)
	case tensor.Float64:
		c.Out[0] = gemmOf[float64](g, a, b, bias, rows, cols, alpha, beta)
	case tensor.Int32:
		c.Out[0] = gemmOf[int32](g, a, b, bias, rows, cols, alpha, beta)
	case tensor.Int64:
		c.Out[0] = gemmOf[int64](g, a, b, bias, rows, cols, alpha, beta)
	case tensor.Uint32:
		c.Out[0] = gemmOf[uint32](g, a, b, bias, rows, cols, alpha, beta)
	case tensor.Uint64:
		c.Out[0] = gemmOf[uint64](g, a, b, bias, rows, cols, alpha, beta)
	default:
		err = fmt.Errorf("element type %v is not supported", d)
	}
	return err
}

type gemm struct {
	m, n, k        int
	transA, transB bool
}

// biasStrides are the element strides with which C broadcasts to m×n.
func (g *gemm) biasStrides(t *tensor.Tensor) (row, col int, err error) {
	s := t.Shape()
	r, c := 1, 1
	switch len(s) {
	case 0:
	case 1:
		c = s[0]
	case 2:
		r, c = s[0], s[1]
	default:
		return 0, 0, fmt.Errorf("C has shape %v, want at most two dimensions", s)
	}
	if r != 1 && r != g.m || c != 1 && c != g.n {
		return 0, 0, fmt.Errorf("C of shape %v does not broadcast to [%d %d]", s, g.m, g.n)
	}
	if r != 1 {
		row = c
	}
	if c != 1 {
		col = 1
	}
	return row, col, nil
}

func gemmOf[T float64 | int32 | int64 | uint32 | uint64](g gemm, a, b, bias *tensor.Tensor, rows, cols int, alpha, beta float64) *tensor.Tensor {
	var t []T
	if bias != nil {
		t = tensor.View[T](bias)
	}
	return tensor.Of(runGemm(g, tensor.View[T](a), tensor.View[T](b), t, rows, cols, T(alpha), T(beta)), g.m, g.n)
}

func runGemm[T kernel.Number](g gemm, a, b, bias []T, rows, cols int, alpha, beta T) []T {
	y := make([]T, g.m*g.n)
	pa, pb := kernel.Contiguous(a, g.k), kernel.Strided(b, g.n)
	if g.transA {
		pa = kernel.Strided(a, g.m)
	}
	if g.transB {
		pb = kernel.Contiguous(b, g.k)
	}
	kernel.Gemm(g.m, g.n, g.k, pa, pb, y, g.n)
	if alpha != 1 {
		for i := range y {
			y[i] *= alpha
		}
	}
	if bias != nil {
		for i := range g.m {
			for j := range g.n {
				y[i*g.n+j] += beta * bias[i*rows+j*cols]
			}
		}
	}
	return y
}

// decomposeGemm spells a Gemm as Transpose, MatMul, Mul and Add.
func decomposeGemm(b *op.Builder) ([]*ir.Value, error) {
	x, w, bias := b.In(0), b.In(1), b.In(2)
	alpha, beta := b.Float("alpha", 1), b.Float("beta", 1)
	if !x.DType.IsFloat() && (alpha != 1 || beta != 1) {
		return nil, fmt.Errorf("scaled integers: %w", op.ErrNoDecomposition)
	}
	swap := ir.Attrs{"perm": []int64{1, 0}}
	if b.Int("transA", 0) != 0 {
		x = b.Op("Transpose", swap.Clone(), x)
	}
	if b.Int("transB", 0) != 0 {
		w = b.Op("Transpose", swap.Clone(), w)
	}
	y := b.Op("MatMul", nil, x, w)
	if alpha != 1 {
		y = b.Op("Mul", nil, y, b.Scalar(x.DType, alpha))
	}
	if bias == nil {
		return []*ir.Value{y}, nil
	}
	if beta != 1 {
		bias = b.Op("Mul", nil, bias, b.Scalar(x.DType, beta))
	}
	return []*ir.Value{b.Op("Add", nil, y, bias)}, nil
}

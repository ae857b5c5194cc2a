package linalg

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var detDef = &op.Def{
	Name: "Det", Doc: "Computes the determinants of square matrices, the last two dimensions.", Family: "linalg",
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		s := c.InShape(0)
		if s == nil {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		if len(s) < 2 {
			return fmt.Errorf("input %v holds no matrices", s)
		}
		m, n := s[len(s)-2], s[len(s)-1]
		if m.IsStatic() && n.IsStatic() && !m.Equal(n) {
			return fmt.Errorf("matrices of %v×%v are not square", m, n)
		}
		c.Set(0, c.InType(0), append(ir.Shape{}, s[:len(s)-2]...))
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x := c.Arg(0)
		if x == nil || !x.DType().IsFloat() {
			return fmt.Errorf("wants an input of floats")
		}
		s := x.Shape()
		if len(s) < 2 || s[len(s)-1] != s[len(s)-2] {
			return fmt.Errorf("input %v holds no square matrices", s)
		}
		n, outer := s[len(s)-1], s[:len(s)-2]
		count, err := tensor.NumElements(outer)
		if err != nil || n == 0 && count > 1<<26 {
			return fmt.Errorf("input %v holds too many matrices", s)
		}
		v, out := x.Float64s(), make([]float64, count)
		tensor.Parallel(count, 1+(1<<14)/max(n*n*n, 1), func(lo, hi int) {
			m := make([]float64, n*n)
			for i := lo; i < hi; i++ {
				copy(m, v[i*n*n:])
				out[i] = determinant(m, n)
			}
		})
		c.Out[0], err = tensor.FromFloat64s(x.DType(), out, outer...)
		return err
	},
	Decompose: decomposeDet,
	Tol:       op.Accumulating,
}

// determinant eliminates in place, with the largest pivot of each column.
func determinant(m []float64, n int) float64 {
	det := 1.0
	for c := range n {
		p := c
		for r := c + 1; r < n; r++ {
			if math.Abs(m[r*n+c]) > math.Abs(m[p*n+c]) {
				p = r
			}
		}
		pivot := m[p*n+c]
		det *= pivot
		if pivot == 0 {
			return det
		}
		if p != c {
			det = -det
			for k := c; k < n; k++ {
				m[p*n+k], m[c*n+k] = m[c*n+k], m[p*n+k]
			}
		}
		for r := c + 1; r < n; r++ {
			f := m[r*n+c] / pivot
			for k := c; k < n; k++ {
				m[r*n+k] -= f * m[c*n+k]
			}
		}
	}
	return det
}

// decomposeDet expands matrices of up to 3×3 by their first row.
func decomposeDet(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	size := int64(-1)
	if r := len(x.Shape); r >= 2 {
		size, _ = x.Shape[r-1].Int()
	}
	if size < 1 || size > 3 {
		return nil, fmt.Errorf("Det of %v: %w", x.Shape, op.ErrNoDecomposition)
	}
	at := func(r, c int64) *ir.Value {
		row := b.Op("Gather", ir.Attrs{"axis": int64(-2)}, x, b.Const(tensor.Scalar(r)))
		return b.Op("Gather", ir.Attrs{"axis": int64(-1)}, row, b.Const(tensor.Scalar(c)))
	}
	mul := func(p, q *ir.Value) *ir.Value { return b.Op("Mul", nil, p, q) }
	minor := func(r, c, d int64) *ir.Value {
		return b.Op("Sub", nil, mul(at(r, c), at(r+1, d)), mul(at(r, d), at(r+1, c)))
	}
	switch size {
	case 1:
		return []*ir.Value{at(0, 0)}, nil
	case 2:
		return []*ir.Value{minor(0, 0, 1)}, nil
	}
	sum := b.Op("Sub", nil, mul(at(0, 0), minor(1, 1, 2)), mul(at(0, 1), minor(1, 0, 2)))
	return []*ir.Value{b.Op("Add", nil, sum, mul(at(0, 2), minor(1, 0, 1)))}, nil
}

package kernel

import (
	"fmt"

	"slipway/conversion/ir"
	shared "slipway/conversion/op/kernel"
)

// Product is a batched matrix product with numpy's rules, all sizes known.
type Product struct {
	M, N, K int
	Shape   []int // of the result, with the axes of one-dimensional factors removed
	batch   []int // broadcast batch dims
	a, b    []int // batch strides of the factors in matrices; 0 where broadcast
}

// NewProduct checks two shapes against the rules of numpy.matmul.
func NewProduct(a, b []int) (*Product, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, fmt.Errorf("a scalar has no matrix product")
	}
	rowVector, colVector := len(a) == 1, len(b) == 1
	as, bs := a, b
	if rowVector {
		as = []int{1, a[0]}
	}
	if colVector {
		bs = []int{b[0], 1}
	}
	p := &Product{M: as[len(as)-2], K: as[len(as)-1], N: bs[len(bs)-1]}
	if bs[len(bs)-2] != p.K {
		return nil, fmt.Errorf("factors %v and %v do not match", a, b)
	}
	ab, bb := as[:len(as)-2], bs[:len(bs)-2]
	rank := max(len(ab), len(bb))
	p.batch, p.a, p.b = make([]int, rank), make([]int, rank), make([]int, rank)
	sa, sb := 1, 1
	for i := rank - 1; i >= 0; i-- {
		x, y := 1, 1
		if j := i - rank + len(ab); j >= 0 {
			x = ab[j]
		}
		if j := i - rank + len(bb); j >= 0 {
			y = bb[j]
		}
		if x != y && x != 1 && y != 1 {
			return nil, fmt.Errorf("batch dimensions of %v and %v do not broadcast", a, b)
		}
		p.batch[i] = x
		if x == 1 {
			p.batch[i] = y
		}
		if x != 1 {
			p.a[i] = sa
		}
		if y != 1 {
			p.b[i] = sb
		}
		sa, sb = sa*x, sb*y
	}
	p.Shape = append([]int{}, p.batch...)
	if !rowVector {
		p.Shape = append(p.Shape, p.M)
	}
	if !colVector {
		p.Shape = append(p.Shape, p.N)
	}
	return p, CheckSize(p.Shape...)
}

// Multiply computes the product.
func Multiply[T Number](p *Product, a, b []T) []T {
	batches := 1
	for _, d := range p.batch {
		batches *= d
	}
	c := make([]T, batches*p.M*p.N)
	if batches > 1 && sameEverywhere(p.b) && dense(p.a, p.batch) {
		Gemm(batches*p.M, p.N, p.K, Contiguous(a, p.K), Strided(b, p.N), c, p.N)
		return c
	}
	for i := range batches {
		ia, ib, rest := 0, 0, i
		for d := len(p.batch) - 1; d >= 0; d-- {
			at := rest % p.batch[d]
			rest /= p.batch[d]
			ia += at * p.a[d]
			ib += at * p.b[d]
		}
		Gemm(p.M, p.N, p.K, Contiguous(a[ia*p.M*p.K:][:p.M*p.K], p.K), Strided(b[ib*p.K*p.N:][:p.K*p.N], p.N), c[i*p.M*p.N:][:p.M*p.N], p.N)
	}
	return c
}

func sameEverywhere(strides []int) bool {
	for _, s := range strides {
		if s != 0 {
			return false
		}
	}
	return true
}

func dense(strides, dims []int) bool {
	for i, s := range strides {
		if s == 0 && dims[i] != 1 {
			return false
		}
	}
	return true
}

// InferProduct is the result's shape for possibly symbolic factors; nil where a
// rank is unknown.
func InferProduct(a, b ir.Shape) (ir.Shape, error) {
	if a == nil || b == nil {
		return nil, nil
	}
	if len(a) == 0 || len(b) == 0 {
		return nil, fmt.Errorf("a scalar has no matrix product")
	}
	as, bs := a, b
	if len(a) == 1 {
		as = ir.Shape{ir.Static(1), a[0]}
	}
	if len(b) == 1 {
		bs = ir.Shape{b[0], ir.Static(1)}
	}
	x, ok1 := as[len(as)-1].Int()
	y, ok2 := bs[len(bs)-2].Int()
	if ok1 && ok2 && x != y {
		return nil, fmt.Errorf("factors %v and %v do not match", a, b)
	}
	ab, bb := as[:len(as)-2], bs[:len(bs)-2]
	rank := max(len(ab), len(bb))
	out := ir.Shape{}
	for i := range rank {
		x, y := ir.Static(1), ir.Static(1)
		if j := i - rank + len(ab); j >= 0 {
			x = ab[j]
		}
		if j := i - rank + len(bb); j >= 0 {
			y = bb[j]
		}
		d, ok := shared.BroadcastDim(x, y)
		if !ok {
			return nil, fmt.Errorf("batch dimensions of %v and %v do not broadcast", a, b)
		}
		out = append(out, d)
	}
	if len(a) > 1 {
		out = append(out, as[len(as)-2])
	}
	if len(b) > 1 {
		out = append(out, bs[len(bs)-1])
	}
	return out, nil
}

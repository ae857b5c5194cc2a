package quantize

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// blockRows is how many rows of a factor are computed one by one, before the
// others follow in one matrix product.
const blockRows = 64

// mul is the m×n product of a and b with k terms each; a is stored transposed
// where transA says so.
func (c *compensator) mul(a, b []float32, m, n, k int, transA bool) ([]float32, error) {
	node := &ir.Node{Op: "Gemm", Name: "gram", Attrs: ir.Attrs{}, Outputs: make([]*ir.Value, 1)}
	shape := []int{m, k}
	if transA {
		node.Attrs["transA"], shape = int64(1), []int{k, m}
	}
	out, err := c.reg.EvalNode(node, []*tensor.Tensor{tensor.Of(a, shape...), tensor.Of(b, k, n)})
	if err != nil {
		return nil, err
	}
	return out[0].Float32s(), nil
}

// cholesky replaces the lower triangle of the symmetric matrix h by L with
// LLᵀ = h, block column by block column; false where h is not positive definite.
func (c *compensator) cholesky(h []float32, k int) (bool, error) {
	for b := 0; b < k; b += blockRows {
		if err := c.ctx.Err(); err != nil {
			return false, err
		}
		width := min(blockRows, k-b)
		if b > 0 {
			// What the columns before take from this one: L[b:,:b]·L[b:b+width,:b]ᵀ.
			left, top := make([]float32, (k-b)*b), make([]float32, b*width)
			for i := b; i < k; i++ {
				copy(left[(i-b)*b:][:b], h[i*k:])
			}
			for i := range width {
				for j := range b {
					top[j*width+i] = left[i*b+j]
				}
			}
			u, err := c.mul(left, top, k-b, width, b, false)
			if err != nil {
				return false, err
			}
			for i := b; i < k; i++ {
				for j, v := range u[(i-b)*width:][:width] {
					h[i*k+b+j] -= v
				}
			}
		}
		for j := b; j < b+width; j++ {
			row := h[j*k+b : j*k+j]
			sum := float64(h[j*k+j])
			for _, v := range row {
				sum -= float64(v) * float64(v)
			}
			if !(sum > 0) {
				return false, nil
			}
			d := math.Sqrt(sum)
			h[j*k+j] = float32(d)
			inv := float32(1 / d)
			for i := j + 1; i < b+width; i++ {
				h[i*k+j] = (h[i*k+j] - dot(h[i*k+b:i*k+j], row)) * inv
			}
		}
		tensor.Parallel(k-b-width, 16, func(lo, hi int) {
			for i := b + width + lo; i < b+width+hi; i++ {
				for j := b; j < b+width; j++ {
					h[i*k+j] = (h[i*k+j] - dot(h[i*k+b:i*k+j], h[j*k+b:j*k+j])) / h[j*k+j]
				}
			}
		})
	}
	return true, nil
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

// nearestPlane rounds w, k rows of count channels, to multiples of the channels'
// scales and returns the errors that are left, w - ŵ.
func (c *compensator) nearestPlane(l, w, scales []float32, k, count int, qmax float32) ([]float32, error) {
	e := make([]float32, len(w))
	for hi := k; hi > 0; {
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
		lo := (hi - 1) / blockRows * blockRows
		width := hi - lo
		carried := make([]float32, width*count) // (eL) of the rows behind, without the own
		if hi < k {
			panel := make([]float32, (k-hi)*width)
			for i := hi; i < k; i++ {
				copy(panel[(i-hi)*width:][:width], l[i*k+lo:])
			}
			var err error
			if carried, err = c.mul(panel, e[hi*count:], width, count, k-hi, true); err != nil {
				return nil, err
			}
		}
		tensor.Parallel(count, 16, func(from, to int) {
			for j := hi - 1; j >= lo; j-- {
				sum := carried[(j-lo)*count:][:count]
				for i := j + 1; i < hi; i++ {
					f := l[i*k+j]
					for c, v := range e[i*count+from : i*count+to] {
						sum[from+c] += v * f
					}
				}
				inv := 1 / l[j*k+j]
				for c := from; c < to; c++ {
					x := w[j*count+c]
					s := scales[c]
					y := min(max((x+sum[c]*inv)/s, -qmax), qmax)
					e[j*count+c] = x - ((y+magic)-magic)*s
				}
			}
		})
		hi = lo
	}
	return e, nil
}

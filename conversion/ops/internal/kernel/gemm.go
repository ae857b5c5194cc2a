package kernel

import (
	"slipway/conversion/tensor"
)

// Number lists the element types that Gemm multiplies; integers wrap.
type Number interface {
	~float32 | ~float64 | ~int32 | ~int64 | ~uint32 | ~uint64
}

// The block sizes: a register tile is at most MR rows by NR columns, and KC
// terms of a sum are taken at a time so that a panel of B stays in the first
// cache level.
const (
	MR = 6
	NR = 32
	KC = 256
)

// Panel packs part of one factor: dst[k*width+i] = X(i0+i, k0+k) for k < kc and
// i < count, and zero for count <= i < width. i counts rows of A or columns of
// B. Panels are called concurrently.
type Panel[T Number] func(dst []T, width, k0, kc, i0, count int)

// Contiguous is the Panel of X(i, k) = data[i*ld+k]: rows of a row-major A, or
// columns of a transposed B.
func Contiguous[T Number](data []T, ld int) Panel[T] {
	return func(dst []T, width, k0, kc, i0, count int) {
		for i := range width {
			if i >= count {
				for k := range kc {
					dst[k*width+i] = 0
				}
				continue
			}
			src := data[(i0+i)*ld+k0:][:kc]
			for k, v := range src {
				dst[k*width+i] = v
			}
		}
	}
}

// Strided is the Panel of X(i, k) = data[k*ld+i]: columns of a row-major B, or
// rows of a transposed A.
func Strided[T Number](data []T, ld int) Panel[T] {
	return func(dst []T, width, k0, kc, i0, count int) {
		for k := range kc {
			d := dst[k*width:][:width]
			n := copy(d, data[(k0+k)*ld+i0:][:count])
			clear(d[n:])
		}
	}
}

// Gemm adds the product of an m×k matrix A and a k×n matrix B to C, whose row i
// starts at c[i*ldc]. It uses all cores.
func Gemm[T Number](m, n, k int, a, b Panel[T], c []T, ldc int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	mp, np := (m+MR-1)/MR, (n+NR-1)/NR
	packed := make([]T, mp*MR*min(k, KC))
	fast := tileOf[T]()
	for k0 := 0; k0 < k; k0 += KC {
		kc := min(KC, k-k0)
		tensor.Parallel(mp, 1+(1<<14)/(kc*MR), func(lo, hi int) {
			for p := lo; p < hi; p++ {
				a(packed[p*MR*kc:][:MR*kc], MR, k0, kc, p*MR, min(MR, m-p*MR))
			}
		})
		if np >= 4 || mp <= np {
			tensor.Parallel(np, 1+(1<<15)/(kc*NR*m), func(lo, hi int) {
				panel := make([]T, kc*NR)
				for q := lo; q < hi; q++ {
					b(panel, NR, k0, kc, q*NR, min(NR, n-q*NR))
					multiply(fast, packed, panel, 0, mp, kc, m, min(NR, n-q*NR), c[q*NR:], ldc)
				}
			})
			continue
		}
		panels := make([]T, np*kc*NR)
		for q := range np {
			b(panels[q*kc*NR:][:kc*NR], NR, k0, kc, q*NR, min(NR, n-q*NR))
		}
		tensor.Parallel(mp, 1+(1<<15)/(kc*MR*n), func(lo, hi int) {
			for q := range np {
				multiply(fast, packed, panels[q*kc*NR:][:kc*NR], lo, hi, kc, m, min(NR, n-q*NR), c[q*NR:], ldc)
			}
		})
	}
}

// multiply adds row panels lo to hi of packed A times one column panel to c.
func multiply[T Number](fast func(kc int, a, b, c []T, ldc int), packed, panel []T, lo, hi, kc, m, cols int, c []T, ldc int) {
	for p := lo; p < hi; p++ {
		rows := min(MR, m-p*MR)
		a, out := packed[p*MR*kc:][:MR*kc], c[p*MR*ldc:]
		switch {
		case fast == nil:
			tile(kc, a, panel, rows, cols, out, ldc)
		case rows == MR && cols == NR:
			fast(kc, a, panel, out, ldc)
		default:
			var edge [MR * NR]T
			fast(kc, a, panel, edge[:], NR)
			for r := range rows {
				row := out[r*ldc:][:cols]
				for x := range row {
					row[x] += edge[r*NR+x]
				}
			}
		}
	}
}

// tile adds one register tile to c, of which rows by cols elements are valid.
func tile[T Number](kc int, a, b []T, rows, cols int, c []T, ldc int) {
	for i := 0; i < rows; i += 2 {
		for j := 0; j < cols; j += 4 {
			var s [8]T
			s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7] = micro2x4(kc, a[i:], b[j:])
			w := min(4, cols-j)
			for r := range min(2, rows-i) {
				row := c[(i+r)*ldc+j:][:w]
				for x := range row {
					row[x] += s[r*4+x]
				}
			}
		}
	}
}

// micro2x4 is the dot products of two packed rows with four packed columns.
// Eight sums and the six operands fit the sixteen vector registers of amd64.
func micro2x4[T Number](kc int, a, b []T) (c00, c01, c02, c03, c10, c11, c12, c13 T) {
	a = a[:(kc-1)*MR+2]
	b = b[:(kc-1)*NR+4]
	for {
		x0, x1 := a[0], a[1]
		y0, y1, y2, y3 := b[0], b[1], b[2], b[3]
		c00 += x0 * y0
		c01 += x0 * y1
		c02 += x0 * y2
		c03 += x0 * y3
		c10 += x1 * y0
		c11 += x1 * y1
		c12 += x1 * y2
		c13 += x1 * y3
		if len(a) < MR+2 || len(b) < NR+4 {
			return
		}
		a, b = a[MR:], b[NR:]
	}
}

package kernel

import "golang.org/x/sys/cpu"

// tileAVX512 adds a full MR×NR tile of packed a and b, kc >= 1 terms each, to c.
//
//go:noescape
func tileAVX512(kc int, a, b, c *float32, ldc int)

// tileAVX2 does the same for the first half of a panel's columns.
//
//go:noescape
func tileAVX2(kc int, a, b, c *float32, ldc int)

// axpyAVX2 adds v*x to y, n elements each.
//
//go:noescape
func axpyAVX2(n int, v float32, x, y *float32)

// correlateAVX2 sets dst[i] to the sum of w[t]*src[off[t]+i] over the taps, for n
// a multiple of 8 and at least one tap.
//
//go:noescape
func correlateAVX2(n, taps int, w *float32, off *int, src, dst *float32)

func init() {
	switch {
	case !cpu.X86.HasAVX2 || !cpu.X86.HasFMA:
		return
	case cpu.X86.HasAVX512F:
		fastTile = tile512
	default:
		fastTile = tile256
	}
	fastAxpy = axpy256
	fastCorrelate = correlate256
}

func tile512(kc int, a, b, c []float32, ldc int) {
	_, _, _ = a[kc*MR-1], b[kc*NR-1], c[(MR-1)*ldc+NR-1]
	tileAVX512(kc, &a[0], &b[0], &c[0], ldc)
}

func tile256(kc int, a, b, c []float32, ldc int) {
	_, _, _ = a[kc*MR-1], b[kc*NR-1], c[(MR-1)*ldc+NR-1]
	tileAVX2(kc, &a[0], &b[0], &c[0], ldc)
	tileAVX2(kc, &a[0], &b[NR/2], &c[NR/2], ldc)
}

func axpy256(v float32, x, y []float32) {
	if len(y) > 0 {
		_ = x[len(y)-1]
		axpyAVX2(len(y), v, &x[0], &y[0])
	}
}

func correlate256(w []float32, off []int, src, dst []float32) {
	n := (len(dst) + 7) &^ 7
	if n == 0 || len(w) == 0 {
		clear(dst)
		return
	}
	dst = dst[:n]
	_ = off[len(w)-1]
	for _, o := range off[:len(w)] {
		_ = src[o:][n-1]
	}
	correlateAVX2(n, len(w), &w[0], &off[0], &src[0], &dst[0])
}

package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func naive[T Number](m, n, k int, a, b []T) []T {
	c := make([]T, m*n)
	for i := range m {
		for j := range n {
			for x := range k {
				c[i*n+j] += a[i*k+x] * b[x*n+j]
			}
		}
	}
	return c
}

func transpose[T Number](rows, cols int, a []T) []T {
	t := make([]T, len(a))
	for i := range rows {
		for j := range cols {
			t[j*rows+i] = a[i*cols+j]
		}
	}
	return t
}

// Whole numbers make every order of summation exact, so results must be equal.
func testGemm[T Number](t *testing.T, m, n, k int) {
	r := rand.New(rand.NewPCG(1, uint64(m*1000+n*10+k)))
	a, b := make([]T, m*k), make([]T, k*n)
	for i := range a {
		a[i] = T(r.IntN(9))
	}
	for i := range b {
		b[i] = T(r.IntN(9))
	}
	want := naive(m, n, k, a, b)
	at, bt := transpose(m, k, a), transpose(k, n, b)
	for name, f := range map[string]func(c []T){
		"plain":      func(c []T) { Gemm(m, n, k, Contiguous(a, k), Strided(b, n), c, n) },
		"transposed": func(c []T) { Gemm(m, n, k, Strided(at, m), Contiguous(bt, k), c, n) },
	} {
		c := make([]T, m*n)
		f(c)
		for i := range c {
			if c[i] != want[i] {
				t.Fatalf("%s %dx%dx%d %T: element %d is %v, want %v", name, m, n, k, c[0], i, c[i], want[i])
			}
		}
	}
}

func TestGemm(t *testing.T) {
	for _, d := range [][3]int{{1, 1, 1}, {6, 16, 8}, {7, 17, 9}, {13, 5, 300}, {3, 100, 513}, {200, 3, 20}, {64, 70, 257}} {
		testGemm[float32](t, d[0], d[1], d[2])
		testGemm[float64](t, d[0], d[1], d[2])
		testGemm[int32](t, d[0], d[1], d[2])
		testGemm[uint64](t, d[0], d[1], d[2])
	}
}

// The vector forms and the plain ones must agree, whichever this machine has.
func TestPlainFallback(t *testing.T) {
	tile, axpy, correlate := fastTile, fastAxpy, fastCorrelate
	defer func() { fastTile, fastAxpy, fastCorrelate = tile, axpy, correlate }()
	fastTile, fastAxpy, fastCorrelate = nil, nil, nil
	testGemm[float32](t, 64, 70, 257)
	testGemm[float32](t, 7, 33, 9)
	testAxpy(t)
	testCorrelate(t)
}

func testCorrelate(t *testing.T) {
	w, off := []float32{2, -3, 5}, []int{0, 4, 9}
	for n := range 150 {
		src, dst := make([]float32, n+9+Slack), make([]float32, n+Slack)
		for i := range src {
			src[i] = float32(i % 13)
		}
		CorrelateOf[float32]()(w, off, src, dst[:n])
		for i := range n {
			if want := 2*src[i] - 3*src[i+4] + 5*src[i+9]; dst[i] != want {
				t.Fatalf("length %d: element %d is %v, want %v", n, i, dst[i], want)
			}
		}
	}
}

func TestCorrelate(t *testing.T) { testCorrelate(t) }

func testAxpy(t *testing.T) {
	for n := range 40 {
		x, y := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i], y[i] = float32(i), float32(2*i)
		}
		AxpyOf[float32]()(3, x, y)
		for i := range y {
			if y[i] != float32(5*i) {
				t.Fatalf("length %d: element %d is %v, want %d", n, i, y[i], 5*i)
			}
		}
	}
}

func TestAxpy(t *testing.T) { testAxpy(t) }

func BenchmarkGemm(b *testing.B) {
	for _, d := range [][3]int{{128, 784, 1152}, {512, 49, 4608}, {96, 12544, 16}} {
		m, n, k := d[0], d[1], d[2]
		x, y, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		b.Run(fmt.Sprint(d), func(b *testing.B) {
			for b.Loop() {
				Gemm(m, n, k, Contiguous(x, k), Strided(y, n), c, n)
			}
			b.ReportMetric(float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}

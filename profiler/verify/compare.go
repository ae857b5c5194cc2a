package verify

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/tensor"
)

// Difference measures how far got is from want.
type Difference struct {
	MaxAbs float64 // max |got-want|
	Top    float64 // max |want| of floats of at most 32 bits, whose precision it bounds, else 0
	Range  float64 // max(want)-min(want), at least leastRange of Top; max |want| where that is constant
	Cosine float64 // 1 for two zero vectors
	SQNR   float64 // 10*log10(sum want² / sum (got-want)²) in dB; +Inf where equal
	Bad    int     // NaN or Inf in got where want is finite
	N      int
}

// leastRange is the share of the largest number that a range is at least: numbers
// that differ by less are equal but for what single precision rounds.
const leastRange = 1e-2

// Relative is MaxAbs over Range: 0 for equal tensors.
func (d Difference) Relative() float64 {
	switch {
	case d.Bad > 0:
		return math.Inf(1)
	case d.MaxAbs == 0:
		return 0
	case d.Range == 0:
		return d.MaxAbs
	}
	return d.MaxAbs / d.Range
}

// Compare measures got against want, which must have the same number of
// elements, numbers or texts; an NCHW/NHWC permutation of a 4-D tensor is undone
// where only that makes the shapes agree. Where got is of higher precision than
// want, what want's own rounding explains does not count.
func Compare(got, want *tensor.Tensor) (Difference, error) {
	if got.Len() != want.Len() {
		return Difference{}, fmt.Errorf("shape %v against %v", got.Shape(), want.Shape())
	}
	if !sameButOnes(got.Shape(), want.Shape()) {
		p, ok := channelsFirst(got, want.Shape())
		if !ok {
			return Difference{}, fmt.Errorf("shape %v against %v", got.Shape(), want.Shape())
		}
		got = p
	}
	if got.DType() == tensor.String || want.DType() == tensor.String {
		return compareTexts(got, want)
	}
	w := want.Float64s()
	d := compare(withoutRounding(got.Float64s(), w, got.DType(), want.DType()), w)
	if t := want.DType(); t.IsFloat() && t != tensor.Float64 {
		d.Range = math.Max(d.Range, leastRange*d.Top)
	} else {
		d.Top = 0
	}
	return d, nil
}

// compareTexts counts the elements that are not the same text as bad.
func compareTexts(got, want *tensor.Tensor) (Difference, error) {
	if got.DType() != want.DType() {
		return Difference{}, fmt.Errorf("elements of %v against %v", got.DType(), want.DType())
	}
	d := Difference{N: want.Len(), Range: 1, Cosine: 1, SQNR: math.Inf(1)}
	for i, s := range want.Strings() {
		if got.Strings()[i] != s {
			d.Bad++
		}
	}
	return d, nil
}

// unitOf is what to divide by so that squares neither overflow nor vanish.
func unitOf(lists ...[]float64) float64 {
	top := 0.0
	for _, v := range lists {
		for _, x := range v {
			if a := math.Abs(x); a > top && !math.IsInf(a, 0) {
				top = a
			}
		}
	}
	if top > 1e120 || top > 0 && top < 1e-120 {
		return top
	}
	return 1
}

func compare(g, w []float64) Difference {
	d := Difference{N: len(w)}
	lo, hi := math.Inf(1), math.Inf(-1)
	var gg, ww, gw, ee float64
	unit := unitOf(g, w)
	for i := range w {
		x, y := g[i], w[i]
		if x == y || x != x && y != y {
			if x != x || math.IsInf(x, 0) {
				continue
			}
		} else if math.IsNaN(x) || math.IsInf(x, 0) || math.IsNaN(y) || math.IsInf(y, 0) {
			d.Bad++
			continue
		}
		lo, hi = math.Min(lo, y), math.Max(hi, y)
		e := x - y
		d.MaxAbs = math.Max(d.MaxAbs, math.Abs(e))
		x, y, e = x/unit, y/unit, e/unit
		gg, ww, gw, ee = gg+x*x, ww+y*y, gw+x*y, ee+e*e
	}
	if hi >= lo {
		d.Top = math.Max(math.Abs(hi), math.Abs(lo))
		if d.Range = hi - lo; hi == lo {
			d.Range = d.Top
		}
	}
	d.Cosine, d.SQNR = 1, math.Inf(1)
	if gg > 0 || ww > 0 {
		d.Cosine = gw / math.Sqrt(gg*ww)
		if gg == 0 || ww == 0 {
			d.Cosine = 0
		}
	}
	if ee > 0 {
		d.SQNR = 10 * math.Log10(ww/ee)
	}
	return d
}

func sameButOnes(a, b []int) bool {
	return slices.Equal(withoutOnes(a), withoutOnes(b))
}

func withoutOnes(s []int) []int {
	return slices.DeleteFunc(slices.Clone(s), func(d int) bool { return d == 1 })
}

// channelsFirst turns an NHWC tensor into NCHW where that gives the shape.
func channelsFirst(t *tensor.Tensor, shape []int) (*tensor.Tensor, bool) {
	s := t.Shape()
	if len(s) != 4 || !slices.Equal([]int{s[0], s[3], s[1], s[2]}, shape) {
		return nil, false
	}
	n, h, w, c := s[0], s[1], s[2], s[3]
	v := t.Float32s()
	out := make([]float32, len(v))
	for b := range n {
		for i := range h * w {
			for k := range c {
				out[(b*c+k)*h*w+i] = v[(b*h*w+i)*c+k]
			}
		}
	}
	return tensor.Of(out, shape...), true
}

// merge pools the measurements of several samples of one output.
func (d *Difference) merge(e Difference) {
	if d.N == 0 {
		*d = e
		return
	}
	rel := math.Max(d.Relative(), e.Relative())
	d.MaxAbs, d.Top = math.Max(d.MaxAbs, e.MaxAbs), math.Max(d.Top, e.Top)
	d.Cosine, d.SQNR = math.Min(d.Cosine, e.Cosine), math.Min(d.SQNR, e.SQNR)
	d.Bad += e.Bad
	d.N += e.N
	// Keep the worst relative error: the range that belongs to it.
	if rel > 0 && !math.IsInf(rel, 0) {
		d.Range = d.MaxAbs / rel
	} else {
		d.Range = math.Max(d.Range, e.Range)
	}
}

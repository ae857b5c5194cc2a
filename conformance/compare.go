package conformance

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"slipway/conversion/tensor"
)

// tolerance is what a result may differ by, as a share of the largest wanted
// number: 1e-4 for 32-bit floats and wider (sums in another order), and the same
// number of last places for narrower types. Integers, truth values, strings and
// 8-bit floats must be equal.
func tolerance(d tensor.DType) float64 {
	switch d {
	case tensor.Float32, tensor.Float64:
		return 1e-4
	case tensor.Float16:
		return 3e-3
	case tensor.BFloat16:
		return 1.6e-2
	}
	return 0
}

// difference says how got differs from want, "" where it does not.
func difference(got, want *tensor.Tensor) string {
	if got == nil {
		return "is missing"
	}
	if got.DType() != want.DType() {
		return fmt.Sprintf("is %v%v, want %v%v", got.DType(), got.Shape(), want.DType(), want.Shape())
	}
	if want.DType().IsContainer() {
		g, w := got.Items(), want.Items()
		if len(g) != len(w) {
			return fmt.Sprintf("holds %d items, want %d", len(g), len(w))
		}
		for i := range w {
			if why := difference(g[i], w[i]); why != "" {
				return fmt.Sprintf("item %d %s", i, why)
			}
		}
		return ""
	}
	if !slices.Equal(got.Shape(), want.Shape()) {
		return fmt.Sprintf("has shape %v, want %v", got.Shape(), want.Shape())
	}
	if !want.DType().IsReal() {
		if !tensor.Equal(got, want) {
			return fmt.Sprintf("is %.80s, want %.80s", got, want)
		}
		return ""
	}
	return numbers(got.Float64s(), want.Float64s(), tolerance(want.DType()))
}

// numbers compares element by element; NaN equals NaN.
func numbers(g, w []float64, tol float64) string {
	scale := 1e-6
	for _, x := range w {
		if a := math.Abs(x); a > scale && !math.IsInf(a, 0) {
			scale = a
		}
	}
	worst, at := 0.0, -1
	for i := range w {
		if w[i] == g[i] || w[i] != w[i] && g[i] != g[i] {
			continue
		}
		d := math.Abs(g[i]-w[i]) / scale
		if d != d {
			d = math.Inf(1)
		}
		if d > tol && d > worst {
			worst, at = d, i
		}
	}
	if at >= 0 {
		return fmt.Sprintf("differs by %.2g of its range at element %d: %.6g, want %.6g", worst, at, g[at], w[at])
	}
	return ""
}

// compare says how results differ from those wanted, "" where they do not.
func compare(got, want []*tensor.Tensor) string {
	if len(got) != len(want) {
		return fmt.Sprintf("gives %d outputs, want %d", len(got), len(want))
	}
	for i := range want {
		if why := difference(got[i], want[i]); why != "" {
			return fmt.Sprintf("output %d %s", i, why)
		}
	}
	return ""
}

// draws reports whether a case's results are random numbers, of which ONNX fixes
// types and shapes alone.
func draws(name string) bool {
	return strings.HasPrefix(name, "bernoulli") || strings.HasPrefix(name, "training_dropout") && !strings.Contains(name, "zero_ratio")
}

// drawn takes random numbers for those that were published, where they have the
// same type and shape.
func drawn(got, want []*tensor.Tensor) []*tensor.Tensor {
	out := slices.Clone(want)
	for i := range min(len(got), len(want)) {
		if g := got[i]; g != nil && g.DType() == want[i].DType() && slices.Equal(g.Shape(), want[i].Shape()) {
			out[i] = g
		}
	}
	return out
}

// announced gives results the element types that are wanted, where the report
// said that the artefact has others.
func (a artefact) announced(got []*tensor.Tensor) []*tensor.Tensor {
	out := slices.Clone(got)
	for i := range min(len(out), len(a.want), len(a.outputs)) {
		g, w := out[i], a.want[i]
		if g == nil || g.DType() == w.DType() || !g.DType().IsReal() || !w.DType().IsReal() {
			continue
		}
		name := fmt.Sprintf("output %q", a.outputs[i])
		if slices.ContainsFunc(a.notes, func(s string) bool { return strings.Contains(s, name) }) {
			if x, err := g.Cast(w.DType()); err == nil {
				out[i] = x
			}
		}
	}
	return out
}

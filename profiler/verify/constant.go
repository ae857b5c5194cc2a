package verify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// nudge is how much of an input's size, at least of 1, a sample is changed by to see
// what rounding does to the source there, by precision.
var nudge = map[string]float64{"fp32": 1e-6, "fp16": 1e-3, "int8": 1e-2}

// excuse takes samples out of the comparison that tell nothing: inputs of one number
// throughout, which a model that normalises them makes rounding errors of, divided by
// almost nothing. They are those where the source does not match itself when the inputs
// change by no more than the precision rounds them, as long as one that is not of one
// number matches.
func (c Config) excuse(ctx context.Context, v *Verdict, want [][]*tensor.Tensor, j *judgement, tol Tolerance) {
	matched, changed := false, false
	for s, verdict := range j.samples {
		matched = matched || verdict == Match && !ofOneNumber(c.Samples[s])
	}
	for s, verdict := range j.samples {
		if verdict == Match || !matched || !ofOneNumber(c.Samples[s]) {
			continue
		}
		nudged, err := nudged(c.Samples[s], nudge[c.Precision])
		if err != nil {
			continue
		}
		moved, err := once(ctx, c.Source, nudged, runtimes.Options{Threads: c.Threads})
		if err != nil || len(moved) != len(want[s]) || !tol.unsteady(j.all[s], moved, want[s]) {
			continue
		}
		j.samples[s], j.all[s], changed = Match, nil, true
		v.Constant = append(v.Constant, s)
	}
	if !changed {
		return
	}
	v.Verdict, v.Why, j.bad = Match, "", -1
	for s, verdict := range j.samples {
		if rank(verdict) > rank(v.Verdict) {
			v.Verdict, v.Why, j.bad = verdict, j.why[s], s
		}
	}
	if v.Verdict == Match {
		v.Why = j.sensitive + fmt.Sprintf("%d of %d samples, of one number throughout, tell nothing: the source itself gives something else there for inputs that differ by rounding alone", len(v.Constant), len(j.samples))
	}
}

// unsteady reports whether the source does not match itself, wherever the artefact does
// not match it.
func (t Tolerance) unsteady(away []Difference, moved, want []*tensor.Tensor) bool {
	for o, d := range away {
		if t.judge(d) == Match {
			continue
		}
		if y, err := Compare(moved[o], want[o]); err != nil || t.judge(y) == Match {
			return false
		}
	}
	return true
}

// ofOneNumber reports whether inputs have floats, and those of each are all the same.
func ofOneNumber(in []*tensor.Tensor) bool {
	floats := false
	for _, t := range in {
		if !t.DType().IsFloat() || t.Len() < 2 {
			continue
		}
		floats = true
		x := t.Float64s()
		if slices.ContainsFunc(x, func(v float64) bool { return v != x[0] }) {
			return false
		}
	}
	return floats
}

// nudged are inputs with noise on their floats, of size by beside them and beside 1.
func nudged(in []*tensor.Tensor, by float64) ([]*tensor.Tensor, error) {
	out := slices.Clone(in)
	rng := rand.New(rand.NewPCG(7, 8))
	for i, t := range in {
		if !t.DType().IsFloat() {
			continue
		}
		x := t.Float64s()
		for k, v := range x {
			x[k] = v + by*math.Max(math.Abs(v), 1)*rng.NormFloat64()
		}
		var err error
		if out[i], err = tensor.FromFloat64s(t.DType(), x, t.Shape()...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

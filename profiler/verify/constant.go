package verify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// nudge is how much of an input's size, at least of 1, a sample is changed by to see
// what rounding does to the source there, by precision.
var nudge = map[string]float64{"fp32": 1e-6, "fp16": 1e-3, "int8": 1e-2}

// excuse takes samples out of the comparison that tell nothing: inputs of one number
// throughout, which a model that normalises them makes rounding errors of, divided by
// almost nothing. They are those where the source itself moves as far when the inputs
// change by no more than the precision rounds them, as long as other samples match.
func (c Config) excuse(ctx context.Context, v *Verdict, want [][]*tensor.Tensor, j *judgement, tol Tolerance) {
	matched, changed := 0, false
	for _, verdict := range j.samples {
		if verdict == Match {
			matched++
		}
	}
	for s, verdict := range j.samples {
		if verdict == Match || matched == 0 || len(j.all[s]) != len(want[s]) {
			continue
		}
		nudged, ok := nudgedFrom(c.Samples[s], nudge[c.Precision])
		if !ok {
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
		v.Why = fmt.Sprintf("%d of %d samples, of one number throughout, tell nothing: the source itself gives something else there for inputs that differ by rounding alone", len(v.Constant), len(j.samples))
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

// nudgedFrom changes the floats of inputs that are of one number throughout, by noise
// of size by; false where there are none, or others.
func nudgedFrom(in []*tensor.Tensor, by float64) ([]*tensor.Tensor, bool) {
	out, floats := make([]*tensor.Tensor, len(in)), false
	rng := rand.New(rand.NewPCG(7, 8))
	for i, t := range in {
		if out[i] = t; !t.DType().IsFloat() || t.Len() < 2 {
			continue
		}
		x := t.Float64s()
		for k := range x {
			if x[k] != x[0] && k > 0 {
				return nil, false
			}
		}
		floats = true
		size, first := by*math.Max(math.Abs(x[0]), 1), x[0]
		for k := range x {
			x[k] = first + size*rng.NormFloat64()
		}
		n, err := tensor.FromFloat64s(t.DType(), x, t.Shape()...)
		if err != nil {
			return nil, false
		}
		out[i] = n
	}
	return out, floats
}

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
// almost nothing. They are those where the source does not match itself when the inputs,
// or what the first diverging layer reads, change by no more than the precision rounds
// them, as long as one that is not of one number matches.
func (c Config) excuse(ctx context.Context, v *Verdict, want [][]*tensor.Tensor, j *judgement, tol Tolerance) {
	matched, changed := false, false
	for s, verdict := range j.samples {
		matched = matched || verdict == Match && !ofOneNumber(c.Samples[s])
	}
	for s, verdict := range j.samples {
		if verdict == Match || !matched || !ofOneNumber(c.Samples[s]) {
			continue
		}
		nudged, err := nudged(c.Samples[s], nudge[c.Precision], 1)
		if err != nil {
			continue
		}
		moved, err := once(ctx, c.Source, nudged, runtimes.Options{Threads: c.Threads})
		unsteady := err == nil && tol.unsteady(j.all[s], moved, want[s])
		if !unsteady && !c.unsteadyInside(ctx, s, want[s], j, tol) {
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
		v.Why = j.sensitive + fmt.Sprintf("%d of %d samples, of one number throughout, tell nothing: the source itself gives something else there for numbers that differ by rounding alone", len(v.Constant), len(j.samples))
	}
}

// unsteady reports whether the source does not match itself, wherever the artefact does
// not match it.
func (t Tolerance) unsteady(away []Difference, moved, want []*tensor.Tensor) bool {
	if len(moved) != len(want) {
		return false
	}
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

// unsteadyInside is unsteady for what the first diverging layer of sample s reads: a
// constant that the model makes of inputs that vary a little, as the logarithm of a floor
// under a spectrum, takes their rounding away with it. Both models must agree on what is
// read.
func (c Config) unsteadyInside(ctx context.Context, s int, want []*tensor.Tensor, j *judgement, tol Tolerance) bool {
	if c.Wiring == nil {
		return false
	}
	if j.first[s] == "" {
		first, err := FirstDivergence(ctx, c, c.Samples[s], tol)
		if err != nil {
			return false
		}
		j.first[s] = first
	}
	at := slices.IndexFunc(c.Layers, func(l Layer) bool { return l.Name == j.first[s] })
	if at < 0 {
		return false
	}
	d := newDecision(c, tol)
	name := c.Layers[at].Source
	reads, _, ok := d.above(name, map[string]bool{name: true})
	if !ok || len(reads) == 0 {
		return false
	}
	values, ok := d.look(ctx, reads, c.Source, c.Samples[s])
	if !ok || slices.Contains(values, nil) {
		return false
	}
	given, err := nudged(values, nudge[c.Precision], 0)
	if err != nil {
		return false
	}
	path, remove, err := c.Wiring.WithInputs(ctx, reads, given)
	if err != nil {
		return false
	}
	defer remove()
	source := c.Source
	source.Model.Path, source.Given = path, given
	moved, err := once(ctx, source, c.Samples[s], runtimes.Options{Threads: c.Threads})
	return err == nil && tol.unsteady(j.all[s], moved, want)
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

// nudged are tensors with noise on their floats, of size by beside them and beside least.
func nudged(in []*tensor.Tensor, by, least float64) ([]*tensor.Tensor, error) {
	out := slices.Clone(in)
	rng := rand.New(rand.NewPCG(7, 8))
	for i, t := range in {
		if !t.DType().IsFloat() {
			continue
		}
		x := t.Float64s()
		for k, v := range x {
			x[k] = v + by*math.Max(math.Abs(v), least)*rng.NormFloat64()
		}
		var err error
		if out[i], err = tensor.FromFloat64s(t.DType(), x, t.Shape()...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// The verdicts, best first.
const (
	Match    = "match"    // as close as the precision allows
	Drift    = "drift"    // close, but beyond that: judge by accuracy
	Mismatch = "mismatch" // not the same function
	NotRun   = "not-run"  // Why says what stopped it
)

// Side is one of the two models: the file and the runtime that opens it.
type Side struct {
	Runtime runtimes.Runtime
	Model   runtimes.Model
	// Tap writes a copy of the model that also returns the named tensors, in
	// order, after its own outputs, and returns the copy's path with a function
	// that removes it. nil: the runtime's Options.Taps is used.
	Tap func(ctx context.Context, tensors []string) (path string, remove func(), err error)
	// Given are values of further inputs that the file has, behind a sample's.
	Given []*tensor.Tensor
	Plain bool // without the runtime's optimisations
}

// Layer pairs a source layer with the tensors that hold its output on both
// sides, in topological order of the source.
type Layer struct{ Name, Source, Artefact string }

// Config asks for one verification.
type Config struct {
	Source, Artefact Side
	Precision        string // fp32, fp16, int8: chooses the tolerance
	Samples          [][]*tensor.Tensor
	Layers           []Layer // may be empty: then no layer is searched
	Threads          int
	// Rounded writes a copy of the source whose weights are rounded to the
	// precision and nothing else, and returns its path with a function that
	// removes it. It tells what the precision alone does to a model that
	// amplifies rounding. nil, or an error of it: the tolerances decide alone.
	Rounded func(ctx context.Context) (path string, remove func(), err error)
	// Wiring of the source's file tells differences that decisions between nearly
	// equal values make from wrong ones. nil: it is not told.
	Wiring Wiring
}

// Verdict is the result; its JSON is part of the command line's contract.
type Verdict struct {
	Verdict    string   `json:"verdict"`
	Runtime    string   `json:"runtime"`
	Version    string   `json:"version"`
	Reference  string   `json:"reference"` // runtime that ran the source
	Samples    int      `json:"samples"`
	MaxAbs     float64  `json:"max_abs"`
	MaxRel     float64  `json:"max_rel"` // over the output's range
	Cosine     float64  `json:"cosine"`
	SQNR       *float64 `json:"sqnr_db,omitempty"` // absent where equal
	FirstLayer string   `json:"first_diverging_layer"`
	Why        string   `json:"why"`
	// Sensitive is set where the error is beyond the usual tolerance, and a match
	// all the same, as rounding the source's weights alone has the same effect.
	Sensitive bool `json:"sensitive,omitempty"`
	// Decided are the layers of a match that choose between nearly equal values, and
	// chose otherwise than the source did: the figures are those of the source given
	// the artefact's values there.
	Decided []string `json:"decided_at,omitempty"`
	// Constant are the samples of one number throughout that tell nothing, as the
	// source itself gives something else there for inputs that differ by rounding.
	Constant []int `json:"constant_samples,omitempty"`
	// Stepped is set where the source itself computes in integers, and the artefact
	// matches but for rounding to a neighbouring one: what lies between two falls to
	// either side, as the runtime rounds.
	Stepped bool `json:"stepped,omitempty"`
	// SourceOff is set where the source was compared as its runtime's plain kernels
	// run it, since the fast ones give something else.
	SourceOff bool `json:"source_off,omitempty"`
}

// searches reports whether the first diverging layer is looked for.
func (c Config) searches(v *Verdict) bool {
	return v.Verdict == Mismatch || v.Verdict == Drift && c.Precision == "fp32"
}

// NotRunVerdict says why no verification took place.
func NotRunVerdict(runtime, why string) *Verdict {
	return &Verdict{Verdict: NotRun, Runtime: runtime, Why: why}
}

// Run verifies. An absent runtime or a refusal of the artefact is a verdict,
// not an error; errors are a cancelled context and failures of the source side.
func Run(ctx context.Context, c Config) (*Verdict, error) {
	info := c.Artefact.Runtime.Info()
	v := &Verdict{Runtime: info.Name, Version: info.Version, Reference: c.Source.Runtime.Info().Name, Cosine: 1}
	want, err := runAll(ctx, c.Source, c.Samples, runtimes.Options{Threads: c.Threads})
	if err != nil {
		return nil, fmt.Errorf("verify: the source model: %w", err)
	}
	got, err := runAll(ctx, c.Artefact, c.Samples, runtimes.Options{Threads: c.Threads})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var absent *runtimes.NotAvailableError
		var refused *runtimes.RefusedError
		var crash *runtimes.CrashError
		switch {
		case errors.As(err, &crash) && crash.Foreign():
			v.Verdict, v.Why = NotRun, fmt.Sprintf("%s was ended from outside during %s (%s); converting again verifies it", crash.Runtime, crash.Stage, crash.Signal)
		case errors.As(err, &absent):
			v.Verdict, v.Why = NotRun, err.Error()
		case c.Artefact.Model.Format == "tensorrt" && errors.As(err, &refused) && strings.Contains(refused.Text, "Could not find an implementation"):
			// Another runtime stands in for TensorRT here and lacks a kernel that
			// TensorRT has: that says nothing about the file.
			v.Verdict, v.Why = NotRun, err.Error()
		default:
			v.Verdict, v.Why = Mismatch, err.Error()
		}
		return v, nil
	}
	tol, ok := Tolerances[c.Precision]
	if !ok {
		tol = Tolerances["fp32"]
	}
	if c.Precision == "fp32" && givesBFloat16(want) {
		tol = Tolerances[BFloat16]
	}
	v.Samples = len(c.Samples)
	for s := range got {
		if len(got[s]) != len(want[s]) {
			v.Verdict, v.Why = Mismatch, fmt.Sprintf("the source has %d outputs, the artefact %d", len(want[s]), len(got[s]))
			return v, nil
		}
	}
	j, err := c.judge(ctx, v, got, want, tol)
	if err != nil {
		return nil, err
	}
	if v.Verdict != Match {
		if rounds, coarse, ok := tol.coarser(c); ok {
			w := *v
			by, err := c.judge(ctx, &w, got, want, coarse)
			if err != nil {
				return nil, err
			}
			if rank(w.Verdict) < rank(v.Verdict) {
				*v, j, tol = w, by, coarse
				v.Stepped = rounds == Steps
			}
		}
	}
	if v.Verdict != Match {
		c.excuse(ctx, v, want, j, tol)
	}
	settled := c.searches(v) && c.settle(ctx, v, got, j, tol)
	if !settled && v.Verdict != Match && ctx.Err() == nil {
		// Is it the source's runtime that is off?
		if plain := c.plainSource(ctx, want); plain != nil {
			w, held := *v, c
			w.Why, w.SourceOff, w.Constant, held.Source.Plain = "", true, nil, true
			by, err := held.judge(ctx, &w, got, plain, tol)
			if err != nil {
				return nil, err
			}
			if w.Verdict != Match {
				held.excuse(ctx, &w, plain, by, tol)
			}
			if rank(w.Verdict) < rank(v.Verdict) {
				*v, j, want, c = w, by, plain, held
			}
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if settled {
		j.bad = -1
	}
	v.measure(j.all)
	v.Sensitive = v.Sensitive && v.Verdict == Match
	if j.bad < 0 {
		return v, nil
	}
	why, err := plainly(ctx, c, j.bad, got[j.bad], want[j.bad], tol)
	if err != nil {
		return nil, err
	}
	if v.Why += why; why != "" && v.Verdict == Drift || !c.searches(v) {
		return v, nil
	}
	layer := j.first[j.bad]
	if layer == "" {
		layer, err = FirstDivergence(ctx, c, c.Samples[j.bad], tol)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		v.Why += "; the first diverging layer could not be found: " + err.Error()
	case layer == "":
		v.Why += "; no single layer differs when its output is looked at"
	default:
		v.FirstLayer = layer
	}
	return v, nil
}

// givesBFloat16 reports whether an output is of bfloat16.
func givesBFloat16(all [][]*tensor.Tensor) bool {
	return len(all) > 0 && slices.ContainsFunc(all[0], func(t *tensor.Tensor) bool { return t.DType() == tensor.BFloat16 })
}

func runAll(ctx context.Context, s Side, samples [][]*tensor.Tensor, o runtimes.Options) ([][]*tensor.Tensor, error) {
	o.NoOptimize = o.NoOptimize || s.Plain
	ses, err := s.Runtime.Open(ctx, s.Model, o)
	if err != nil {
		return nil, err
	}
	defer ses.Close()
	if len(samples) > 0 {
		if n := batchOf(samples[0], ses.Inputs()); n > 1 {
			return runBatched(ctx, ses, samples, n)
		}
	}
	out := make([][]*tensor.Tensor, len(samples))
	for i, in := range samples {
		fit, err := Fit(in, ses.Inputs())
		if err != nil {
			return nil, err
		}
		if out[i], err = ses.Run(ctx, fit); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Fit adapts sample inputs, made for the source, to a session's inputs: element
// types are converted where a target had to widen or narrow them, NCHW becomes
// NHWC where only that fits, and a scalar a vector where the target has none.
func Fit(in []*tensor.Tensor, ios []runtimes.IO) ([]*tensor.Tensor, error) {
	if len(in) != len(ios) {
		return nil, diag.Errorf("verify.inputs", "the model takes %d inputs, %d were given", len(ios), len(in))
	}
	out := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		var err error
		if out[i] = t; t.DType() != ios[i].DType && ios[i].DType != tensor.Invalid {
			if out[i], err = t.Cast(ios[i].DType); err != nil {
				return nil, err
			}
		}
		if t.Rank() == 0 && accepts(ios[i].Shape, []int{1}) {
			if out[i], err = out[i].Reshape(1); err != nil {
				return nil, err
			}
		}
		if s := ios[i].Shape; !accepts(s, t.Shape()) && t.Rank() == 4 {
			h := []int{t.Shape()[0], t.Shape()[2], t.Shape()[3], t.Shape()[1]}
			if accepts(s, h) {
				out[i] = channelsLast(out[i])
			}
		}
	}
	return out, nil
}

func accepts(want, have []int) bool {
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] >= 0 && want[i] != have[i] {
			return false
		}
	}
	return true
}

func channelsLast(t *tensor.Tensor) *tensor.Tensor {
	s := t.Shape()
	n, c, hw := s[0], s[1], s[2]*s[3]
	w := t.DType().Bits() / 8
	src, out := t.Bytes(), tensor.New(t.DType(), n, s[2], s[3], c)
	dst := out.Bytes()
	for b := range n {
		for k := range c {
			for i := range hw {
				from, to := ((b*c+k)*hw+i)*w, ((b*hw+i)*c+k)*w
				copy(dst[to:to+w], src[from:from+w])
			}
		}
	}
	return out
}

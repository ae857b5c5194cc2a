package verify

import (
	"context"
	"fmt"
	"math"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// judgement is what the comparison of all samples came to.
type judgement struct {
	all     [][]Difference // by sample and output
	samples []string       // the verdict on each
	bad     int            // the sample that decided v's verdict, -1 where all match
	why     []string       // what speaks against a sample
	first   []string       // the first diverging layer by sample, "" where it was not searched

	sensitive string // what is said of outputs that rounding the weights explains
}

// judge compares got with want and sets v's verdict, its reason and Sensitive.
func (c Config) judge(ctx context.Context, v *Verdict, got, want [][]*tensor.Tensor, tol Tolerance) (*judgement, error) {
	j := &judgement{all: make([][]Difference, len(got)), samples: make([]string, len(got)), bad: -1, why: make([]string, len(got)), first: make([]string, len(got))}
	v.Verdict, v.Sensitive = Match, false
	rounded := yardstick{c: c}
	for s := range got {
		j.samples[s] = Match
		for o := range got[s] {
			d, verdict, why := Difference{Bad: 1}, Mismatch, ""
			if x, err := Compare(got[s][o], want[s][o]); err != nil {
				why = fmt.Sprintf("output %d: %v", o, err)
			} else {
				if d = x; math.IsInf(d.SQNR, -1) {
					tol.silence(&d, loudest(want, o))
				}
				verdict, why = tol.judge(d), fmt.Sprintf("output %d, sample %d: largest error %.3g of the output's range, cosine %.6f", o, s, d.Relative(), d.Cosine)
			}
			j.all[s] = append(j.all[s], d)
			if verdict != Match && d.N > 0 {
				y, err := rounded.difference(ctx, s, o, want[s][o])
				if err != nil {
					return nil, err
				}
				if y != nil && explained(d, *y) {
					v.Sensitive, verdict = true, Match
					j.sensitive = fmt.Sprintf("output %d, sample %d: largest error %.3g of the output's range, which is what half precision does to this model: its source moves by %.3g when nothing but its weights are rounded", o, s, d.Relative(), y.Relative())
				}
			}
			if rank(verdict) > rank(j.samples[s]) {
				j.samples[s], j.why[s] = verdict, why
			}
			if rank(verdict) > rank(v.Verdict) {
				v.Verdict, v.Why, j.bad = verdict, why, s
			}
		}
	}
	if v.Verdict == Match {
		v.Why = j.sensitive
	}
	if j.sensitive != "" {
		j.sensitive += "; "
	}
	return j, nil
}

// off is how much of an output's range a runtime's fast kernels may be away from its
// plain ones before the plain ones are held to be the source.
const off = 2e-5

// plainSource is what the source gives with its runtime's plain kernels, nil where
// that is what the fast ones gave, want, or it cannot be told.
func (c Config) plainSource(ctx context.Context, want [][]*tensor.Tensor) [][]*tensor.Tensor {
	if c.Source.Plain {
		return nil
	}
	plain, err := runAll(ctx, c.Source, c.Samples, runtimes.Options{Threads: c.Threads, NoOptimize: true})
	if err != nil {
		return nil
	}
	for s := range plain {
		if len(plain[s]) != len(want[s]) {
			return nil
		}
		for o := range plain[s] {
			if d, err := Compare(want[s][o], plain[s][o]); err != nil || d.Relative() > off {
				return plain
			}
		}
	}
	return nil
}

// measure takes the figures of all samples and outputs together.
func (v *Verdict) measure(all [][]Difference) {
	worst := Difference{Cosine: 1, SQNR: math.Inf(1)}
	for _, outs := range all {
		for _, d := range outs {
			if d.N > 0 { // of as many elements on both sides
				worst.merge(d)
			}
		}
	}
	v.MaxAbs, v.MaxRel, v.Cosine = finite(worst.MaxAbs), finite(worst.Relative()), finite(worst.Cosine)
	if !math.IsInf(worst.SQNR, 0) && worst.SQNR == worst.SQNR {
		v.SQNR = &worst.SQNR
	}
}

// finite keeps the JSON valid: NaN and infinities become the largest number.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return math.MaxFloat64
	}
	return x
}

func rank(v string) int { return map[string]int{Match: 0, Drift: 1, Mismatch: 2}[v] }

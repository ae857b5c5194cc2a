package accuracy

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/profiler/verify"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// Subject is one opened model to score.
type Subject struct {
	Name    string
	Session runtimes.Session
}

// Interval is a 95 % confidence interval, both ends in 0..1.
type Interval [2]float64

// Result is one model's score; its JSON is part of the command line's contract.
// Fractions are 0..1; -1 where there are no labels.
type Result struct {
	Model         string         `json:"model"`
	Images        int            `json:"images"`
	Top1          float64        `json:"top1"`
	Top5          float64        `json:"top5"`
	CI95          Interval       `json:"ci95"`                // of top1 (Wilson)
	Agreement     float64        `json:"agreement"`           // same top-1 as the first model
	AgreementCI95 Interval       `json:"agreement_ci95"`      // Wilson
	SQNR          *float64       `json:"sqnr_db,omitempty"`   // raw outputs against the first model's
	Cosine        float64        `json:"cosine"`              // likewise, mean over the pictures
	DropCI95      *Interval      `json:"drop_ci95,omitempty"` // top1 minus the first model's, paired
	Disagreements []Disagreement `json:"disagreements"`
	Correct       int            `json:"correct"`
}

// Disagreement is a picture on which a model's best class differs from the
// first model's.
type Disagreement struct {
	Image string          `json:"image"`
	Label int             `json:"label"` // -1 where unknown
	Want  task.Prediction `json:"first"`
	Got   task.Prediction `json:"got"`
}

// maxDisagreements bounds the list in a result.
const maxDisagreements = 200

// Run scores all subjects on the samples, decoding each picture once. Pictures
// that cannot be read are reported in the findings and left out.
func Run(ctx context.Context, t *task.Task, subjects []Subject, samples []task.Sample, progress func(done, all int)) ([]*Result, diag.List, error) {
	if t.Kind != task.Classify {
		return nil, nil, diag.Errorf("eval.task", "accuracy is measured for classifiers; this model's task is %q", t.Kind).
			Suggest("set task: classify in the model's task file")
	}
	acc := make([]tally, len(subjects))
	var findings diag.List
	type ready struct {
		sample task.Sample
		x      *tensor.Tensor
		err    error
	}
	queue := make(chan ready, 4)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(queue)
		for _, s := range samples {
			img, err := task.DecodeFile(s.Path)
			r := ready{sample: s, err: err}
			if err == nil {
				r.x, _, r.err = t.Prepare(img)
			}
			select {
			case queue <- r:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		done := 0
		for r := range queue {
			if r.err != nil {
				findings = append(findings, diag.FromError("image.undecodable", r.err)...)
			} else if err := score(ctx, t, subjects, acc, r.sample, r.x); err != nil {
				return err
			}
			if done++; progress != nil {
				progress(done, len(samples))
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, findings, err
	}
	out := make([]*Result, len(subjects))
	for i := range subjects {
		out[i] = acc[i].result(subjects[i].Name, &acc[0])
	}
	return out, findings, nil
}

type tally struct {
	n, labelled, top1, top5, same int
	right                         []bool
	signal, noise, cosine         float64
	diff                          []Disagreement
}

func score(ctx context.Context, t *task.Task, subjects []Subject, acc []tally, s task.Sample, x *tensor.Tensor) error {
	outs := make([]*tensor.Tensor, len(subjects))
	errs := make([]error, len(subjects))
	var wg sync.WaitGroup
	for i, sub := range subjects {
		wg.Add(1)
		go func() {
			defer wg.Done()
			fit, err := verify.Fit([]*tensor.Tensor{x}, sub.Session.Inputs())
			if err != nil {
				errs[i] = err
				return
			}
			o, err := sub.Session.Run(ctx, fit)
			if err == nil && len(o) == 0 {
				err = fmt.Errorf("no output")
			}
			if errs[i] = err; err == nil {
				outs[i] = o[0]
			}
		}()
	}
	wg.Wait()
	var first []task.Prediction
	for i := range subjects {
		if errs[i] != nil {
			return fmt.Errorf("%s on %s: %w", subjects[i].Name, s.Path, errs[i])
		}
		a := &acc[i]
		top := t.Top(outs[i], 5)
		if len(top) == 0 {
			return fmt.Errorf("%s on %s: no classes in the output", subjects[i].Name, s.Path)
		}
		if i == 0 {
			first = top
		}
		a.n++
		if s.Label >= 0 {
			a.labelled++
			ok := top[0].Index == s.Label
			a.right = append(a.right, ok)
			if ok {
				a.top1++
			}
			if slices.ContainsFunc(top, func(p task.Prediction) bool { return p.Index == s.Label }) {
				a.top5++
			}
		}
		if top[0].Index == first[0].Index {
			a.same++
		} else if len(a.diff) < maxDisagreements {
			a.diff = append(a.diff, Disagreement{s.Path, s.Label, first[0], top[0]})
		}
		if d, err := verify.Compare(outs[i], outs[0]); err == nil {
			a.cosine += d.Cosine
			got := outs[i].Float64s()
			for j, w := range outs[0].Float64s() {
				g := got[j]
				a.signal += w * w
				a.noise += (g - w) * (g - w)
			}
		}
	}
	return nil
}

func (a *tally) result(name string, first *tally) *Result {
	r := &Result{Model: name, Images: a.n, Top1: -1, Top5: -1, Disagreements: a.diff, Correct: a.top1}
	if r.Disagreements == nil {
		r.Disagreements = []Disagreement{}
	}
	if a.labelled > 0 {
		r.Top1, r.Top5 = ratio(a.top1, a.labelled), ratio(a.top5, a.labelled)
		r.CI95 = Wilson(a.top1, a.labelled)
		if a != first {
			d := PairedDrop(first.right, a.right)
			r.DropCI95 = &d
		}
	}
	r.Agreement, r.AgreementCI95 = ratio(a.same, a.n), Wilson(a.same, a.n)
	if a.n > 0 {
		r.Cosine = a.cosine / float64(a.n)
	}
	if a.noise > 0 {
		s := 10 * math.Log10(a.signal/a.noise)
		r.SQNR = &s
	}
	return r
}

func ratio(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// Wilson is the 95 % score interval of a proportion k/n (Wilson, 1927).
func Wilson(k, n int) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	h := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	i := Interval{math.Max(0, mid-h), math.Min(1, mid+h)}
	// Exact where rounding would leave the proportion outside its interval.
	if k == 0 {
		i[0] = 0
	}
	if k == n {
		i[1] = 1
	}
	return i
}

// PairedDrop is the 95 % interval of the difference of two accuracies on the
// same pictures (got minus want), from the discordant pairs: d -+ 1.96 *
// sqrt(b+c-(b-c)²/n)/n, widened by 1/n (Agresti, Categorical Data Analysis,
// §11.1).
func PairedDrop(want, got []bool) Interval {
	n := float64(len(want))
	if n == 0 || len(want) != len(got) {
		return Interval{-1, 1}
	}
	var b, c float64
	for i := range want {
		switch {
		case want[i] && !got[i]:
			b++
		case !want[i] && got[i]:
			c++
		}
	}
	d := (c - b) / n
	h := 1.959964*math.Sqrt(b+c-(b-c)*(b-c)/n)/n + 1/n
	return Interval{math.Max(-1, d-h), math.Min(1, d+h)}
}

package verify

import (
	"context"
	"fmt"
	"math"
	"slices"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// tapsPerRun bounds how many intermediate tensors are looked at in one run, and
// so the memory that a search takes.
const tapsPerRun = 12

// FirstDivergence returns the name of the first layer, in topological order,
// whose output differs beyond the drift tolerance while the layers before it
// that were looked at do not; "" where none does. Each round looks at up to
// twelve layers spread over what is left, so 2,000 layers take four rounds.
func FirstDivergence(ctx context.Context, c Config, input []*tensor.Tensor, tol Tolerance) (string, error) {
	lo, hi := -1, len(c.Layers) // lo is good (the input), hi is bad or beyond
	if hi == 0 {
		return "", fmt.Errorf("the artefact keeps no layer of the source by name")
	}
	for hi-lo > 1 {
		var probe []int
		step := float64(hi-lo) / (tapsPerRun + 1)
		for i := 1; i <= tapsPerRun; i++ {
			p := lo + int(math.Round(step*float64(i)))
			if p > lo && p < hi && (len(probe) == 0 || p > probe[len(probe)-1]) {
				probe = append(probe, p)
			}
		}
		if len(probe) == 0 {
			probe = []int{lo + 1}
		}
		bad, err := c.firstBad(ctx, input, probe, tol)
		if err != nil {
			return "", err
		}
		if bad < 0 {
			lo = probe[len(probe)-1]
			continue
		}
		if bad > 0 {
			lo = probe[bad-1]
		}
		hi = probe[bad]
	}
	if hi == len(c.Layers) {
		return "", nil
	}
	return c.Layers[hi].Name, nil
}

func (c *Config) firstBad(ctx context.Context, input []*tensor.Tensor, probe []int, tol Tolerance) (int, error) {
	src, art := make([]string, len(probe)), make([]string, len(probe))
	for i, p := range probe {
		src[i], art[i] = c.Layers[p].Source, c.Layers[p].Artefact
	}
	want, err := tapped(ctx, c.Source, src, input, c.Threads)
	if err != nil {
		return 0, fmt.Errorf("source: %w", err)
	}
	got, err := tapped(ctx, c.Artefact, art, input, c.Threads)
	if err != nil {
		return 0, fmt.Errorf("artefact: %w", err)
	}
	for i := range probe {
		d, err := Compare(got[i], want[i])
		if err != nil {
			continue // another layout that cannot be undone: not comparable here
		}
		if t := tol; t.judge(d) == Mismatch || t.MatchRelative < 1 && d.Relative() > math.Sqrt(t.MatchRelative*t.DriftRelative) {
			return i, nil
		}
	}
	return -1, nil
}

// tapped runs one sample and returns only the tapped tensors.
func tapped(ctx context.Context, s Side, names []string, input []*tensor.Tensor, threads int) ([]*tensor.Tensor, error) {
	o := runtimes.Options{Threads: threads}
	if s.Tap != nil {
		path, remove, err := s.Tap(ctx, names)
		if err != nil {
			return nil, err
		}
		defer remove()
		s.Model.Path = path
	} else {
		o.Taps = names
	}
	out, err := once(ctx, s, input, o)
	if err != nil {
		return nil, err
	}
	if len(out) < len(names) {
		return nil, fmt.Errorf("%d tensors were tapped, %d came back", len(names), len(out))
	}
	return out[len(out)-len(names):], nil
}

// once runs one sample.
func once(ctx context.Context, s Side, input []*tensor.Tensor, o runtimes.Options) ([]*tensor.Tensor, error) {
	o.NoOptimize = o.NoOptimize || s.Plain
	ses, err := s.Runtime.Open(ctx, s.Model, o)
	if err != nil {
		return nil, err
	}
	defer ses.Close()
	fit, err := Fit(append(slices.Clone(input), s.Given...), ses.Inputs())
	if err != nil {
		return nil, err
	}
	return ses.Run(ctx, fit)
}

package quantize

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// TestFolds: every input is left out once where there is time for it, never more
// than half of them at once, and ranges come from the others alone.
func TestFolds(t *testing.T) {
	for name, c := range map[string]struct {
		first, inputs int // samples begin at the first of the inputs
		macs          float64
		want          []int // inputs of each fold
	}{
		"small network":   {8, 48, 1e8, []int{10, 10, 10, 10}},
		"middling":        {8, 48, foldWork / 2, []int{12, 12}},
		"large":           {8, 48, foldWork * 2, []int{12}},
		"few inputs":      {8, 14, 1e8, []int{3, 3}},
		"one input":       {8, 9, 1e8, []int{1}},
		"none kept":       {8, 8, 1e8, []int{0}},
		"all looked at":   {0, 8, 1e8, []int{8}},
		"many looked at":  {0, 30, 1e8, []int{12}},
		"no known work":   {8, 20, 0, []int{6, 6}},
		"uneven division": {8, 31, 1e8, []int{12, 11}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &measured{stats: map[string]Stats{}}
			var s Stats
			for i := range c.inputs {
				s.each = append(s.each, Range{-1, float64(i)})
				if i >= c.first {
					m.samples = append(m.samples, sample{i, []*tensor.Tensor{tensor.Of([]int64{int64(i)})}, []*tensor.Tensor{tensor.Of([]float32{float32(i % 7 * i)}, 1)}})
				}
			}
			m.stats["x"] = s.without(nil)
			seen, largest := map[int64]bool{}, float32(0)
			for _, s := range m.samples {
				largest = max(largest, tensor.View[float32](s.out[0])[0])
			}
			var got []int
			for k, f := range m.folds(c.macs) {
				got = append(got, len(f.inputs))
				own := map[int64]bool{}
				for i := range f.inputs {
					at := tensor.View[int64](f.inputs[i][0])[0]
					if seen[at] {
						t.Errorf("input %d is in two folds", at)
					}
					seen[at], own[at] = true, true
					if v := tensor.View[float32](f.want[i][0])[0]; i == 0 && k == 0 && v != largest {
						t.Errorf("the first input of the first fold gives %g, not %g", v, largest)
					}
				}
				top := -1
				for i := range c.inputs {
					if !own[int64(i)] {
						top = i
					}
				}
				if top < 0 {
					top = c.inputs - 1 // nothing else is there to measure
				}
				if f.stats["x"].Max != float64(top) {
					t.Errorf("fold %d has a maximum of %g, want %d", k, f.stats["x"].Max, top)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("folds of %v inputs, want %v", got, c.want)
			}
		})
	}
}

// TestNearness: one input far from all others decides what is pooled, not the mean;
// more than exact is worth no more; a fold that did not run leaves nothing to say.
func TestNearness(t *testing.T) {
	of := func(v ...ratio) noises { return noises{v} }
	for _, c := range []struct {
		folds        []noises
		mean, pooled float64
	}{
		{[]noises{of(ratio{100, 1}, ratio{100, 1}), of(ratio{100, 1})}, 20, 20},
		{[]noises{of(ratio{1, 0.001}), of(ratio{1e6, 1e5})}, 20, 10},
		{[]noises{of(ratio{1, 0}), of(ratio{1, 0.01})}, (exact + 20) / 2.0, 10 * math.Log10(200)},
		{[]noises{{{{1, 1}}, {{1000, 1}}}}, 15, 15},
		{[]noises{of(ratio{100, 1}), nil}, math.NaN(), math.NaN()},
	} {
		mean, pooled := nearness(c.folds)
		if same := func(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-3 || a != a && b != b }; !same(mean, c.mean) || !same(pooled, c.pooled) {
			t.Errorf("%v: mean %g, pooled %g, want %g and %g", c.folds, mean, pooled, c.mean, c.pooled)
		}
	}
}

// TestOutAfterFirstFold: who is far behind on the first inputs does not run on the
// others and is not chosen.
func TestOutAfterFirstFold(t *testing.T) {
	g := residual(t)
	o := Defaults(ONNXRuntime)
	o.HistogramInputs = 4
	o.Method = "percentile"
	m, err := measure(context.Background(), g, ops.Registry(), o, referenceRunner{t}, each(samples(12, 1, 3, 8, 8)), nil, trialBytes)
	if err != nil {
		t.Fatal(err)
	}
	judge := &tryer{g: g, reg: ops.Registry(), r: referenceRunner{t}, folds: m.folds(0)}
	if len(judge.folds) < 2 {
		t.Fatalf("%d folds", len(judge.folds))
	}
	hard, soft := *o, *o
	hard.Percentile, soft.Percentile = 30, 99.9
	judge.add("hard", &hard)
	judge.add("soft", &soft)
	if err := judge.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if best, _ := judge.best(); best != 1 || !judge.trials[0].out || judge.seen[0][1] != nil || judge.seen[1][1] == nil {
		t.Errorf("took %d of %+v", best, judge.trials)
	}
}

// refusing is a runtime that opens nothing.
type refusing struct{ asked atomic.Int32 }

func (r *refusing) Open(context.Context, *ir.Graph) (Running, error) {
	r.asked.Add(1)
	return nil, errors.New("no")
}

// TestFailedTrialsRunOnce: what could not run on the first inputs is not tried on
// the others.
func TestFailedTrialsRunOnce(t *testing.T) {
	g, r := residual(t), &refusing{}
	o := Defaults(ONNXRuntime)
	o.Method = "minmax"
	stats, err := Calibrate(context.Background(), g, ops.Registry(), o, referenceRunner{t}, each(samples(4, 1, 3, 8, 8)), nil)
	if err != nil {
		t.Fatal(err)
	}
	in := [][]*tensor.Tensor{samples(1, 1, 3, 8, 8)}
	judge := &tryer{g: g, reg: ops.Registry(), r: r, folds: []fold{{inputs: in, want: in, stats: stats}, {inputs: in, want: in, stats: stats}}}
	judge.add("one", o)
	judge.add("other", o)
	if err := judge.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if best, score := judge.best(); best != 0 || !math.IsInf(score, -1) || r.asked.Load() != 2 {
		t.Errorf("asked %d times; trial %d with %g", r.asked.Load(), best, score)
	}
}

package quantize

import (
	"context"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Trial is what one way to choose ranges made of a graph.
type Trial struct {
	Method string
	SQNR   float64 // of the outputs, in dB, mean over outputs; NaN where the trial did not run
}

// candidates are the methods that Auto tries: none of them is the best for
// every network. The first wins where nothing can be tried.
var candidates = []string{"minmax", "percentile", "mse"}

// trialInputs bounds the inputs that each candidate runs on.
const trialInputs = 16

// Auto measures g as Calibrate does, quantizes a copy of it by each method, runs
// the copies on the first inputs and returns options, with Stats, for the method
// whose outputs are nearest to those of g. The trials come in the order in which
// they were made.
func Auto(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner, batches Batches, progress func(done int)) (*Options, []Trial, error) {
	chosen := *o
	chosen.Method = "percentile" // needs whole tensors, as most candidates do
	stats, err := Calibrate(ctx, g, reg, &chosen, r, batches, progress)
	if err != nil {
		return nil, nil, err
	}
	chosen.Stats, chosen.Method = stats, candidates[0]
	if len(stats) == 0 {
		return &chosen, nil, nil
	}
	want, err := runAll(ctx, r, g, batches)
	if err != nil {
		return nil, nil, err
	}
	var trials []Trial
	best := math.Inf(-1)
	for _, method := range candidates {
		try := chosen
		try.Method = method
		t := Trial{method, math.NaN()}
		if got, err := attempt(ctx, g, reg, &try, r, batches); err == nil {
			t.SQNR = nearness(got, want)
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if trials = append(trials, t); t.SQNR > best {
			best, chosen.Method = t.SQNR, method
		}
	}
	return &chosen, trials, nil
}

// attempt runs a quantized copy of g.
func attempt(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, r Runner, batches Batches) ([][]*tensor.Tensor, error) {
	q := g.Clone()
	if _, err := Static.Run1(ctx, q, reg, o, nil); err != nil {
		return nil, err
	}
	return runAll(ctx, r, q, batches)
}

func runAll(ctx context.Context, r Runner, g *ir.Graph, batches Batches) ([][]*tensor.Tensor, error) {
	var out [][]*tensor.Tensor
	c := collector{}
	err := c.pass(ctx, r, g, batches, trialInputs, func(got []*tensor.Tensor) error {
		out = append(out, got)
		return nil
	})
	return out, err
}

// nearness is the signal to quantization noise of the float outputs, in dB: the
// mean over outputs, each between 0 and 100, pooled over inputs.
func nearness(got, want [][]*tensor.Tensor) float64 {
	sum, outputs := 0.0, 0
	for k := range want[0] {
		if !want[0][k].DType().IsFloat() {
			continue
		}
		var signal, noise float64
		for i := range want {
			w, g := want[i][k].Float64s(), got[i][k].Float64s()
			if len(w) != len(g) {
				return math.NaN()
			}
			for j := range w {
				if d := g[j] - w[j]; !math.IsNaN(w[j]) && !math.IsInf(w[j], 0) {
					signal, noise = signal+w[j]*w[j], noise+d*d
				}
			}
		}
		db := 0.0
		switch {
		case noise == 0:
			db = 100
		case signal > 0 && noise <= signal:
			db = min(100, 10*math.Log10(signal/noise))
		}
		sum, outputs = sum+db, outputs+1
	}
	if outputs == 0 {
		return math.NaN()
	}
	return sum / float64(outputs)
}

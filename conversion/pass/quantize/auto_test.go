package quantize

import (
	"context"
	"testing"

	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// TestAuto: one stray value in one input spoils the range of extremes, and Auto
// finds that out; it always takes the trial that came nearest.
func TestAuto(t *testing.T) {
	calm := samples(8, 1, 3, 8, 8)
	stray := append(samples(trialInputs, 1, 3, 8, 8), noise(99, 1, 1, 3, 8, 8)) // beyond those that are tried
	tensor.View[float32](stray[trialInputs])[5] = 300
	for name, c := range map[string]struct {
		in      []*tensor.Tensor
		extreme bool // minmax may win
	}{"calm": {calm, true}, "stray": {stray, false}} {
		t.Run(name, func(t *testing.T) {
			g := residual(t)
			before := sketch(g)
			given := Defaults(ONNXRuntime)
			given.HistogramInputs = trialInputs
			o, trials, err := Auto(context.Background(), g, ops.Registry(), given, referenceRunner{t}, each(c.in), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(trials) != len(candidates) || sketch(g) != before {
				t.Fatalf("%v; the graph became %s", trials, sketch(g))
			}
			best := trials[0]
			for _, x := range trials {
				if x.SQNR > best.SQNR {
					best = x
				}
			}
			if o.Method != best.Method || !(best.SQNR > 15) || o.Stats == nil {
				t.Errorf("chose %s of %v", o.Method, trials)
			}
			if !c.extreme && o.Method == "minmax" {
				t.Errorf("chose the extremes in spite of a stray value: %v", trials)
			}
			if apply(t, Static, g, o); sketch(g) == before {
				t.Error("the options quantize nothing")
			}
		})
	}
}

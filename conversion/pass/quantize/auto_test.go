package quantize

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// TestAuto: one stray value in a few inputs spoils the range of extremes, and Auto
// finds that out; it always takes the trial that came nearest.
func TestAuto(t *testing.T) {
	calm := samples(8, 1, 3, 8, 8)
	stray := samples(2*trialInputs, 1, 3, 8, 8)
	for i := 0; i < len(stray); i += 5 {
		tensor.View[float32](stray[i])[5] = 300
	}
	for name, c := range map[string]struct {
		in      []*tensor.Tensor
		extreme bool // minmax may win
	}{"calm": {calm, true}, "stray": {stray, false}} {
		t.Run(name, func(t *testing.T) {
			g := residual(t)
			before := sketch(g)
			given := Defaults(ONNXRuntime)
			given.HistogramInputs = 4
			o, trials, err := Auto(context.Background(), g, ops.Registry(), given, referenceRunner{t}, each(c.in), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(trials) == 0 || sketch(g) != before {
				t.Fatalf("%v; the graph became %s", trials, sketch(g))
			}
			judge := tryer{trials: trials, lone: given.Profile.lone}
			_, most := judge.best()
			way := ""
			for i, x := range trials {
				if x.Chosen {
					way = x.Method
					if judge.score(i) < most-max(margin, spared*judge.lone) || x.SQNR < 15 && c.extreme {
						t.Errorf("chose %s of %v", way, trials)
					}
				}
			}
			if o.Stats == nil || !strings.HasPrefix(way, o.Method) && !(strings.Contains(way, "extremes") && o.Method == "minmax" && o.Tighten > 0) {
				t.Errorf("chose %s, not %s", o.Method, way)
			}
			if !c.extreme && way == "minmax" {
				t.Errorf("chose the extremes in spite of a stray value: %v", trials)
			}
			if apply(t, Static, g, o); sketch(g) == before {
				t.Error("the options quantize nothing")
			}
		})
	}
}

// TestBestTrial: within the margin of the best the earlier one is taken, which
// cuts off less, and trials that did not run are passed over.
func TestBestTrial(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		dB   []float64
		want int
	}{
		{[]float64{20, 20.04}, 0},
		{[]float64{20, 20.1}, 1},
		{[]float64{nan, 12, 12.04}, 1},
		{[]float64{nan, nan}, 0},
	} {
		var x tryer
		for _, v := range c.dB {
			x.trials = append(x.trials, Trial{SQNR: v, Pooled: v})
		}
		if got, _ := x.best(); got != c.want {
			t.Errorf("of %v trial %d, want %d", c.dB, got, c.want)
		}
	}
}

// TestStem: the first layers go with what leads to them and what reads them
// alone, and a model with few layers has none to spare.
func TestStem(t *testing.T) {
	for layers, want := range map[int]string{12: "pad conv1 gate1 swish1 conv2 gate2 swish2 conv3 gate3 swish3", 11: ""} {
		b := &builder{t, ir.New("chain")}
		x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 3, 8, 8))
		y := b.add("Pad", "pad", nil, x, b.g.AddConst("pads", tensor.Of([]int64{0, 0, 1, 1, 0, 0, 1, 1}, 8)))
		for i := range layers {
			y = b.conv(fmt.Sprintf("conv%d", i+1), y, 3)
			y = b.add("Mul", fmt.Sprintf("swish%d", i+1), nil, y, b.add("Sigmoid", fmt.Sprintf("gate%d", i+1), nil, y))
		}
		b.g.Outputs = []*ir.Value{y}
		if got := strings.Join(stem(b.g, Defaults(TFLite)), " "); got != want {
			t.Errorf("of %d layers %q, want %q", layers, got, want)
		}
	}
}

// TestCutting: where nothing is cut off best, the best of what cuts and leaves the
// same layers in float is tried in parts of the network.
func TestCutting(t *testing.T) {
	whole, soft, hard, stemmed := Defaults(ONNXRuntime), Defaults(ONNXRuntime), Defaults(ONNXRuntime), Defaults(ONNXRuntime)
	whole.Method, whole.Tighten = candidates[0].method, candidates[0].tighten
	soft.Method, hard.Method, stemmed.Method = "percentile", "mse", "mse"
	stemmed.KeepFloat = []string{"conv1"}
	for name, c := range map[string]struct {
		ways       []*Options
		dB         []float64
		best, want int
	}{
		"best cuts":          {[]*Options{whole, soft, hard}, []float64{20, 21, 22}, 2, 2},
		"best cuts nothing":  {[]*Options{whole, soft, hard}, []float64{25, 21, 22}, 0, 2},
		"other float layers": {[]*Options{whole, soft, stemmed}, []float64{25, 21, 22}, 0, 1},
		"nothing ran":        {[]*Options{whole, soft}, []float64{25, math.NaN()}, 0, -1},
		"nothing else":       {[]*Options{whole}, []float64{25}, 0, -1},
	} {
		x := tryer{ways: c.ways}
		for _, v := range c.dB {
			x.trials = append(x.trials, Trial{SQNR: v, Pooled: v})
		}
		if got := x.cutting(c.best); got != c.want {
			t.Errorf("%s: trial %d, want %d", name, got, c.want)
		}
	}
}

package measure

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// clock is a session whose runs take what the test says, in order.
type clock struct {
	runs  []time.Duration
	err   error
	calls *[]string
	name  string
}

func (c clock) Inputs() []runtimes.IO  { return nil }
func (c clock) Outputs() []runtimes.IO { return nil }
func (c clock) Close() error           { return nil }
func (c clock) Run(context.Context, []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return nil, nil
}

func (c clock) Time(context.Context, []*tensor.Tensor, runtimes.Timing) (runtimes.Timed, error) {
	*c.calls = append(*c.calls, c.name)
	return runtimes.Timed{Runs: c.runs, First: 9 * time.Millisecond}, c.err
}

func TestSubjectsAreInterleavedAndOneFailureDoesNotStopTheRest(t *testing.T) {
	var calls []string
	ok := clock{[]time.Duration{time.Millisecond, 3 * time.Millisecond}, nil, &calls, "a"}
	bad := clock{nil, errors.New("died"), &calls, "b"}
	res, errs, err := Run(context.Background(), []Subject{{Name: "a", Session: ok}, {Name: "b", Session: bad}, {Name: "c", Session: ok}}, Options{Rounds: 2})
	if err != nil || res[0] == nil || res[1] != nil || errs[1] == nil || res[2] == nil {
		t.Fatalf("%v %v %v", res, errs, err)
	}
	if len(calls) != 5 || calls[0] != "a" || calls[1] != "b" || calls[2] != "a" {
		t.Errorf("order %v", calls)
	}
	if res[0].Runs != 4 || res[0].P50MS != 2 || res[0].FirstMS != 9 {
		t.Errorf("%+v", res[0])
	}
}

// An A/A comparison must say "no difference" at least 95 times in a hundred.
func TestDifferOnEqualSubjects(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(scale float64) *Result {
		var runs []time.Duration
		for range 200 {
			runs = append(runs, time.Duration(scale*(1e6+2e5*rng.ExpFloat64())))
		}
		return Summarize(Subject{}, runtimes.Timed{Runs: runs})
	}
	wrong, missed := 0, 0
	for range 200 {
		if Differ(draw(1), draw(1)) {
			wrong++
		}
		if !Differ(draw(1), draw(1.15)) {
			missed++
		}
	}
	if wrong > 10 || missed > 10 {
		t.Errorf("%d of 200 equal pairs differ, %d of 200 different pairs do not", wrong, missed)
	}
}

func TestPercentiles(t *testing.T) {
	v := []float64{1, 2, 3, 4, 5}
	if Percentile(v, 50) != 3 || Percentile(v, 100) != 5 || Percentile(v, 25) != 2 || Percentile(v[:1], 99) != 1 {
		t.Error(Percentile(v, 50), Percentile(v, 100), Percentile(v, 25))
	}
}

func TestOriginOfLayer(t *testing.T) {
	sources := map[string][]string{"conv": {"a"}, "conv_out": {"b"}, "bn_out": {"c"}}
	for layer, want := range map[string]string{
		"conv": "a", "conv/WithoutBiases": "a", "conv_out_relu_nchwc": "b", "conv_other": "a",
		"conv2": "", "bn": "", "bn_out:0": "c", "": "", "[Delegate]:4": "",
	} {
		got := ""
		if o := origin(layer, sources); o != nil {
			got = o[0]
		}
		if got != want {
			t.Errorf("%q: from %q, want %q", layer, got, want)
		}
	}
}

package verify

import (
	"context"
	"fmt"
	"math"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// normaliser is a runtime that takes the mean from its input and divides by the
// deviation, as its rounding, by, has it; plain gives the input times by.
type normaliser struct {
	chain
	by    float64
	plain bool
}

func (n normaliser) Open(context.Context, runtimes.Model, runtimes.Options) (runtimes.Session, error) {
	return &normalising{chainSession{}, n}, nil
}

type normalising struct {
	chainSession
	n normaliser
}

func (s *normalising) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	x := in[0].Float64s()
	mean, deviation := 0.0, 1e-9
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		deviation += (v - mean) * (v - mean) / float64(len(x))
	}
	out := make([]float32, len(x))
	for i, v := range x {
		if out[i] = float32((v - mean + float64(i%2)*s.n.by) / math.Sqrt(deviation)); s.n.plain {
			out[i] = float32(v * s.n.by)
		}
	}
	return []*tensor.Tensor{tensor.Of(out, 1, 4)}, nil
}

// Inputs of one number that a model makes rounding errors of are left out: nothing
// else is, and not all.
func TestConstantSamples(t *testing.T) {
	of := func(v ...float32) []*tensor.Tensor { return []*tensor.Tensor{tensor.Of(v, 1, 4)} }
	noise, more := of(1, -2, 3, 0.5), of(0.1, 2, -1, 1)
	for name, c := range map[string]struct {
		source, artefact normaliser
		samples          [][]*tensor.Tensor
		want, left       string
	}{
		"one number":             {normaliser{}, normaliser{by: 1e-5}, [][]*tensor.Tensor{noise, of(5, 5, 5, 5)}, Match, "[1]"},
		"numbers alone":          {normaliser{}, normaliser{by: 1e-5}, [][]*tensor.Tensor{of(5, 5, 5, 5)}, Mismatch, "[]"},
		"noise that is wrong":    {normaliser{}, normaliser{by: 1}, [][]*tensor.Tensor{noise, more}, Mismatch, "[]"},
		"a number of other size": {normaliser{by: 1, plain: true}, normaliser{by: 1, plain: true}, [][]*tensor.Tensor{noise, of(5, 5, 5, 5)}, Match, "[]"},
	} {
		v, err := Run(t.Context(), Config{Source: Side{Runtime: c.source}, Artefact: Side{Runtime: c.artefact}, Precision: "fp32", Samples: c.samples})
		if err != nil || v.Verdict != c.want || fmt.Sprint(v.Constant) != c.left {
			t.Errorf("%s: %+v %v, want %s, without %s", name, v, err, c.want, c.left)
		}
	}
	// What is wrong for one number alone is wrong where the source is steady.
	v, err := Run(t.Context(), Config{
		Source: Side{Runtime: normaliser{by: 1, plain: true}}, Artefact: Side{Runtime: shifted{normaliser{by: 1, plain: true}}}, Precision: "fp32",
		Samples: [][]*tensor.Tensor{noise, of(5, 5, 5, 5)},
	})
	if err != nil || v.Verdict != Mismatch || len(v.Constant) > 0 {
		t.Errorf("%+v %v", v, err)
	}
}

// shifted is a normaliser that gives one more for inputs of one number.
type shifted struct{ normaliser }

func (n shifted) Open(context.Context, runtimes.Model, runtimes.Options) (runtimes.Session, error) {
	return &shifting{normalising{chainSession{}, n.normaliser}}, nil
}

type shifting struct{ normalising }

func (s *shifting) Run(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	out, err := s.normalising.Run(ctx, in)
	if x := in[0].Float32s(); err == nil && x[0] == x[1] {
		y := out[0].Float32s()
		y[0]++
		out[0] = tensor.Of(y, 1, 4)
	}
	return out, err
}

package verify

import (
	"context"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// typed is a runtime that gives its input, times by, in type d.
type typed struct {
	chain
	d  tensor.DType
	by float64
}

func (c typed) Open(context.Context, runtimes.Model, runtimes.Options) (runtimes.Session, error) {
	return &typing{chainSession{}, c}, nil
}

type typing struct {
	chainSession
	c typed
}

func (s *typing) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	x := in[0].Float64s()
	for i := range x {
		x[i] *= 1 + s.c.by*float64(i%2)
	}
	t, err := tensor.FromFloat64s(s.c.d, x, 1, 4)
	return []*tensor.Tensor{t}, err
}

// Of a source that gives bfloat16 the roundings that its own arithmetic makes are no
// difference; larger ones are.
func TestBFloat16Source(t *testing.T) {
	for _, c := range []struct {
		source tensor.DType
		by     float64
		want   string
	}{
		{tensor.BFloat16, 0.02, Match},
		{tensor.BFloat16, 0.5, Mismatch},
		{tensor.Float32, 0.02, Drift},
		{tensor.Float32, 0, Match},
	} {
		v, err := Run(t.Context(), Config{
			Source: Side{Runtime: typed{d: c.source}}, Artefact: Side{Runtime: typed{d: tensor.Float32, by: c.by}}, Precision: "fp32",
			Samples: [][]*tensor.Tensor{{tensor.Of([]float32{1, -2, 3, 0.5}, 1, 4)}},
		})
		if err != nil || v.Verdict != c.want {
			t.Errorf("%v off by %v: %+v %v, want %s", c.source, c.by, v, err, c.want)
		}
	}
}

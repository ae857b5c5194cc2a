package verify

import (
	"context"
	"slices"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// offset is a runtime that adds a constant to what it is given, times a factor.
type offset struct {
	chain
	factor, by float32
}

func (o offset) Open(context.Context, runtimes.Model, runtimes.Options) (runtimes.Session, error) {
	return &offsetSession{chainSession{}, o}, nil
}

type offsetSession struct {
	chainSession
	o offset
}

func (s *offsetSession) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	v := slices.Clone(in[0].Float32s())
	for i := range v {
		v[i] = v[i]*s.o.factor + s.o.by
	}
	return []*tensor.Tensor{tensor.Of(v, 1, 4)}, nil
}

// TestSilence: where the source gives zeros alone for one sample, roundings are no
// mismatch, and what is more than that beside the other samples is one.
func TestSilence(t *testing.T) {
	samples, err := Samples([]runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}, 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		precision string
		by        float32 // the artefact adds
		want      string
	}{
		{"fp32", 3e-7, Match},
		{"fp32", 0.01, Mismatch},
		{"int8", 0.001, Match},
		{"int8", 0.3, Mismatch},
	} {
		ref, art := offset{factor: 1}, offset{factor: 1, by: c.by}
		v, err := Run(context.Background(), Config{Source: Side{Runtime: ref}, Artefact: Side{Runtime: art}, Precision: c.precision, Samples: samples})
		if err != nil {
			t.Fatal(err)
		}
		if v.Verdict != c.want {
			t.Errorf("%s, off by %g: %+v", c.precision, c.by, v)
		}
	}
	// Zeros for every sample leave nothing to be as good as.
	ref, art := offset{}, offset{by: 1e-3}
	v, err := Run(context.Background(), Config{Source: Side{Runtime: ref}, Artefact: Side{Runtime: art}, Precision: "fp32", Samples: samples})
	if err != nil || v.Verdict != Mismatch {
		t.Errorf("zeros against a thousandth: %+v, %v", v, err)
	}
}

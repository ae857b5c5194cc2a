package verify

import (
	"context"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// quantized is the wiring of a source that rounds to integers, or not.
type quantized struct {
	wires
	steps bool
}

func (q quantized) Rounds() string {
	if q.steps {
		return Steps
	}
	return ""
}

// TestStepped: what is a step away in a source that computes in integers is a match
// that says so, and what is further away is none.
func TestStepped(t *testing.T) {
	for _, c := range []struct {
		precision string
		factor    float32
		steps     bool
		want      string
		told      bool
	}{
		{"fp32", 1.03, true, Match, true},
		{"fp32", 1.03, false, Mismatch, false},
		{"fp16", 1.03, true, Match, true},
		{"fp32", 1.07, true, Drift, true},
		{"fp32", 1.3, true, Mismatch, false},
		{"fp32", 1.00002, true, Match, false},
		{"int8", 1.03, true, Match, false},
	} {
		samples, err := Samples([]runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Run(context.Background(), Config{
			Source: Side{Runtime: chain{[]float32{1}, new(int)}}, Artefact: Side{Runtime: chain{[]float32{c.factor}, new(int)}},
			Precision: c.precision, Samples: samples, Wiring: quantized{wires{"Add", new(int)}, c.steps},
		})
		if err != nil || v.Verdict != c.want || v.Stepped != c.told {
			t.Errorf("%+v: %+v %v", c, v, err)
		}
	}
}

// TestNearlyConstant: outputs that differ from each other by rounding alone are not
// held to differ by it exactly so.
func TestNearlyConstant(t *testing.T) {
	fill := func(base, step float32, of ...int) *tensor.Tensor {
		x := make([]float32, 100)
		for i := range x {
			x[i] = base + step*float32(i*of[0]%7)
		}
		return tensor.Of(x, 1, len(x))
	}
	fp32, fp16 := Tolerances["fp32"], Tolerances["fp16"]
	for _, c := range []struct {
		got, want *tensor.Tensor
		fp32      string
		fp16      string
	}{
		{fill(1e-3, 1e-10, 1), fill(1e-3, 1e-10, 3), Match, Match}, // 1e-7 of the numbers
		{fill(1e-3, 1e-7, 1), fill(1e-3, 1e-7, 3), Mismatch, Match},
		{fill(1e-3, 1e-5, 1), fill(1e-3, 1e-5, 3), Mismatch, Drift},
		{fill(0, 1e-10, 1), fill(0, 1e-10, 3), Mismatch, Mismatch}, // small, and not equal
		{tensor.Of([]float64{1 + 1e-9, 1}, 2), tensor.Of([]float64{1, 1 + 1e-9}, 2), Mismatch, Mismatch},
		{tensor.Of([]int64{1 << 24, 1}, 2), tensor.Of([]int64{1<<24 + 1, 1}, 2), Match, Match}, // 6e-8 of its range
		{tensor.Of([]int64{1 << 24, 1<<24 + 1}, 2), tensor.Of([]int64{1<<24 + 1, 1 << 24}, 2), Mismatch, Mismatch},
	} {
		d, err := Compare(c.got, c.want)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := fp32.judge(d), fp16.judge(d); a != c.fp32 || b != c.fp16 {
			t.Errorf("%+v: fp32 %s, want %s; fp16 %s, want %s", d, a, c.fp32, b, c.fp16)
		}
	}
}

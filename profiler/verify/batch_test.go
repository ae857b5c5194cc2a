package verify

import (
	"context"
	"slices"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// doubler is a session of a fixed batch that returns twice its input, and a
// tensor without a batch.
type doubler struct {
	runtimes.Session
	batch, runs int
}

func (d *doubler) Inputs() []runtimes.IO {
	return []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{d.batch, 2}}}
}

func (d *doubler) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	d.runs++
	v := slices.Clone(in[0].Float32s())
	for i := range v {
		v[i] *= 2
	}
	return []*tensor.Tensor{tensor.Of(v, in[0].Shape()...), tensor.Of([]float32{7}, 1)}, nil
}

func TestSamplesOfOneOnALargerBatch(t *testing.T) {
	var samples [][]*tensor.Tensor
	for i := range 4 {
		samples = append(samples, []*tensor.Tensor{tensor.Of([]float32{float32(i), float32(10 * i)}, 1, 2)})
	}
	d := &doubler{batch: 3}
	if n := batchOf(samples[0], d.Inputs()); n != 3 {
		t.Fatalf("batch %d", n)
	}
	out, err := runBatched(context.Background(), d, samples, 3)
	if err != nil || len(out) != 4 || d.runs != 2 {
		t.Fatalf("%d outputs in %d runs, %v", len(out), d.runs, err)
	}
	for i, o := range out {
		if want := []float32{float32(2 * i), float32(20 * i)}; !slices.Equal(o[0].Float32s(), want) || !slices.Equal(o[0].Shape(), []int{1, 2}) || o[1].Float32s()[0] != 7 {
			t.Errorf("sample %d: %v %v", i, o[0], o[1])
		}
	}
	for _, ios := range [][]runtimes.IO{{{Shape: []int{1, 2}}}, {{Shape: []int{-1, 2}}}, {{Shape: []int{3}}}, {}} {
		if n := batchOf(samples[0], ios); n != 1 {
			t.Errorf("%v: batch %d", ios, n)
		}
	}
}

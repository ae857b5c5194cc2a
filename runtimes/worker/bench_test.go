//go:build unix

package worker

import (
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// BenchmarkHop is the cost of the process boundary: one tensor of a 224×224
// picture there and back, through a runtime that does nothing.
func BenchmarkHop(b *testing.B) {
	w, err := Start(b.Context(), Config{Runtime: "fake"})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	s, err := w.Runtime().Open(b.Context(), runtimes.Model{Path: "good"}, runtimes.Options{})
	if err != nil {
		b.Fatal(err)
	}
	x := []*tensor.Tensor{tensor.New(tensor.Float32, 3*224*224)}
	for b.Loop() {
		if _, err := s.Run(b.Context(), x); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart is the time from nothing to a worker's hello.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		w, err := Start(b.Context(), Config{Runtime: "fake"})
		if err != nil {
			b.Fatal(err)
		}
		_ = w.Close()
	}
}

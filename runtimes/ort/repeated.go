//go:build cgo

package ort

import (
	"bytes"
	"slices"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// source is what output i repeats: an input, or an output after it; nil where it
// is neither.
func (s *session) source(i int, inputs, results []*tensor.Tensor) *tensor.Tensor {
	name := s.fetch[i].name
	if k := slices.IndexFunc(s.inputs, func(in runtimes.IO) bool { return in.Name == name }); k >= 0 {
		return inputs[k]
	}
	if k := slices.IndexFunc(s.fetch[i+1:], func(o output) bool { return o.name == name }); k >= 0 {
		return results[i+1+k]
	}
	return nil
}

// twin is t in memory of its own.
func twin(t *tensor.Tensor) (*tensor.Tensor, error) {
	if t.DType() == tensor.String {
		return tensor.FromStrings(t.Shape(), slices.Clone(t.Strings()))
	}
	return tensor.FromBytes(t.DType(), t.Shape(), bytes.Clone(t.Bytes()))
}

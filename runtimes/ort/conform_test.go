//go:build cgo

package ort_test

import (
	"testing"

	"slipway/runtimes/conform"
	"slipway/runtimes/ort"
)

func TestMain(m *testing.M) { conform.Main(m, ort.New) }

func TestConform(t *testing.T) {
	m := conform.For(t, "onnx")
	m.Taps, m.Profile, m.Cancel, m.NoOptimize = true, true, true, true
	conform.Both(t, ort.Name, conform.Library(t, "onnxruntime"), ort.New, m)
}

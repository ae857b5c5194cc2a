package onnx

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// The copy differs from the model in the constants' float32 bytes alone, which
// hold half-precision numbers, wherever a constant may stand.
func TestRoundWeights(t *testing.T) {
	sub := func(b []byte, num protowire.Number, m []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
	}
	floats := func(v ...float32) (b []byte) {
		for _, x := range v {
			b = protowire.AppendFixed32(b, math.Float32bits(x))
		}
		return b
	}
	tensor := func(dtype uint64, field protowire.Number, data []byte) []byte {
		b := protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), dtype)
		return sub(sub(b, 8, []byte("w")), field, data)
	}
	model := func(f func(...float32) []byte) []byte {
		w := f(0.1, -3, 1e6, 65519.9, 1e-9)
		constant := sub(nil, 1, sub(nil, 5, sub(nil, 5, tensor(1, 9, w))))
		g := sub(sub(constant, 5, tensor(1, 4, w)), 5, tensor(7, 9, floats(0.1, 0.1)))
		return sub(sub(nil, 2, floats(0.1)), 7, g)
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "a.onnx"), filepath.Join(dir, "b.onnx")
	if err := os.WriteFile(from, model(floats), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := RoundWeights(from, to); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	want := model(func(...float32) []byte { return floats(0.0999755859375, -3, 1e6, 65504, 0) })
	if string(got) != string(want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	if err := os.WriteFile(from, model(floats)[:40], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := RoundWeights(from, to); err == nil {
		t.Error("a truncated model was rounded")
	}
}

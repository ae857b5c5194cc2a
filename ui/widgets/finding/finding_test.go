package finding

import (
	"testing"

	"slipway/conversion/diag"
)

func TestWhere(t *testing.T) {
	for _, c := range []struct {
		name string
		f    diag.Finding
		want string
	}{
		{"nothing known", diag.Finding{}, ""},
		{"a file", diag.Finding{File: "/a/b/net.onnx"}, "net.onnx"},
		{"one layer", diag.Finding{Layer: "conv1"}, "layer conv1"},
		{"the same layer twice", diag.Finding{Layer: "conv1", Layers: []string{"conv1"}}, "layer conv1"},
		{"a file and layers", diag.Finding{File: "net.onnx", Layers: []string{"a", "b"}}, "net.onnx · 2 layers: a, b"},
		{"many", diag.Finding{Layers: []string{"a", "b", "c", "d", "e", "f", "g", "h"}}, "8 layers: a, b, c, d, e, f and 2 more"},
	} {
		if got := Where(&c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBrief(t *testing.T) {
	for text, want := range map[string]string{
		"a short one (with advice)": "a short one (with advice)",
		"ncnn is not available: no usable library found (no package client has it: take a shared library from your system)": "ncnn is not available: no usable library found",
		"a text without brackets stays as it is, however long it may have become by the time that somebody reads it all":    "a text without brackets stays as it is, however long it may have become by the time that somebody reads it all",
	} {
		if got := Brief(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

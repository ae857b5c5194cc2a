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

package diag

import "testing"

func TestWhere(t *testing.T) {
	for _, c := range []struct {
		name string
		f    Finding
		want string
	}{
		{"nothing known", Finding{}, ""},
		{"a file", Finding{File: "/a/b/net.onnx"}, "net.onnx"},
		{"one layer", Finding{Layer: "conv1"}, "layer conv1"},
		{"the same layer twice", Finding{Layer: "conv1", Layers: []string{"conv1"}}, "layer conv1"},
		{"a file and layers", Finding{File: "net.onnx", Layers: []string{"a", "b"}}, "net.onnx · 2 layers: a, b"},
		{"many", Finding{Layers: []string{"a", "b", "c", "d", "e", "f", "g", "h"}}, "8 layers: a, b, c, d, e, f and 2 more"},
	} {
		if got := c.f.Where(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

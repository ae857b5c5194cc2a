package openvino_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/conform"
	"slipway/runtimes/openvino"
)

func open(t *testing.T, path string, o runtimes.Options) runtimes.Session {
	t.Helper()
	s, err := openvino.New(conform.Library(t, "openvino")).Open(t.Context(), runtimes.Model{Path: path}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// OpenVINO's own front ends make it a second reader of other formats.
func TestOtherFormats(t *testing.T) {
	for format, name := range map[string]string{"onnx": "add.onnx", "tflite": "add.tflite"} {
		s := open(t, filepath.Join(conform.Dir(t, format), name), runtimes.Options{})
		x := tensor.Of([]float32{1, 2, 3}, 1, 3)
		out, err := s.Run(t.Context(), []*tensor.Tensor{x, x})
		if err != nil || !tensor.Equal(out[1], tensor.Of([]float32{1, 4, 9}, 1, 3)) {
			t.Errorf("%s: %v, %v", format, out, err)
		}
		_, err = openvino.New(conform.Library(t, "openvino")).Open(t.Context(), runtimes.Model{Path: filepath.Join(conform.Dir(t, format), name)}, runtimes.Options{Taps: []string{"sum"}})
		var refused *runtimes.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%s: tapped: %v", format, err)
		}
	}
}

// Taps come in the order in which they were asked for, by tensor or by layer.
func TestTapOrder(t *testing.T) {
	s := open(t, filepath.Join(conform.Dir(t, "openvino"), "slow.xml"), runtimes.Options{Taps: []string{"s5", "m3", "s5"}})
	x := tensor.New(tensor.Float32, s.Inputs()[0].Shape...)
	out, err := s.Run(t.Context(), []*tensor.Tensor{x})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		name  string
		first float32
	}{{"y", 1.0 / 384}, {"s5", 1.0 / 384}, {"m3", 0}, {"s5", 1.0 / 384}} {
		got := out[i].Float32s()[0]
		if s.Outputs()[i].Name != want.name || got < want.first*0.99 || got > want.first*1.01 {
			t.Errorf("output %d: %v gave %v, want %+v", i, s.Outputs()[i], got, want)
		}
	}
}

// Some CPUs would compute in bf16 if they were let.
func TestExact(t *testing.T) {
	path := filepath.Join(conform.Dir(t, "openvino"), "slow.xml")
	s := open(t, path, runtimes.Options{Profile: true})
	if _, err := s.Run(t.Context(), []*tensor.Tensor{tensor.New(tensor.Float32, s.Inputs()[0].Shape...)}); err != nil {
		t.Fatal(err)
	}
	times, err := s.(runtimes.Tracer).Trace(t.Context())
	if err != nil || len(times) < 160 {
		t.Fatalf("%d layers, %v", len(times), err)
	}
	for _, l := range times {
		if !strings.HasSuffix(l.Exec, "_f32") {
			t.Errorf("%+v", l)
		}
	}
}

func TestBadProperty(t *testing.T) {
	_, err := openvino.New(conform.Library(t, "openvino")).Open(t.Context(),
		runtimes.Model{Path: filepath.Join(conform.Dir(t, "openvino"), "add.xml")}, runtimes.Options{Extra: map[string]string{"NO_SUCH_THING": "1"}})
	var refused *runtimes.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
}

func TestAbsent(t *testing.T) {
	dir := t.TempDir()
	html := filepath.Join(dir, "libopenvino_c.so")
	if err := os.WriteFile(html, []byte("<html>404</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", filepath.Join(dir, "none.so"), html} {
		err := openvino.New(path).Check(t.Context())
		var absent *runtimes.NotAvailableError
		if !errors.As(err, &absent) || absent.Cure == "" {
			t.Errorf("%q: %v", path, err)
		}
	}
}

package litert_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/conform"
	"slipway/runtimes/litert"
)

func open(t *testing.T, name string, o runtimes.Options) runtimes.Session {
	t.Helper()
	s, err := litert.New(conform.Library(t, "litert")).Open(t.Context(), runtimes.Model{Path: filepath.Join(conform.Dir(t, "tflite"), name+".tflite")}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Operators that LiteRT runs itself are looked at between one and the next;
// inside XNNPACK nobody asks.
func TestCancel(t *testing.T) {
	s := open(t, "slow", runtimes.Options{NoOptimize: true})
	x := []*tensor.Tensor{tensor.New(tensor.Float32, s.Inputs()[0].Shape...)}
	ctx, stop := context.WithCancel(t.Context())
	timer := time.AfterFunc(20*time.Millisecond, stop)
	defer timer.Stop()
	if _, err := s.Run(ctx, x); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTraceNamesOperators(t *testing.T) {
	s := open(t, "add", runtimes.Options{Profile: true, NoOptimize: true})
	x := tensor.New(tensor.Float32, 1, 3)
	tracer := s.(runtimes.Tracer)
	var refused *runtimes.RefusedError
	if _, err := tracer.Trace(t.Context()); !errors.As(err, &refused) {
		t.Errorf("before any run: %v", err)
	}
	if _, err := s.Run(t.Context(), []*tensor.Tensor{x, x}); err != nil {
		t.Fatal(err)
	}
	times, err := tracer.Trace(t.Context())
	if err != nil || len(times) != 3 {
		t.Fatalf("%v, %v", times, err)
	}
	for i, want := range []string{"sum ADD builtin", "neg NEG builtin", "product MUL builtin"} {
		if l := times[i]; l.Layer+" "+l.Type+" "+l.Exec != want {
			t.Errorf("row %d: %+v, want %s", i, l, want)
		}
	}
}

func TestAbsent(t *testing.T) {
	dir := t.TempDir()
	html := filepath.Join(dir, "libLiteRt.so")
	if err := os.WriteFile(html, []byte("<html>404</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", filepath.Join(dir, "none.so"), html} {
		err := litert.New(path).Check(t.Context())
		var absent *runtimes.NotAvailableError
		if !errors.As(err, &absent) || absent.Cure == "" {
			t.Errorf("%q: %v", path, err)
		}
	}
}

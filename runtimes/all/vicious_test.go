package all_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"slipway/conversion/diag"
	"slipway/runtimes"
	"slipway/runtimes/conform"
	"slipway/runtimes/library"
	"slipway/runtimes/worker"
)

// Files that take a vendor's library down, with the real libraries: every
// runtime either opens such a file, refuses it, dies in its worker or is
// stopped at the deadline; all of it is told by a type, and afterwards the next
// model opens.
func TestViciousModels(t *testing.T) {
	dir := conform.Dir(t, "vicious")
	good := filepath.Join(conform.Dir(t, "onnx"), "add.onnx")
	for _, name := range []string{"ort", "openvino", "reference"} {
		for _, file := range []string{"address.onnx", "nested.onnx"} {
			t.Run(name+" "+file, func(t *testing.T) {
				p := pool(t, library.Find)
				rt := p.Get(name)
				if err := rt.Check(t.Context()); err != nil {
					t.Skip(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				s, err := rt.Open(ctx, runtimes.Model{Path: filepath.Join(dir, file)}, runtimes.Options{})
				var (
					refused *runtimes.RefusedError
					crash   *runtimes.CrashError
					timeout *runtimes.TimeoutError
					finding *diag.Finding
					list    diag.List
				)
				switch {
				case err == nil:
					if file == "address.onnx" {
						t.Error("weights at an address in memory were accepted")
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				case errors.As(err, &crash):
					if crash.Signal != "SIGSEGV" || crash.Stage != "open" {
						t.Errorf("signal %q during %q", crash.Signal, crash.Stage)
					}
				case errors.As(err, &timeout):
					if timeout.Stage != "open" {
						t.Errorf("stage %q", timeout.Stage)
					}
				case errors.As(err, &refused), errors.As(err, &finding), errors.As(err, &list):
				default:
					t.Errorf("an error without a type: %v (%T)", err, err)
				}
				t.Log(err)
				s, err = rt.Open(t.Context(), runtimes.Model{Path: good}, runtimes.Options{})
				if err != nil {
					t.Fatalf("the next model: %v", err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A model that keeps killing its runtime is left alone after a while.
func TestViciousModelOpensTheCircuit(t *testing.T) {
	p := pool(t, library.Find)
	rt := p.Get("openvino")
	if err := rt.Check(t.Context()); err != nil {
		t.Skip(err)
	}
	m := runtimes.Model{Path: filepath.Join(conform.Dir(t, "vicious"), "address.onnx")}
	var crash *runtimes.CrashError
	if _, err := rt.Open(t.Context(), m, runtimes.Options{}); !errors.As(err, &crash) {
		t.Skipf("this version does not die of it: %v", err)
	}
	var circuit *worker.CircuitError
	for range 3 {
		if _, err := rt.Open(t.Context(), m, runtimes.Options{}); errors.As(err, &circuit) {
			return
		}
	}
	t.Error("the circuit never opened")
}

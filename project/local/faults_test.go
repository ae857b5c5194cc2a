//go:build linux

package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/pipeline"
	"slipway/project/projecttest"
	"slipway/runtimes"
	"slipway/runtimes/worker"
)

// strike sends a signal to the conversion's worker when the conversion reaches
// a stage.
func strike(t *testing.T, m *Machine, stage string, sig syscall.Signal) func(plan.Event) {
	done := false
	return func(e plan.Event) {
		if done || e.Stage != stage {
			return
		}
		done = true
		pids := projecttest.Workers(os.Getpid(), "none")
		if len(pids) != 1 {
			t.Errorf("%d workers convert, want one", len(pids))
			return
		}
		if err := syscall.Kill(pids[0], sig); err != nil {
			t.Error(err)
		}
	}
}

// empty fails the test where a conversion left something behind in dir.
func empty(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && p != dir {
			t.Errorf("left behind: %s", p)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// TestConversionDies kills, breaks and stops the worker at every stage: a typed
// finding, nothing under a final name, and the same machine converts again.
func TestConversionDies(t *testing.T) {
	model := projecttest.Large(t, t.TempDir(), "large", 24)
	before, err := pipeline.HashFile(model)
	if err != nil {
		t.Fatal(err)
	}
	m := New()
	m.config = worker.Config{SilenceLimit: 5 * time.Second}
	t.Cleanup(func() { m.Close() })
	out := t.TempDir()
	q := pipeline.Request{Model: model, Target: "onnx", Recipe: plan.Default()}
	for _, c := range []struct {
		stage, code, says string
		sig               syscall.Signal
	}{
		{"open", "worker.crashed", "SIGKILL", syscall.SIGKILL},
		{"passes", "worker.crashed", "SIGKILL", syscall.SIGKILL},
		{"write", "worker.crashed", "SIGKILL", syscall.SIGKILL},
		{"passes", "worker.crashed", "SIGSEGV", syscall.SIGSEGV},
		{"passes", "worker.timeout", "5s", syscall.SIGSTOP},
	} {
		t.Run(c.stage+" "+c.says, func(t *testing.T) {
			res, err := m.Pipeline().RunTo(within(t), q, out, strike(t, m, c.stage, c.sig))
			for tries := 0; err == nil && res.OK && tries < 10; tries++ {
				// The worker was done before the signal came.
				if err = os.RemoveAll(filepath.Join(out, q.Target)); err == nil {
					res, err = m.Pipeline().RunTo(within(t), q, out, strike(t, m, c.stage, c.sig))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if res.OK || len(res.Artefacts) > 0 || res.Verify.Verdict != verify.NotRun || len(res.Findings) == 0 {
				t.Fatalf("%+v", res)
			}
			if f := res.Findings[0]; f.Code != c.code || !strings.Contains(f.Text, c.says) || f.Severity != diag.Error {
				t.Errorf("%+v", f)
			}
			empty(t, out)
		})
	}
	if after, err := pipeline.HashFile(model); err != nil || after != before {
		t.Errorf("the source changed: %v", err)
	}
	if pids := projecttest.Workers(os.Getpid(), "none"); len(pids) > 0 {
		t.Errorf("workers %v are left", pids)
	}
	if res, err := m.Pipeline().RunTo(within(t), q, out, nil); err != nil || !res.OK || res.Verify.Verdict != verify.Match {
		t.Errorf("afterwards: %+v %v", res, err)
	}
}

// TestConversionIsCancelled also where the worker does not listen.
func TestConversionIsCancelled(t *testing.T) {
	m := machine(t)
	out := t.TempDir()
	q := pipeline.Request{Model: projecttest.Large(t, t.TempDir(), "large", 24), Target: "onnx", Recipe: plan.Default()}
	for name, deaf := range map[string]bool{"listens": false, "deaf": true} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(within(t))
			stop := strike(t, m, "passes", syscall.SIGSTOP)
			res, err := m.Pipeline().RunTo(ctx, q, out, func(e plan.Event) {
				if deaf {
					stop(e)
				}
				if e.Stage == "passes" {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%+v %v", res, err)
			}
			empty(t, out)
			if pids := projecttest.Workers(os.Getpid(), "none"); len(pids) > 0 {
				t.Errorf("workers %v are left", pids)
			}
		})
	}
}

// TestUnusableLibrary gives things that are no vendor library: the runtime is
// absent with a reason and a cure, the others work, and conversions are proved
// on what there is.
func TestUnusableLibrary(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "libonnxruntime.so")
	if err := os.WriteFile(page, []byte("<!DOCTYPE html><html><body>404 Not Found</body></html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.so")
	if err := os.WriteFile(cut, self[:4096], 0o600); err != nil {
		t.Fatal(err)
	}
	model := projecttest.Write(t, t.TempDir(), "net", projecttest.Net)
	for name, path := range map[string]string{"an HTML page": page, "missing": filepath.Join(dir, "none.so"), "a program": "/proc/self/exe", "cut off": cut} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SLIPWAY_ONNXRUNTIME", path)
			m := machine(t)
			r, err := m.Get("ort")
			if err == nil {
				err = r.Check(within(t))
			}
			var absent *runtimes.NotAvailableError
			if !errors.As(err, &absent) || absent.Reason == "" || absent.Cure == "" {
				t.Fatalf("got %T: %v", err, err)
			}
			status := m.Status(within(t))
			i := slices.IndexFunc(status, func(s project.RuntimeStatus) bool { return s.Name == "ort" })
			if s := status[i]; s.OK || s.Reason == "" || s.Cure == "" || s.Loses == "" {
				t.Errorf("%+v", s)
			}
			if i := slices.IndexFunc(status, func(s project.RuntimeStatus) bool { return s.Name == "reference" }); !status[i].OK {
				t.Errorf("%+v", status[i])
			}
			res, err := m.Pipeline().RunTo(within(t), pipeline.Request{Model: model, Target: "onnx", Recipe: plan.Default()}, t.TempDir(), nil)
			if err != nil || !res.OK || res.Verify.Verdict != verify.Match || res.Verify.Runtime == "ort" {
				t.Errorf("%+v %v", res, err)
			}
		})
	}
}

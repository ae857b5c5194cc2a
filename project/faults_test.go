//go:build linux

package project_test

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"slipway/conversion/diag"
	"slipway/project/jobs"
	"slipway/project/projecttest"
)

// TestConversionDiesInAProject kills and cancels conversions of an open
// project: the job tells it, the project is as it was, and the next conversion
// is made.
func TestConversionDiesInAProject(t *testing.T) {
	s, dir := begin(t, projecttest.Large(t, t.TempDir(), "large", 24))
	var mu sync.Mutex
	act := func(int64) {}
	s.Jobs().Listen(func(j jobs.Status) {
		if j.State != jobs.Running || j.Stage != "passes" {
			return
		}
		mu.Lock()
		f := act
		act = func(int64) {}
		mu.Unlock()
		f(j.ID)
	})
	run := func(f func(int64), want jobs.State) jobs.Status {
		t.Helper()
		mu.Lock()
		act = f
		mu.Unlock()
		ids, err := s.Convert([]string{"onnx"})
		if err != nil {
			t.Fatal(err)
		}
		return wait(t, s, ids[0], want)
	}
	r := s.Recipe()
	r.Samples = 1
	if err := s.SetRecipe(r); err != nil {
		t.Fatal(err)
	}
	st := run(func(int64) {
		for _, pid := range projecttest.Workers(os.Getpid(), "none") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}, jobs.Failed)
	if !slices.ContainsFunc(st.Findings, func(f *diag.Finding) bool { return f.Code == "worker.crashed" }) {
		t.Errorf("findings %v", st.Findings)
	}
	// Cancel must not be called by a listener, which holds the queue.
	run(func(id int64) { go s.Jobs().Cancel(id) }, jobs.Cancelled)
	if left, err := os.ReadDir(filepath.Join(dir, "artefacts")); err != nil || len(left) > 0 || len(s.Variants()) != 1 {
		t.Errorf("left: %v, %d variants, %v", left, len(s.Variants()), err)
	}
	if got := s.Recipe().Samples; got != 1 {
		t.Errorf("the recipe changed: %d samples", got)
	}
	run(func(int64) {}, jobs.Done)
	if v := s.Variants(); len(v) != 2 || !v[1].Usable() {
		t.Errorf("%d variants", len(v))
	}
}

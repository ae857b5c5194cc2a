package project_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"slipway/project"
	"slipway/project/jobs"
	"slipway/project/local"
	"slipway/runtimes/worker/guest"
)

// TestMain lets the test binary be the worker processes, and the studio that
// TestKilledAtAnyMoment kills.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(guest.Main(os.Args[2:], local.Guest()))
	}
	if dir := os.Getenv("STUDIO_TEST_VICTIM"); dir != "" {
		os.Exit(victim(dir))
	}
	os.Exit(m.Run())
}

// begin makes a studio over this machine and opens the model in a project
// folder beside it.
func begin(t *testing.T, model string) (*project.Studio, string) {
	t.Helper()
	machine := local.New()
	s := machine.Studio("test", t.TempDir())
	t.Cleanup(func() {
		s.Close()
		machine.Close()
	})
	dir := filepath.Join(t.TempDir(), "net.slipway")
	if err := s.OpenModel(context.Background(), model, dir); err != nil {
		t.Fatal(err)
	}
	s.LookAtRuntimes(context.Background())
	return s, dir
}

// wait waits for a job and fails the test unless it ends as wanted.
func wait(t *testing.T, s *project.Studio, id int64, want jobs.State) jobs.Status {
	t.Helper()
	st, err := s.Jobs().Wait(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	if st.State != want {
		t.Fatalf("job %q is %s, want %s: %v", st.Title, st.State, want, st.Findings)
	}
	return st
}

// convert converts to the targets and returns the variants that there are then.
func convert(t *testing.T, s *project.Studio, targets ...string) []*project.Variant {
	t.Helper()
	ids, err := s.Convert(targets)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		wait(t, s, id, jobs.Done)
	}
	return s.Variants()
}

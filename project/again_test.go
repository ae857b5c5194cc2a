package project_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	targetall "slipway/conversion/target/all"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/local"
	"slipway/project/projecttest"
	"slipway/runtimes"
)

// TestUnverifiedArtefactIsMadeAgain: an artefact whose runtime was away when it
// was made is made again once the runtime is there, in its own place and under
// its own name; after that the conversion need not be made again.
func TestUnverifiedArtefactIsMadeAgain(t *testing.T) {
	ctx := context.Background()
	machine := local.New()
	p := machine.Pipeline()
	there, away := p.Runtime, true
	p.Runtime = func(name string) (runtimes.Runtime, error) {
		if away && name == "mil" {
			return nil, &runtimes.CrashError{Runtime: name, Stage: "open", Signal: "SIGKILL"}
		}
		return there(name)
	}
	s := project.New(project.Env{Open: local.Open, Pipeline: p, Runtimes: machine, Targets: targetall.Targets(), Version: "test", DataDir: t.TempDir()})
	t.Cleanup(func() {
		s.Close()
		machine.Close()
	})
	dir := filepath.Join(t.TempDir(), "net.slipway")
	if err := s.OpenModel(ctx, projecttest.Write(t, t.TempDir(), "net", projecttest.Net), dir); err != nil {
		t.Fatal(err)
	}
	s.LookAtRuntimes(ctx)
	one := func(verdict string) *project.Variant {
		t.Helper()
		list := convert(t, s, "coreml")
		if len(list) != 2 || list[1].Result.Verify.Verdict != verdict {
			for _, v := range list[1:] {
				t.Logf("%d %s: %+v", v.ID, v.Title, v.Result.Verify)
			}
			t.Fatalf("%d variants, want one artefact with the verdict %s", len(list)-1, verdict)
		}
		if _, err := os.Stat(list[1].Path); err != nil {
			t.Fatal(err)
		}
		return list[1]
	}
	first := one(verify.NotRun)
	if err := s.RenameVariant(first.ID, "mine"); err != nil {
		t.Fatal(err)
	}
	away = false
	second := one(verify.Match)
	if second.ID == first.ID || second.Title != "mine" || second.Path != first.Path {
		t.Errorf("%d %q %s, not %d %q %s made again", second.ID, second.Title, second.Path, first.ID, "mine", first.Path)
	}
	if third := one(verify.Match); third.ID != second.ID {
		t.Error("a verified artefact was made again")
	}
	if folders, err := os.ReadDir(filepath.Join(dir, "artefacts")); err != nil || len(folders) != 1 {
		t.Errorf("%v in the project, %v", folders, err)
	}
	if err := s.OpenModel(ctx, s.Model().Path, dir); err != nil {
		t.Fatal(err)
	}
	if v := s.Variants(); len(v) != 2 || v[1].Title != "mine" {
		t.Errorf("after opening it again: %d variants", len(v))
	}
}

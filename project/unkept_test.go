//go:build linux

package project_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/project/jobs"
	"slipway/project/local"
	"slipway/project/projecttest"
)

// open opens a test's folder for everybody, as the one for temporary files is, and
// lets them pass to the test's other folders.
func open(t *testing.T, dir string) string {
	t.Helper()
	for name, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o777} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestProjectThatCannotBeWritten: the model opens and can be worked with, it is said
// that nothing will be kept, and nothing is.
func TestProjectThatCannotBeWritten(t *testing.T) {
	ctx := context.Background()
	temp, data := open(t, t.TempDir()), t.TempDir()
	t.Setenv("TMPDIR", temp)
	machine := local.New()
	defer machine.Close()
	s := machine.Studio("test", data)
	defer s.Close()
	model := projecttest.Write(t, t.TempDir(), "net", projecttest.Net)
	projecttest.Unwritable(t, data, func() {
		if err := s.OpenModel(ctx, model, ""); err != nil {
			t.Fatal(err)
		}
	})
	f := s.Unkept()
	if f == nil || f.Severity != diag.Warning || f.Code != "project.not-kept" || !strings.Contains(f.Text, "no right to write in "+data) || !strings.Contains(f.Suggestion, "XDG_DATA_HOME") || strings.Contains(f.Error(), "shown") {
		t.Fatalf("finding %v", f)
	}
	r := s.Recipe()
	r.Samples = 2
	if err := s.SetRecipe(r); err != nil {
		t.Error(err)
	}
	if v := convert(t, s, "onnx"); len(v) != 2 || !v[1].Usable() {
		t.Errorf("%d variants", len(v))
	}
	if err := s.CloseModel(); err != nil {
		t.Error(err)
	}
	if s.Unkept() != nil {
		t.Error("a finding of no model")
	}
	for _, dir := range []string{temp, data} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
	}
	if err := s.OpenModel(ctx, model, ""); err != nil || s.Unkept() != nil || s.Recipe().Samples == 2 {
		t.Errorf("opened where it can be written: %v, %v, %d samples", err, s.Unkept(), s.Recipe().Samples)
	}
}

// TestProjectThatIsOnlyRead: what was saved in a project is there, with the artefacts,
// and what is done to it then is not done to the project.
func TestProjectThatIsOnlyRead(t *testing.T) {
	ctx := context.Background()
	t.Setenv("TMPDIR", open(t, t.TempDir()))
	s, dir := begin(t, projecttest.Write(t, t.TempDir(), "net", projecttest.Net))
	r := s.Recipe()
	r.Samples = 2
	if err := s.SetRecipe(r); err != nil {
		t.Fatal(err)
	}
	made := convert(t, s, "onnx")[1]
	if err := s.CloseModel(); err != nil {
		t.Fatal(err)
	}
	projecttest.Unwritable(t, dir, func() {
		if err := s.OpenProject(ctx, dir); err != nil {
			t.Fatal(err)
		}
	})
	if f := s.Unkept(); f == nil || f.File != dir || !strings.Contains(f.Text, "what was saved before is shown") || strings.Contains(f.Suggestion, "XDG") {
		t.Errorf("finding %v", f)
	}
	v := s.Variants()
	if len(v) != 2 || v[1].Title != made.Title || s.Recipe().Samples != 2 {
		t.Fatalf("%d variants, %d samples", len(v), s.Recipe().Samples)
	}
	if _, err := os.Stat(v[1].Path); err != nil {
		t.Error(err)
	}
	if err := s.DeleteVariant(v[1].ID); err != nil {
		t.Error(err)
	}
	r.Samples = 3
	if err := s.SetRecipe(r); err != nil {
		t.Error(err)
	}
	if err := s.OpenProject(ctx, dir); err != nil {
		t.Fatal(err)
	}
	if v = s.Variants(); s.Unkept() != nil || len(v) != 2 || s.Recipe().Samples != 2 {
		t.Fatalf("%v; %d variants, %d samples", s.Unkept(), len(v), s.Recipe().Samples)
	}
	if _, err := os.Stat(v[1].Path); err != nil {
		t.Error(err)
	}
}

// TestNothingCanBeWritten: with no room for temporary files either, the model is
// there to be looked at, and a conversion says what is missing.
func TestNothingCanBeWritten(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(data, nil, 0o600); err != nil { // a file where a folder has to be
		t.Fatal(err)
	}
	machine := local.New()
	defer machine.Close()
	s := machine.Studio("test", data)
	defer s.Close()
	model := projecttest.Write(t, t.TempDir(), "net", projecttest.Net)
	t.Setenv("TMPDIR", filepath.Join(data, "tmp"))
	if err := s.OpenModel(context.Background(), model, ""); err != nil {
		t.Fatal(err)
	}
	if f := s.Unkept(); f == nil || !strings.Contains(f.Text, data+" is a file, not a folder") {
		t.Errorf("finding %v", f)
	}
	r := s.Recipe()
	r.Precision = "fp16"
	if err := s.SetRecipe(r); err != nil || s.Recipe().Precision != "fp16" {
		t.Error(err)
	}
	ids, err := s.Convert([]string{"onnx"})
	if err != nil {
		t.Fatal(err)
	}
	st := wait(t, s, ids[0], jobs.Failed)
	if len(st.Findings) != 1 || !strings.Contains(st.Findings[0].Text, "is a file, not a folder") {
		t.Errorf("findings %v", st.Findings)
	}
}

// TestLockedProjectStaysLocked: what another window has open is no case of this.
func TestLockedProjectStaysLocked(t *testing.T) {
	s, dir := begin(t, projecttest.Write(t, t.TempDir(), "net", projecttest.Net))
	machine := local.New()
	defer machine.Close()
	other := machine.Studio("test", t.TempDir())
	defer other.Close()
	var f *diag.Finding
	if err := other.OpenProject(context.Background(), dir); !errors.As(err, &f) || f.Code != "project.locked" || other.Model() != nil {
		t.Errorf("%v", err)
	}
	if err := s.CloseModel(); err != nil {
		t.Fatal(err)
	}
	if err := other.OpenProject(context.Background(), dir); err != nil || other.Unkept() != nil {
		t.Errorf("%v %v", err, other.Unkept())
	}
}

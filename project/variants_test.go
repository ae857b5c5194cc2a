package project_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/pipeline"
	"slipway/project/projecttest"
)

// TestArtefactsAreNamedAndTakenAway renames artefacts, one of which is a folder,
// and copies them out of the project.
func TestArtefactsAreNamedAndTakenAway(t *testing.T) {
	ctx := context.Background()
	s, dir := begin(t, projecttest.Write(t, t.TempDir(), "net", projecttest.Net))
	made := convert(t, s, "onnx", "coreml")[1:]
	code := func(err error, want string) {
		t.Helper()
		var f *diag.Finding
		if !errors.As(err, &f) || f.Code != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	first, second := made[0].ID, made[1].ID
	if err := s.RenameVariant(first, "  the one \n that ships "); err != nil {
		t.Fatal(err)
	}
	code(s.RenameVariant(second, "the one that ships"), "variant.title")
	code(s.RenameVariant(second, " \t"), "variant.title")
	code(s.RenameVariant(second, strings.Repeat("x", 61)), "variant.title")
	code(s.RenameVariant(0, "another"), "variant.missing")
	code(s.RenameVariant(99, "another"), "variant.missing")
	if got := made[0].Title; got == "the one that ships" {
		t.Error("a variant that somebody was given has changed under his hands")
	}
	if err := s.OpenModel(ctx, s.Model().Path, dir); err != nil {
		t.Fatal(err)
	}
	if got := s.Variant(first).Title; got != "the one that ships" {
		t.Errorf("after opening again it is called %q", got)
	}

	out := t.TempDir()
	for _, v := range made {
		to, err := s.CopyVariant(ctx, v.ID, out)
		if err != nil || to != filepath.Join(out, v.Target) {
			t.Fatalf("%s: %v", to, err)
		}
		for _, a := range v.Result.Artefacts {
			same(t, filepath.Join(to, a.Path), filepath.Join(filepath.Dir(v.Path), a.Path))
		}
		if left, _ := filepath.Glob(filepath.Join(to, ".*")); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
		_, err = s.CopyVariant(ctx, v.ID, out)
		code(err, "export.exists")
	}
	_, err := s.CopyVariant(ctx, 99, out)
	code(err, "variant.missing")
}

// same compares two files, or all files of two folders.
func same(t *testing.T, a, b string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(b, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(b, p)
		want, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if got, err := os.ReadFile(filepath.Join(a, rel)); err != nil || string(got) != string(want) {
			t.Errorf("%s: %v, %d bytes, want %d", filepath.Join(a, rel), err, len(got), len(want))
		}
		n++
		return nil
	})
	if err != nil || n == 0 {
		t.Errorf("%s: %d files, %v", b, n, err)
	}
}

// TestTwoOfOneKindHaveTitlesOfTheirOwn converts by two recipes that differ in
// what titles do not say.
func TestTwoOfOneKindHaveTitlesOfTheirOwn(t *testing.T) {
	s, _ := begin(t, projecttest.Write(t, t.TempDir(), "net", projecttest.Net))
	convert(t, s, "ncnn")
	r := s.Recipe()
	r.Batch = "1"
	if err := s.SetRecipe(r); err != nil {
		t.Fatal(err)
	}
	v := convert(t, s, "ncnn")
	if len(v) != 3 {
		t.Fatalf("%d variants", len(v))
	}
	if v[1].Title != "ncnn fp32" || v[2].Title != "ncnn fp32 (2)" {
		t.Errorf("%q and %q", v[1].Title, v[2].Title)
	}
}

// TestVerdictSaysWhereOnlyNumbersWereChecked looks at the words beside an
// artefact whose target's runtime is not here.
func TestVerdictSaysWhereOnlyNumbersWereChecked(t *testing.T) {
	for _, c := range []struct{ target, runtime, verdict, want string }{
		{"onnx", "ort", "match", "match"},
		{"openvino", "openvino", "drift", "drift"},
		{"coreml", "mil", "match", "numbers match"},
		{"coreml", "coreml", "match", "match"},
		{"tensorrt", "ort", "mismatch", "numbers mismatch"},
		{"tensorrt", "tensorrt", "match", "match"},
		{"ncnn", "", verify.NotRun, "not run"},
	} {
		v := &project.Variant{Target: c.target, Result: &pipeline.Result{Verify: &verify.Verdict{Verdict: c.verdict, Runtime: c.runtime}}}
		if got := v.Verdict(); got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.target, c.runtime, got, c.want)
		}
	}
	if got := (&project.Variant{Target: "source"}).Verdict(); got != "" {
		t.Errorf("the source: %q", got)
	}
}

package project_test

import (
	"context"
	"errors"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/project/jobs"
	"slipway/project/projecttest"
)

// TestCalibrationFolderIsLookedIntoFirst: what holds nothing to calibrate on
// changes no recipe.
func TestCalibrationFolderIsLookedIntoFirst(t *testing.T) {
	s, _ := begin(t, projecttest.Write(t, t.TempDir(), "net", projecttest.Net))
	good := t.TempDir()
	for _, n := range []string{"a.png", "below/b.png"} {
		projecttest.Picture(t, filepath.Join(good, n), color.NRGBA{200, 120, 80, 255})
	}
	var f *diag.Finding
	for _, bad := range []string{t.TempDir(), filepath.Join(good, "none")} {
		if _, err := s.SetCalibration(context.Background(), bad); !errors.As(err, &f) || f.Code != "quantize.calibration-data" || f.File != bad || f.Suggestion == "" {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if r := s.Recipe(); r.Quantize.Calibration != "" {
		t.Errorf("the recipe has %s", r.Quantize.Calibration)
	}
	if n, err := s.SetCalibration(context.Background(), good); err != nil || n != 2 {
		t.Errorf("%d inputs, %v", n, err)
	}
	if r := s.Recipe(); r.Quantize.Calibration != good {
		t.Errorf("the recipe has %q", r.Quantize.Calibration)
	}
	if undo, _ := s.CanUndo(); !undo {
		t.Error("it cannot be undone")
	}
}

func TestPicturesDoNotCalibrateSeveralInputs(t *testing.T) {
	two := strings.Replace(projecttest.Net, "  const %w1", "  input %z : f32[1,10]\n  const %w1", 1)
	two = strings.Replace(two, "  output %y", "  %s : ?[?] = Add(%y, %z) @sum\n  output %s", 1)
	s, _ := begin(t, projecttest.Write(t, t.TempDir(), "two", two))
	dir := t.TempDir()
	projecttest.Picture(t, filepath.Join(dir, "a.png"), color.NRGBA{200, 120, 80, 255})
	if _, err := s.SetCalibration(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "2 inputs") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.npz"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := s.SetCalibration(context.Background(), dir); err != nil || n != 1 {
		t.Errorf("tensors: %d, %v", n, err)
	}
}

// TestMismatchIsOneReason: the job that made it names it once, and that the
// artefact is kept is no further reason.
func TestMismatchIsOneReason(t *testing.T) {
	s, _ := begin(t, projecttest.Write(t, t.TempDir(), "mean", projecttest.Mean))
	tk, _ := s.Task()
	raw := *tk
	raw.Input.Range, raw.Input.Mean, raw.Input.Std = 255, nil, nil
	if err := s.SetTask(&raw); err != nil {
		t.Fatal(err)
	}
	r := s.Recipe()
	r.Precision = "int8" // on noise
	if err := s.SetRecipe(r); err != nil {
		t.Fatal(err)
	}
	p := projecttest.Picture(t, filepath.Join(t.TempDir(), "a.png"), color.NRGBA{255, 120, 0, 255})
	id, err := s.TestPictures([]string{p}) // what it is verified on
	if err != nil {
		t.Fatal(err)
	}
	wait(t, s, id, jobs.Done)
	ids, err := s.Convert([]string{"onnx"})
	if err != nil {
		t.Fatal(err)
	}
	st := wait(t, s, ids[0], jobs.Failed)
	if e := st.Findings.Errors(); len(e) != 1 || e[0].Code != "verify.mismatch" {
		t.Errorf("reasons: %v", e)
	}
	for _, code := range []string{"verify.kept", plan.UncalibratedCode} {
		n := 0
		for _, f := range st.Findings {
			if f.Code == code {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is said %d times: %v", code, n, st.Findings)
		}
	}
	if v := s.Variants(); len(v) != 2 || v[1].Usable() || !slices.ContainsFunc(v[1].Result.Findings, func(f *diag.Finding) bool { return f.Code == "verify.mismatch" }) {
		t.Errorf("%d variants", len(v))
	}
}

// TestChangedCalibrationIsConvertedAgain: a conversion is made again where what it
// was calibrated on is not the same any more, and only there.
func TestChangedCalibrationIsConvertedAgain(t *testing.T) {
	s, _ := begin(t, projecttest.Write(t, t.TempDir(), "mean", projecttest.Mean))
	folder := t.TempDir()
	projecttest.Picture(t, filepath.Join(folder, "a.png"), color.NRGBA{200, 120, 80, 255})
	r := s.Recipe()
	r.Precision, r.Quantize.Calibration = "int8", folder
	if err := s.SetRecipe(r); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 1, 2, 2} {
		if i == 2 {
			projecttest.Picture(t, filepath.Join(folder, "a.png"), color.NRGBA{20, 210, 250, 255})
		}
		if n := len(convert(t, s, "onnx")) - 1; n != want {
			t.Fatalf("after conversion %d there are %d artefacts, want %d", i+1, n, want)
		}
	}
}

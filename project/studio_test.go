package project_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"slipway/assets"
	"slipway/conversion/diag"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/project/local"
	"slipway/project/projecttest"
	"slipway/runtimes/task"
)

func TestNoModel(t *testing.T) {
	machine := local.New()
	defer machine.Close()
	s := machine.Studio("test", t.TempDir())
	defer s.Close()
	if _, err := s.Convert([]string{"onnx"}); !errors.Is(err, project.ErrNoModel) {
		t.Error(err)
	}
	if _, err := s.TestPictures([]string{"a.png"}); !errors.Is(err, project.ErrNoModel) {
		t.Error(err)
	}
	if err := s.WriteReport(context.Background(), filepath.Join(t.TempDir(), "r.html")); !errors.Is(err, project.ErrNoModel) {
		t.Error(err)
	}
	for _, c := range s.Targets() {
		if c.Enabled || c.Reason == "" {
			t.Errorf("%s is enabled without a model, or says not why", c.Info.Name)
		}
	}
	empty := t.TempDir()
	var f *diag.Finding
	if err := s.OpenProject(context.Background(), empty); !errors.As(err, &f) || f.Code != "project.missing" {
		t.Errorf("an empty folder opened as a project: %v", err)
	}
	if left, _ := os.ReadDir(empty); len(left) > 0 {
		t.Errorf("looking at a folder made %v in it", left)
	}
	if err := s.OpenModel(context.Background(), filepath.Join(empty, "none.onnx"), ""); !errors.As(err, &f) || f.Code != "source.missing" {
		t.Errorf("%v", err)
	}
}

// TestRecipeOutlivesTheProgram closes and opens the project between changes.
func TestRecipeOutlivesTheProgram(t *testing.T) {
	s, dir := begin(t, projecttest.Write(t, t.TempDir(), "net", projecttest.Net))
	set := func(p string) {
		t.Helper()
		r := s.Recipe()
		r.Precision = p
		if err := s.SetRecipe(r); err != nil {
			t.Fatal(err)
		}
	}
	again := func() {
		t.Helper()
		if err := s.OpenModel(context.Background(), s.Model().Path, dir); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want string) {
		t.Helper()
		if r := s.Recipe(); r.Precision != want {
			t.Fatalf("precision %s, want %s", r.Precision, want)
		}
	}
	set("fp16")
	set("int8")
	again()
	is("int8")
	if err := s.Undo(); err != nil {
		t.Fatal(err)
	}
	is("fp16")
	again()
	is("fp16")
	if err := s.Redo(); err != nil {
		t.Fatal(err)
	}
	is("int8")
	for range 2 {
		s.Undo()
	}
	is("fp32")
	if undo, redo := s.CanUndo(); undo || !redo {
		t.Errorf("undo %v, redo %v at the first state", undo, redo)
	}
	set("fp16") // forgets int8
	again()
	s.Redo()
	is("fp16")
	r := s.Recipe()
	r.Precision = "fp7"
	var f *diag.Finding
	if err := s.SetRecipe(r); !errors.As(err, &f) || f.Code != "recipe.invalid" {
		t.Errorf("a recipe that cannot be was taken: %v", err)
	}
	is("fp16")
}

// TestWholeLoop is the main path: convert, test pictures, measure, evaluate,
// close, open, delete.
func TestWholeLoop(t *testing.T) {
	if testing.Short() {
		t.Skip("a real model and all runtimes")
	}
	sample := t.TempDir()
	model, err := assets.Unpack(sample)
	if err != nil {
		t.Fatal(err)
	}
	s, dir := begin(t, model)
	var mu sync.Mutex
	heard := map[project.EventKind]int{}
	s.Listen(func(e project.Event) {
		mu.Lock()
		heard[e.Kind]++
		mu.Unlock()
	})
	status := s.RuntimeStatus()
	works := func(name string) bool {
		return slices.ContainsFunc(status, func(r project.RuntimeStatus) bool { return r.Name == name && r.OK })
	}
	variants := convert(t, s, "onnx", "tflite")
	if len(variants) != 3 || variants[0].ID != 0 {
		t.Fatalf("%d variants", len(variants))
	}
	for _, v := range variants[1:] {
		want := verify.Match
		if on := map[string]string{"onnx": "ort", "tflite": "litert"}[v.Target]; !works(on) && v.Target != "onnx" {
			want = verify.NotRun
		}
		if v.Result.Verify.Verdict != want {
			t.Errorf("%s: %+v", v.Title, v.Result.Verify)
		}
		if _, err := os.Stat(v.Path); err != nil || v.Bytes < 1<<20 {
			t.Errorf("%s: %v, %d bytes", v.Title, err, v.Bytes)
		}
	}
	// The same conversion again is the same variant.
	ids, err := s.Convert([]string{"onnx"})
	if err != nil {
		t.Fatal(err)
	}
	if st := wait(t, s, ids[0], jobs.Done); len(s.Variants()) != 3 || !slices.ContainsFunc(st.Log, func(l string) bool { return strings.Contains(l, "made before") }) {
		t.Errorf("an unchanged conversion was made again: %v", st.Log)
	}
	onnx := s.Variants()[1:]
	onnx = slices.DeleteFunc(onnx, func(v *project.Variant) bool { return v.Target != "onnx" })
	ids2 := []int64{0, onnx[0].ID}

	photo, broken := filepath.Join(sample, assets.SampleUnlabelled, "rocket.jpg"), filepath.Join(sample, "labels_1000.txt")
	id, err := s.TestPictures([]string{photo, broken})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, s, id, jobs.Done)
	checkPictures := func() {
		t.Helper()
		pics := s.Pictures()
		if len(pics) != 2 || pics[0].Path != photo || !pics[0].Done || pics[1].Err == nil {
			t.Fatalf("pictures %+v", pics)
		}
		for _, c := range pics[0].Cells {
			if c.Variant != 0 && c.Variant != onnx[0].ID {
				continue
			}
			if c.Err != nil || len(c.Predictions) != 5 || c.Predictions[0].Label != pics[0].Cells[0].Predictions[0].Label {
				t.Errorf("variant %d: %v %v", c.Variant, c.Predictions, c.Err)
			}
		}
	}
	checkPictures()

	if id, err = s.Bench(project.BenchOptions{Variants: ids2, Seconds: 0.1}); err != nil {
		t.Fatal(err)
	}
	wait(t, s, id, jobs.Done)
	if id, err = s.Eval(project.EvalOptions{Dataset: filepath.Join(sample, assets.SamplePhotos), Variants: ids2}); err != nil {
		t.Fatal(err)
	}
	wait(t, s, id, jobs.Done)
	checkResults := func() {
		t.Helper()
		for _, v := range ids2 {
			if !slices.ContainsFunc(s.BenchRows(), func(b project.BenchRow) bool { return b.Variant == v && b.P50MS > 0 && b.PeakRSS > 10<<20 }) {
				t.Errorf("variant %d was not measured: %+v", v, s.BenchRows())
			}
			if works("ort") && !slices.ContainsFunc(s.BenchRows(), func(b project.BenchRow) bool {
				return b.Variant == v && b.Runtime == "ort" && convolutionsNamed(t, s, b)
			}) {
				t.Errorf("variant %d: no times by source layer", v)
			}
			if !slices.ContainsFunc(s.EvalRows(), func(e project.EvalRow) bool {
				return e.Variant == v && e.Images >= 8 && e.Top1 > 0.5 && e.Agreement == 1
			}) {
				t.Errorf("variant %d was not scored: %+v", v, s.EvalRows())
			}
		}
	}
	checkResults()
	page := filepath.Join(t.TempDir(), "report.html")
	if err := s.WriteReport(context.Background(), page); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(page); err != nil || len(b) > 5<<20 || !strings.Contains(string(b), "rocket.jpg") || !strings.Contains(string(b), onnx[0].Result.Artefacts[0].SHA256) {
		t.Errorf("the report lacks what was done: %v", err)
	}

	// A second window is told; the first goes on.
	machine := local.New()
	defer machine.Close()
	second := machine.Studio("test", t.TempDir())
	defer second.Close()
	var f *diag.Finding
	if err := second.OpenProject(context.Background(), dir); !errors.As(err, &f) || f.Code != "project.locked" {
		t.Errorf("a second studio opened the project: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = second
	if err := s.OpenProject(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
	s.LookAtRuntimes(context.Background())
	if len(s.Variants()) != 3 || s.Variants()[1].Result.Verify == nil {
		t.Fatalf("%d variants are left", len(s.Variants()))
	}
	checkPictures()
	checkResults()

	gone := s.Variant(onnx[0].ID)
	if err := s.DeleteVariant(gone.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(gone.Path); !errors.Is(err, fs.ErrNotExist) || s.Variant(gone.ID) != nil {
		t.Errorf("the deleted variant is still there: %v", err)
	}
	if slices.ContainsFunc(s.BenchRows(), func(b project.BenchRow) bool { return b.Variant == gone.ID }) {
		t.Error("a deleted variant's measurement is still listed")
	}
	mu.Lock()
	defer mu.Unlock()
	for _, k := range []project.EventKind{project.JobChanged, project.VariantsChanged, project.PicturesChanged, project.ResultsChanged} {
		if heard[k] == 0 {
			t.Errorf("no event of kind %d was told", k)
		}
	}
}

func TestTaskOutlivesTheProgram(t *testing.T) {
	s, dir := begin(t, projecttest.Write(t, t.TempDir(), "net", projecttest.Net))
	k, _ := s.Task()
	c := *k
	c.Kind, c.Input.Size, c.Labels = task.Classify, [2]int{16, 16}, []string{"zero", "one"}
	if err := s.SetTask(&c); err != nil {
		t.Fatal(err)
	}
	if err := s.OpenModel(context.Background(), s.Model().Path, dir); err != nil {
		t.Fatal(err)
	}
	if k, note := s.Task(); k.Kind != task.Classify || !slices.Equal(k.Labels, c.Labels) || note != "" {
		t.Errorf("%+v %q", k, note)
	}
}

// convolutionsNamed reports whether nearly all of the time that went into
// convolutions is booked on layers of the model.
func convolutionsNamed(t *testing.T, s *project.Studio, b project.BenchRow) bool {
	t.Helper()
	layers := map[string]bool{}
	for _, n := range s.Model().Graph.Nodes {
		layers[n.Name] = true
	}
	named, all := 0.0, 0.0
	for _, l := range b.Layers {
		if l.Type != "Conv" {
			continue
		}
		all += l.MS
		if slices.ContainsFunc(l.SourceLayers, func(n string) bool { return layers[n] }) {
			named += l.MS
		} else {
			t.Logf("%s is not named", l.Layer)
		}
	}
	return all > 0 && named > 0.9*all
}

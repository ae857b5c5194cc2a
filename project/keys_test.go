package project

import (
	"context"
	"image/color"
	"os"
	"path/filepath"
	"testing"
	"time"

	"slipway/conversion/plan"
	"slipway/project/projecttest"
	"slipway/project/store"
	"slipway/runtimes/task"
)

// pictures fills a new folder with three pictures.
func pictures(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for i, n := range []string{"a.png", "b.png", "below/c.png"} {
		projecttest.Picture(t, filepath.Join(dir, n), color.NRGBA{uint8(40 * i), 120, 80, 255})
	}
	return dir
}

// TestKeysFollowCalibration: what is in a calibration folder is part of the key, where
// it lies is not, and neither is where nothing is calibrated.
func TestKeysFollowCalibration(t *testing.T) {
	s := New(Env{Version: "test"})
	folder, copied := pictures(t), pictures(t)
	recipe := func(folder string, change func(r *plan.Recipe)) *plan.Recipe {
		r := plan.Default()
		r.Precision, r.Quantize.Calibration = "int8", folder
		if change != nil {
			change(&r)
		}
		return &r
	}
	key := func(r *plan.Recipe, target string) string {
		t.Helper()
		k, _, err := s.keyOf(context.Background(), "model", r, target, &task.Task{Kind: task.Classify})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	whole, few := recipe(folder, nil), recipe(folder, func(r *plan.Recipe) { r.Quantize.Images = 1 })
	half := recipe(folder, func(r *plan.Recipe) { r.Precision = "fp16" })
	first, firstFew, firstHalf, firstCore := key(whole, "onnx"), key(few, "onnx"), key(half, "tensorrt"), key(whole, "coreml")
	if key(recipe(copied, nil), "onnx") != first {
		t.Error("the same pictures elsewhere have another key")
	}
	if key(recipe(copied, func(r *plan.Recipe) { r.Precision = "fp16" }), "onnx") != key(half, "onnx") {
		t.Error("fp16 for ONNX, which is not calibrated, depends on the folder")
	}
	last := filepath.Join(folder, "below", "c.png")
	b, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(last)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(last, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(last, st.ModTime(), st.ModTime()); err != nil { // as a copying program would
		t.Fatal(err)
	}
	if key(whole, "onnx") == first || key(half, "tensorrt") == firstHalf {
		t.Error("another byte gives the same key")
	}
	if key(few, "onnx") != firstFew {
		t.Error("a picture that is not among those used changes the key")
	}
	if key(whole, "coreml") != firstCore {
		t.Error("Core ML, which stores weights alone, depends on the folder")
	}
	if err := os.Rename(filepath.Join(copied, "a.png"), filepath.Join(copied, "z.png")); err != nil {
		t.Fatal(err)
	}
	if key(recipe(copied, nil), "onnx") == first {
		t.Error("another name gives the same key")
	}
	k, _, err := s.keyOf(context.Background(), "model", whole, "onnx", &task.Task{Kind: task.Classify, Input: task.Input{Layout: "nhwc"}})
	if err != nil || k == key(whole, "onnx") {
		t.Errorf("pictures prepared otherwise have the same key, %v", err)
	}
	if _, _, err := s.keyOf(context.Background(), "model", recipe(filepath.Join(folder, "none"), nil), "onnx", nil); err == nil {
		t.Error("a folder that is not there has a key")
	}
}

// TestEarlierKeys: artefacts of programs whose keys held the folder's path are found
// as long as nothing was written to it since.
func TestEarlierKeys(t *testing.T) {
	s := New(Env{Version: "test"})
	folder := pictures(t)
	r := plan.Default()
	r.Precision, r.Quantize.Calibration = "int8", folder
	key, before, err := s.keyOf(context.Background(), "model", &r, "onnx", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := artefactKey("model", &r, "onnx", "test"); before != want {
		t.Fatalf("the earlier key is %s, want %s", before, want)
	}
	path := filepath.Join(t.TempDir(), store.Folder(before, "onnx"), "net.onnx")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	made := time.Now().Add(time.Hour)
	s.variants = []*Variant{{}, {ID: 1, Target: "onnx", Path: path, Created: made}}
	if v := s.madeBefore(key, before, &r, "onnx"); v == nil || v.ID != 1 {
		t.Errorf("found %v", v)
	}
	if v := s.madeBefore(key, "", &r, "onnx"); v != nil {
		t.Errorf("found %v by no key", v)
	}
	later := made.Add(time.Minute)
	for _, changed := range []string{filepath.Join(folder, "a.png"), filepath.Join(folder, "below")} {
		if err := os.Chtimes(changed, later, later); err != nil {
			t.Fatal(err)
		}
		if v := s.madeBefore(key, before, &r, "onnx"); v != nil {
			t.Errorf("%s was written to since, and still %v is found", changed, v)
		}
		if err := os.Chtimes(changed, made.Add(-time.Hour), made.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
}

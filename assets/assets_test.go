package assets_test

import (
	"bytes"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"slipway/assets"
	"slipway/runtimes/task"
)

func TestIcon(t *testing.T) {
	c, format, err := image.DecodeConfig(bytes.NewReader(assets.Icon()))
	if err != nil || format != "png" || c.Width != 512 || c.Height != 512 {
		t.Errorf("%s %dx%d, %v", format, c.Width, c.Height, err)
	}
}

func TestTask(t *testing.T) {
	tk, err := task.LoadFS(assets.Samples(), assets.SampleTask)
	if err != nil {
		t.Fatal(err)
	}
	if tk.Kind != task.Classify || len(tk.Labels) != 1000 || len(tk.Folder) != 1000 {
		t.Errorf("kind %s, %d labels, %d synsets", tk.Kind, len(tk.Labels), len(tk.Folder))
	}
	if tk.Labels[967] != "espresso" || tk.Folder[967] != "n07920052" {
		t.Errorf("class 967 is %q (%s)", tk.Labels[967], tk.Folder[967])
	}
}

// TestPhotos checks that pictures decode, that a labelled folder names a class of the model by its index and first
// word, and that NOTICE speaks of each.
func TestPhotos(t *testing.T) {
	notice, err := os.ReadFile("../NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	tk, err := task.LoadFS(assets.Samples(), assets.SampleTask)
	if err != nil {
		t.Fatal(err)
	}
	n, total := 0, int64(0)
	err = fs.WalkDir(assets.Samples(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if !strings.Contains(string(notice), "assets/samples/"+name) && path.Ext(name) != ".yaml" {
			t.Errorf("NOTICE does not mention %s", name)
		}
		if path.Ext(name) != ".jpg" {
			return nil
		}
		b, err := fs.ReadFile(assets.Samples(), name)
		if err != nil {
			return err
		}
		n, total = n+1, total+int64(len(b))
		if c, _, err := image.DecodeConfig(bytes.NewReader(b)); err != nil || max(c.Width, c.Height) > 640 || min(c.Width, c.Height) < 256 {
			t.Errorf("%s: %dx%d, %v", name, c.Width, c.Height, err)
		}
		folder, ok := strings.CutPrefix(path.Dir(name), assets.SamplePhotos+"/")
		if !ok {
			return nil
		}
		digits, word, _ := strings.Cut(folder, "_")
		i, err := strconv.Atoi(digits)
		if err != nil || i < 0 || i >= 1000 || !strings.HasPrefix(tk.Labels[i], strings.ReplaceAll(word, "_", " ")) {
			t.Errorf("%s: the folder names no class", name)
		}
		return nil
	})
	if err != nil || n < 8 || total > 2<<20 {
		t.Errorf("%d photographs of %d bytes, %v", n, total, err)
	}
}

func TestUnpack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "samples")
	model, err := assets.Unpack(dir)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(model)
	if err != nil || before.Size() < 9<<20 {
		t.Fatalf("%v: %v", before, err)
	}
	label := filepath.Join(dir, "labels_1000.txt")
	if err := os.WriteFile(label, []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := assets.Unpack(dir); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(model); err != nil || !os.SameFile(before, after) {
		t.Errorf("the model was written again (%v)", err)
	}
	if b, err := os.ReadFile(label); err != nil || len(b) < 20000 {
		t.Errorf("the damaged file was not repaired: %d bytes, %v", len(b), err)
	}
	if tk, err := task.Find(model); err != nil || tk == nil {
		t.Errorf("the task is not found beside the model: %v", err)
	}
	if hidden, err := filepath.Glob(filepath.Join(dir, ".unpack-*")); err != nil || len(hidden) > 0 {
		t.Errorf("left behind: %v, %v", hidden, err)
	}
}

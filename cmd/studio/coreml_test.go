package main

import (
	"image/color"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"slipway/project/projecttest"
)

// TestCoreML converts a model whose task is known, and looks at what came out as a
// script would: the package takes pictures, names classes, is inspected, run and
// verified like the model it was made of.
func TestCoreML(t *testing.T) {
	model, dir := net(t), t.TempDir()
	convert := func(name string, args ...string) (map[string]any, string) {
		t.Helper()
		out := filepath.Join(dir, name)
		o := studio(t, append([]string{"convert", model, "--to", "coreml", "-o", out, "--json"}, args...)...).want(t, 0)
		r := keys(t, rows(t, o.document(t)["results"])[0], "precision", "verify", "findings")
		v := keys(t, r["verify"], "verdict", "runtime", "sqnr_db")
		if v["verdict"] != "match" {
			t.Errorf("%s: %v %v", name, v, r["findings"])
		}
		return r, filepath.Join(out, "coreml", "net.mlpackage")
	}
	_, whole := convert("whole")
	inspect := func(path string) (format string, outputs []string) {
		t.Helper()
		doc := studio(t, "inspect", path, "--json").want(t, 0).document(t)
		keys(t, doc, "studio", "model", "format", "inputs", "outputs", "parameters", "macs", "operators", "layers", "findings")
		for _, o := range rows(t, doc["outputs"]) {
			outputs = append(outputs, keys(t, o, "name")["name"].(string))
		}
		if n := len(rows(t, doc["layers"])); n < 5 {
			t.Errorf("%s has %d layers", path, n)
		}
		version, _ := doc["version"].(string)
		return version, outputs
	}
	version, outputs := inspect(whole)
	if !strings.Contains(version, "specification 7") || !strings.Contains(version, "RGB pictures of 16x16") || len(outputs) != 3 || outputs[0] != "classLabel" {
		t.Errorf("%s, outputs %v", version, outputs)
	}
	// The same picture, the same prediction.
	photo := projecttest.Picture(t, filepath.Join(dir, "photo.png"), color.NRGBA{200, 40, 30, 255})
	task := filepath.Join(filepath.Dir(model), "net.task.yaml")
	best := func(path string) (string, float64) {
		o := studio(t, "run", path, photo, "--task", task, "--top", "1", "--json").want(t, 0).document(t)
		results := rows(t, o["results"])
		p := keys(t, rows(t, keys(t, results[len(results)-1], "predictions")["predictions"])[0], "label", "score")
		return p["label"].(string), p["score"].(float64)
	}
	label, score := best(model)
	if l, s := best(whole); l != label || s < score-1e-4 || s > score+1e-4 {
		t.Errorf("the package says %s %g, the model %s %g", l, s, label, score)
	}
	_, plain := convert("plain", "--set", "coreml.pictures=false", "--set", "coreml.labels=false")
	if version, outputs := inspect(plain); strings.Contains(version, "pictures") || len(outputs) != 1 {
		t.Errorf("%s, outputs %v", version, outputs)
	}
	r, few := convert("few", "--set", "coreml.weights=palette", "--set", "coreml.bits=2", "--set", "coreml.smallest=200")
	if !slices.Contains(codes(t, r["findings"]), "compress.weights") {
		t.Errorf("findings %v", r["findings"])
	}
	for _, layer := range []string{"conv1"} {
		if p := r["precision"].(map[string]any)[layer]; p != "palette2" {
			t.Errorf("%s is %v", layer, p)
		}
	}
	a, b := size(t, whole), size(t, few)
	if b >= a {
		t.Errorf("%d bytes with a palette, %d without", b, a)
	}
	// What the version lacks is said, and nothing is written.
	o := studio(t, "convert", model, "--to", "coreml", "-o", filepath.Join(dir, "no"), "--json", "--set", "coreml.weights=int4", "--set", "coreml.version=7").want(t, 1)
	if c := codes(t, keys(t, rows(t, o.document(t)["results"])[0], "findings")["findings"]); !slices.Contains(c, "coreml.version") {
		t.Errorf("findings %v", c)
	}
	if _, err := os.Stat(filepath.Join(dir, "no", "coreml")); err == nil {
		t.Error("a package was left behind")
	}
	for _, wrong := range []string{"coreml.weights=int3", "coreml.colour=red", "coreml.bits"} {
		studio(t, "convert", model, "--to", "coreml", "-o", dir, "--set", wrong).want(t, 2)
	}
	if runtime.GOOS != "darwin" {
		o := studio(t, "runtimes", "list").want(t, 0)
		if !strings.Contains(o.stdout, "Core ML is part of macOS") || !strings.Contains(o.stdout, "on a Mac") {
			t.Error(o.stdout)
		}
	}
}

// size is the bytes of the files below a folder.
func size(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		i, err := d.Info()
		n += i.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/project/projecttest"
)

// net writes the small model with a task file beside it.
func net(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	task := "task: classify\ninput: {layout: NCHW, size: [16, 16], color: RGB, resize: {mode: stretch}, range: 1}\noutput: {softmax: true, labels: labels.txt}\n"
	for name, text := range map[string]string{"net.task.yaml": task, "labels.txt": strings.Join([]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}, "\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return projecttest.Write(t, dir, "net", projecttest.Net)
}

func TestCallsThatAreWrong(t *testing.T) {
	model, dir := net(t), t.TempDir()
	for _, args := range [][]string{
		{"--no-such-flag"},
		{"convert", "--no-such-flag"},
		{"convert"},
		{"convert", model},
		{"convert", model, "--to", "onnx"},
		{"convert", model, "--to", "abacus", "-o", dir},
		{"convert", model, "--to", "onnx", "-o", dir, "--precision", "fp7"},
		{"convert", model, "--to", "onnx", "-o", dir, "--input-shape", "x=0,a"},
		{"convert", model, "--to", "onnx", "-o", dir, "--recipe", filepath.Join(dir, "none.yaml")},
		{"convert", model, "--to", "onnx", "-o", dir, "--batch", "many"},
		{"convert", model, "--to", "onnx", "-o", dir, "--ratio", "3"},
		{"inspect"},
		{"verify", model},
		{"run", model},
		{"bench"},
		{"bench", model, "--seconds", "-1"},
		{"bench", model, "--runtime", "abacus"},
		{"eval", model},
		{"runtimes"},
		{"runtimes", "install", "abacus"},
		{"report"},
		{"report", dir},
		{"demo", "more"},
	} {
		o := studio(t, args...)
		if o.code != 2 || o.stderr == "" || o.stdout != "" {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q; want 2 and a word on stderr", args, o.code, o.stdout, o.stderr)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("wrong calls made %v", left)
	}
}

func TestHelpAndVersion(t *testing.T) {
	if o := studio(t, "--help").want(t, 0); !strings.Contains(o.stdout, "convert") || strings.Contains(o.stdout, "worker") {
		t.Errorf("%s", o.stdout)
	}
	if o := studio(t, "--version").want(t, 0); !strings.Contains(o.stdout, version) {
		t.Errorf("%s", o.stdout)
	}
	if o := studio(t, "worker"); o.code != 2 {
		t.Errorf("a worker without a host ended with %d", o.code)
	}
}

// TestConvertContract converts two models to every target in one call.
func TestConvertContract(t *testing.T) {
	a := net(t)
	b := projecttest.Write(t, t.TempDir(), "other", projecttest.Other)
	dir := t.TempDir()
	files := map[string][]string{"onnx": {".onnx"}, "openvino": {".xml", ".bin"}, "tflite": {".tflite"}}
	o := studio(t, "convert", a, b, "--to", "onnx,openvino,tflite", "-o", dir, "--json").want(t, 0)
	doc := keys(t, o.document(t), "studio", "results")
	results := rows(t, doc["results"])
	if len(results) != 6 {
		t.Fatalf("%d results for 2 models and 3 targets", len(results))
	}
	for i, x := range results {
		r := keys(t, x, "model", "target", "ok", "artefacts", "seconds", "passes", "precision", "verify", "findings")
		keys(t, r["seconds"], "open", "passes", "write", "verify")
		v := keys(t, r["verify"], "verdict", "runtime", "version", "samples", "max_abs", "cosine", "first_diverging_layer", "why")
		for _, p := range rows(t, r["passes"]) {
			keys(t, p, "name", "fired", "missed")
		}
		codes(t, r["findings"])
		target, model := r["target"].(string), []string{a, b}[i/3]
		if r["model"] != model || r["ok"] != true {
			t.Errorf("result %d: model %v, ok %v, findings %v", i, r["model"], r["ok"], r["findings"])
		}
		if v["verdict"] != "match" && v["verdict"] != "not-run" || v["verdict"] == "match" && v["samples"].(float64) < 1 {
			t.Errorf("%s: %v", target, v)
		}
		if p := keys(t, r["precision"], "conv1", "fc"); p["conv1"] != "f32" {
			t.Errorf("%s: precision %v", target, p)
		}
		base := strings.TrimSuffix(filepath.Base(model), ".onnx")
		var want, have []string
		for _, ext := range files[target] {
			want = append(want, filepath.Join(dir, target, base+ext))
		}
		for _, x := range rows(t, r["artefacts"]) {
			f := keys(t, x, "path", "bytes", "sha256")
			have = append(have, f["path"].(string))
			data, err := os.ReadFile(f["path"].(string))
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f["sha256"] || float64(len(data)) != f["bytes"] {
				t.Errorf("%s: size or hash is not the file's", f["path"])
			}
		}
		if !slices.Equal(want, have) {
			t.Errorf("%s: files %v, want %v", target, have, want)
		}
	}
	if h := hidden(t, dir); len(h) > 0 {
		t.Errorf("left behind: %v", h)
	}
	// Text for people, and one failure among successes: the rest is done.
	bad := filepath.Join(t.TempDir(), "bad.onnx")
	if err := os.WriteFile(bad, []byte("<!DOCTYPE html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	o = studio(t, "convert", bad, a, "--to", "onnx", "-o", dir).want(t, 1)
	if _, err := os.Stat(filepath.Join(dir, "onnx", "net.onnx")); err != nil || !strings.Contains(o.stdout, "FAILED") || !strings.Contains(o.stdout, "source.not-a-model") {
		t.Errorf("%v\n%s", err, o.stdout)
	}
}

// TestConvertInstalled keeps the artefact that is there when the next
// conversion fails.
func TestConvertKeepsWhatIsThere(t *testing.T) {
	model, dir := net(t), t.TempDir()
	studio(t, "convert", model, "--to", "onnx", "-o", dir, "--no-verify").want(t, 0)
	made := filepath.Join(dir, "onnx", "net.onnx")
	before, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(model, []byte("no model any more"), 0o600); err != nil {
		t.Fatal(err)
	}
	studio(t, "convert", model, "--to", "onnx", "-o", dir).want(t, 1)
	if after, err := os.ReadFile(made); err != nil || string(after) != string(before) {
		t.Errorf("the artefact of the last success is gone: %v", err)
	}
}

func TestConvertOptions(t *testing.T) {
	model, dir := net(t), t.TempDir()
	photos := filepath.Join(t.TempDir(), "photos")
	for i := range 4 {
		projecttest.Picture(t, filepath.Join(photos, string(rune('a'+i))+".png"), color.NRGBA{uint8(60 * i), uint8(200 - 40*i), 90, 255})
	}
	recipe := filepath.Join(t.TempDir(), "recipe.yaml")
	if err := os.WriteFile(recipe, []byte("version: 1\nprecision: fp16\nsamples: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args  []string
		check func(t *testing.T, r map[string]any)
	}{
		"not verified": {[]string{"--no-verify"}, func(t *testing.T, r map[string]any) {
			if v := r["verify"].(map[string]any); v["verdict"] != "not-run" {
				t.Error(v)
			}
		}},
		"samples": {[]string{"--samples", "7"}, func(t *testing.T, r map[string]any) {
			if v := r["verify"].(map[string]any); v["samples"] != 7.0 {
				t.Error(v)
			}
		}},
		"recipe": {[]string{"--recipe", recipe}, func(t *testing.T, r map[string]any) {
			if v := r["verify"].(map[string]any); v["samples"] != 2.0 || r["precision"].(map[string]any)["conv1"] != "f16" {
				t.Error(v, r["precision"])
			}
		}},
		"int8": {[]string{"--quantize", "static", "--calibrate", photos}, func(t *testing.T, r map[string]any) {
			if v := r["verify"].(map[string]any)["verdict"]; v == "mismatch" || !strings.Contains(r["precision"].(map[string]any)["conv1"].(string), "8") {
				t.Error(v, r["precision"])
			}
		}},
		"pruned": {[]string{"--prune", "magnitude", "--ratio", "0.5"}, func(t *testing.T, r map[string]any) {
			// Without another runtime than the built-in one there is no proof.
			v := r["verify"].(map[string]any)["verdict"]
			if !slices.Contains(codes(t, r["findings"]), "prune.sparsity") || v != "match" && v != "not-run" {
				t.Error(r["findings"], r["verify"])
			}
		}},
		"batch": {[]string{"--batch", "3"}, func(*testing.T, map[string]any) {}},
	} {
		t.Run(name, func(t *testing.T) {
			o := studio(t, append([]string{"convert", model, "--to", "onnx", "-o", filepath.Join(dir, name), "--json"}, c.args...)...).want(t, 0)
			c.check(t, keys(t, rows(t, o.document(t)["results"])[0], "precision", "verify"))
		})
	}
}

func TestListTargets(t *testing.T) {
	doc := studio(t, "convert", "--list-targets", "--json").want(t, 0).document(t)
	names := []string{}
	for _, x := range rows(t, doc["targets"]) {
		r := keys(t, x, "name", "precisions", "runtimes", "available")
		names = append(names, r["name"].(string))
		if p := rows(t, r["precisions"]); !slices.Contains(p, any("fp32")) {
			t.Errorf("%v: %v", r["name"], p)
		}
	}
	for _, n := range []string{"onnx", "openvino", "tflite"} {
		if !slices.Contains(names, n) {
			t.Errorf("target %s is not listed", n)
		}
	}
	studio(t, "convert", "--list-targets").want(t, 0)
}

func TestRuntimesContract(t *testing.T) {
	doc := studio(t, "runtimes", "list", "--json").want(t, 0).document(t)
	seen := map[string]bool{}
	for _, x := range rows(t, doc["runtimes"]) {
		r := keys(t, x, "name", "title", "ok", "version", "library", "devices", "formats")
		seen[r["name"].(string)] = true
		if r["ok"] != true {
			keys(t, x, "reason", "cure", "loses")
		}
	}
	for _, n := range []string{"reference", "ort", "openvino", "litert"} {
		if !seen[n] {
			t.Errorf("runtime %s is not listed", n)
		}
	}
	studio(t, "runtimes", "list").want(t, 0)
	c := command(t, "runtimes", "path", "litert")
	c.Env = append(c.Env, "SLIPWAY_LITERT="+filepath.Join(t.TempDir(), "none.so"))
	finish(t, c).want(t, 1)
}

func TestInspectContract(t *testing.T) {
	model := net(t)
	doc := studio(t, "inspect", model, "--target", "onnx,tflite", "--json").want(t, 0).document(t)
	keys(t, doc, "studio", "model", "format", "inputs", "outputs", "parameters", "macs", "operators", "layers", "findings", "targets")
	if n := len(rows(t, doc["layers"])); n != 5 || doc["parameters"] != 8.0*27+8+80+10 {
		t.Errorf("%d layers, %v parameters", n, doc["parameters"])
	}
	if n := len(rows(t, doc["targets"])); n != 2 {
		t.Errorf("%d targets", n)
	}
	if o := studio(t, "inspect", model).want(t, 0); !strings.Contains(o.stdout, "conv1") {
		t.Error(o.stdout)
	}
}

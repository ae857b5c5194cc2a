package main

import (
	"encoding/binary"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/project/projecttest"
)

// npy writes a tensor of 32-bit floats of one value, as NumPy does (format 1.0).
func npy(t *testing.T, path string, value float32, shape string, n int) {
	t.Helper()
	head := "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }"
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
	b = append(b, head...)
	for range n {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(value))
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func runtimeWorks(t *testing.T, name string) bool {
	t.Helper()
	for _, x := range rows(t, studio(t, "runtimes", "list", "--json").want(t, 0).document(t)["runtimes"]) {
		if r := x.(map[string]any); r["name"] == name {
			return r["ok"] == true
		}
	}
	return false
}

// TestMismatchIsRejected: an artefact that computes something else is kept to
// be looked at, apart from those that may be used.
func TestMismatchIsRejected(t *testing.T) {
	// Ranges measured on next to nothing cut off every real input.
	dir, data, photos, model := t.TempDir(), t.TempDir(), t.TempDir(), net(t)
	projecttest.Picture(t, filepath.Join(photos, "a.png"), color.NRGBA{200, 120, 80, 255})
	projecttest.Picture(t, filepath.Join(photos, "b.png"), color.NRGBA{20, 250, 180, 255})
	npy(t, filepath.Join(data, "a.npy"), 1e-4, "(1, 3, 16, 16)", 3*16*16)
	doc := studio(t, "convert", model, "--to", "onnx", "--quantize", "static", "--calibrate", data, "--images", photos, "-o", dir, "--json").want(t, 1).document(t)
	r := keys(t, rows(t, doc["results"])[0], "ok", "verify", "artefacts", "findings")
	if r["ok"] != false || r["verify"].(map[string]any)["verdict"] != "mismatch" || !slices.Contains(codes(t, r["findings"]), "verify.mismatch") {
		t.Fatalf("%v", r)
	}
	kept := filepath.Join(dir, "rejected", "onnx", "net.onnx")
	if p := rows(t, r["artefacts"])[0].(map[string]any)["path"]; p != kept {
		t.Errorf("the artefact is %v, want %s", p, kept)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "onnx")); err == nil {
		t.Error("the mismatch has a final name too")
	}
	studio(t, "convert", model, "--to", "onnx", "-o", dir).want(t, 0)
}

func TestVerifyContract(t *testing.T) {
	model := net(t)
	other := projecttest.Write(t, t.TempDir(), "other", projecttest.Other)
	dir := t.TempDir()
	studio(t, "convert", model, other, "--to", "onnx", "-o", dir, "--no-verify").want(t, 0)
	same, wrong := filepath.Join(dir, "onnx", "net.onnx"), filepath.Join(dir, "onnx", "other.onnx")
	doc := studio(t, "verify", model, same, "--json").want(t, 0).document(t)
	keys(t, doc, "studio", "model", "artefact", "verdict", "runtime", "version", "samples", "max_abs", "cosine", "first_diverging_layer", "why", "results")
	if doc["verdict"] != "match" {
		t.Errorf("%v", doc)
	}
	doc = studio(t, "verify", model, same, wrong, "--json", "--samples", "2").want(t, 1).document(t)
	r := rows(t, doc["results"])
	if a, b := r[0].(map[string]any), r[1].(map[string]any); len(r) != 2 || a["verdict"] != "match" || b["verdict"] != "mismatch" || b["samples"] != 2.0 || b["why"] == "" ||
		runtimeWorks(t, "ort") && b["first_diverging_layer"] != "conv1" {
		t.Errorf("%v", r)
	}
	if o := studio(t, "verify", model, wrong).want(t, 1); !strings.Contains(o.stdout, "mismatch") {
		t.Error(o.stdout)
	}
	studio(t, "verify", model, filepath.Join(dir, "none.onnx")).want(t, 1)
}

func TestRunContract(t *testing.T) {
	model, dir := net(t), t.TempDir()
	a, b := projecttest.Picture(t, filepath.Join(dir, "a.png"), color.NRGBA{200, 10, 10, 255}), projecttest.Picture(t, filepath.Join(dir, "b.png"), color.NRGBA{10, 10, 200, 255})
	doc := studio(t, "run", model, a, b, "--json", "--top", "3").want(t, 0).document(t)
	r := rows(t, doc["results"])
	if len(r) != 2 {
		t.Fatalf("%d results", len(r))
	}
	for i, x := range append(r, doc) {
		m := keys(t, x, "model", "image", "task", "predictions")
		if i < 2 && m["image"] != []string{a, b}[i] || m["task"] != "classify" {
			t.Errorf("%v", m)
		}
		p := rows(t, m["predictions"])
		last := 2.0
		for _, y := range p {
			q := keys(t, y, "label", "index", "score")
			if s := q["score"].(float64); s > last || q["label"] == "" {
				t.Errorf("%v", p)
			}
			last = q["score"].(float64)
		}
		if len(p) != 3 {
			t.Errorf("%d predictions", len(p))
		}
	}
	text := filepath.Join(dir, "text.png")
	if err := os.WriteFile(text, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	doc = studio(t, "run", model, text, a, "--json").want(t, 1).document(t)
	if r := rows(t, doc["results"]); len(codes(t, r[0].(map[string]any)["findings"])) == 0 || len(rows(t, r[1].(map[string]any)["predictions"])) == 0 {
		t.Errorf("one bad picture: %v", r)
	}
	if o := studio(t, "run", model, a).want(t, 0); !strings.Contains(o.stdout, "%") {
		t.Error(o.stdout)
	}
}

func TestBenchContract(t *testing.T) {
	model := net(t)
	doc := studio(t, "bench", model, "--seconds", "0.05", "--runtime", "reference", "--json").want(t, 0).document(t)
	for _, x := range append(rows(t, doc["results"]), doc) {
		r := keys(t, x, "runtime", "version", "device", "threads", "batch", "load_ms", "first_ms", "p50_ms", "p90_ms", "p99_ms", "mean_ms", "ci95_ms", "throughput", "peak_rss_bytes", "runs", "warnings")
		ci := rows(t, r["ci95_ms"])
		p50 := r["p50_ms"].(float64)
		if r["runtime"] != "reference" || p50 <= 0 || p50 > r["p99_ms"].(float64) || len(ci) != 2 || ci[0].(float64) > p50 || ci[1].(float64) < p50 ||
			r["peak_rss_bytes"].(float64) < 1<<20 || r["runs"].(float64) < 3 || r["batch"] != 1.0 {
			t.Errorf("%v", r)
		}
		if l, ok := r["layers"]; ok {
			for _, y := range rows(t, l) {
				keys(t, y, "layer", "source_layers", "ms", "share")
			}
		}
	}
	c := command(t, "bench", model, "--runtime", "ort")
	c.Env = append(c.Env, "SLIPWAY_ONNXRUNTIME="+filepath.Join(t.TempDir(), "none.so"))
	if o := finish(t, c).want(t, 1); !strings.Contains(o.stderr, "none.so") {
		t.Errorf("an absent runtime: %s", o.stderr)
	}
}

func TestEvalContract(t *testing.T) {
	model, data := net(t), t.TempDir()
	for i, class := range []string{"0_zero", "3_three"} {
		for k := range 3 {
			projecttest.Picture(t, filepath.Join(data, class, string(rune('a'+k))+".png"), color.NRGBA{uint8(90 * i), uint8(80 * k), 50, 255})
		}
	}
	other := projecttest.Write(t, filepath.Dir(model), "other", projecttest.Other)
	doc := studio(t, "eval", model, other, "--dataset", data, "--json").want(t, 0).document(t)
	r := rows(t, doc["results"])
	for _, x := range append(r, doc) {
		m := keys(t, x, "model", "images", "top1", "top5", "ci95", "agreement", "disagreements")
		ci := rows(t, m["ci95"])
		if m["images"] != 6.0 || m["top1"].(float64) > m["top5"].(float64) || ci[0].(float64) > m["top1"].(float64) || ci[1].(float64) < m["top1"].(float64) {
			t.Errorf("%v", m)
		}
	}
	if len(r) != 2 || r[0].(map[string]any)["agreement"] != 1.0 {
		t.Errorf("%v", r)
	}
	studio(t, "eval", model, "--dataset", filepath.Join(data, "none")).want(t, 1)
	studio(t, "eval", model, "--dataset", data).want(t, 0)
}

// TestDemo does the whole job without hands, twice: the second run finds the
// first one's artefacts.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("a real model on all runtimes")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	doc := studio(t, "demo", "--out", dir, "--no-window", "--json").want(t, 0).document(t)
	keys(t, doc, "studio", "ok", "model", "project", "report", "seconds", "steps", "variants", "runtimes", "findings")
	for _, x := range rows(t, doc["steps"]) {
		if s := keys(t, x, "name", "ok", "seconds", "result"); s["ok"] != true {
			t.Errorf("%v", s)
		}
	}
	targets := map[string]int{}
	for _, x := range rows(t, doc["variants"]) {
		v := keys(t, x, "title", "target", "bytes")
		targets[v["target"].(string)]++
		if d, ok := v["verify"].(map[string]any); ok && (d["verdict"] == "mismatch") {
			t.Errorf("%v", v)
		}
	}
	for _, n := range []string{"source", "onnx", "openvino", "tflite"} {
		if targets[n] == 0 {
			t.Errorf("nothing for %s: %v", n, targets)
		}
	}
	page, err := os.ReadFile(doc["report"].(string))
	if err != nil || len(page) > 5<<20 || !strings.Contains(string(page), "</html>") {
		t.Errorf("the report: %d bytes, %v", len(page), err)
	}
	again := filepath.Join(t.TempDir(), "again.html")
	o := studio(t, "report", doc["project"].(string), "-o", again, "--json").want(t, 0)
	keys(t, o.document(t), "studio", "project", "path", "bytes")
	if b, err := os.ReadFile(again); err != nil || !strings.Contains(string(b), "rocket.jpg") {
		t.Errorf("the report made from the project: %v", err)
	}
	studio(t, "report", t.TempDir(), "-o", again).want(t, 1)
	if h := hidden(t, dir); len(h) > 0 {
		t.Errorf("left behind: %v", h)
	}
}

//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/project/projecttest"
)

// message is a protobuf message under construction.
type message []byte

func (m message) text(field protowire.Number, s string) message {
	return message(protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), s))
}

func (m message) sub(field protowire.Number, b message) message {
	return message(protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), b))
}

func (m message) number(field protowire.Number, n uint64) message {
	return message(protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), n))
}

func node(op, name string, in, out string) message {
	return message(nil).text(1, in).text(2, out).text(3, name).text(4, op)
}

// onnxFile is a model of operator set 17 from x to y, of shape [1,4], around
// what the graph holds.
func onnxFile(graph message) []byte {
	value := func(name string) message {
		dim := message(nil).sub(1, message(nil).number(1, 1)).sub(1, message(nil).number(1, 4))
		return message(nil).text(1, name).sub(2, message(nil).sub(1, message(nil).number(1, 1).sub(2, dim)))
	}
	graph = append(graph, message(nil).text(2, "g").sub(11, value("x")).sub(12, value("y"))...)
	return message(nil).number(1, 8).sub(7, graph).sub(8, message(nil).text(1, "").number(2, 17))
}

// weight is a tensor of floats whose bytes another field gives.
func weight(dims ...uint64) message {
	var m message
	for _, d := range dims {
		m = m.number(1, d)
	}
	return m.number(2, 1).text(8, "w")
}

// TestBadModels gives every verb files that are no models or hostile ones: exit
// status 1 with a typed finding in one document, no trace, nothing written.
func TestBadModels(t *testing.T) {
	valid := onnxFile(message(nil).sub(1, node("Relu", "r", "x", "y")))
	external := func(path string) []byte {
		entry := message(nil).text(1, "location").text(2, path)
		return onnxFile(message(nil).sub(1, message(nil).text(1, "x").text(1, "w").text(2, "y").text(3, "n").text(4, "Add")).
			sub(5, weight(4).sub(13, entry).number(14, 1)))
	}
	for _, c := range []struct {
		name, code string
		data       []byte
	}{
		{"page.onnx", "source.not-a-model", []byte("<!DOCTYPE html><html><body>Sign in to download</body></html>")},
		{"pointer.onnx", "source.not-a-model", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")},
		{"empty.onnx", "source.empty", nil},
		{"truncated.onnx", "onnx.truncated", valid[:len(valid)-9]},
		{"escaping.onnx", "onnx.external-path", external("../../../../etc/passwd")},
		{"absolute.onnx", "onnx.external-path", external("/etc/passwd")},
		{"cycle.onnx", "graph.cycle", onnxFile(message(nil).sub(1, node("Relu", "a", "q", "p")).sub(1, node("Relu", "b", "p", "q")).sub(1, node("Relu", "c", "q", "y")))},
		{"huge.onnx", "onnx.tensor-size", onnxFile(message(nil).sub(1, message(nil).text(1, "x").text(1, "w").text(2, "y").text(3, "n").text(4, "Add")).sub(5, weight(1<<20, 1<<20).sub(9, nil)))},
		{"unknown.onnx", "onnx.unknown-operator", onnxFile(message(nil).sub(1, node("Frobnicate", "f", "x", "y")))},
	} {
		t.Run(c.name, func(t *testing.T) {
			model, out := filepath.Join(t.TempDir(), c.name), filepath.Join(t.TempDir(), "out")
			if err := os.WriteFile(model, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			doc := studio(t, "convert", model, "--to", "onnx,tflite", "-o", out, "--json").want(t, 1).document(t)
			for _, x := range rows(t, doc["results"]) {
				r := keys(t, x, "ok", "artefacts", "findings", "verify")
				if got := codes(t, r["findings"]); r["ok"] != false || len(r["artefacts"].([]any)) > 0 || !slices.Contains(got, c.code) {
					t.Errorf("ok %v, artefacts %v, findings %v, want %s", r["ok"], r["artefacts"], got, c.code)
				}
			}
			for _, dir := range []string{"onnx", "tflite", "rejected"} {
				if left, err := os.ReadDir(filepath.Join(out, dir)); err == nil {
					t.Errorf("left in %s: %v", dir, left)
				}
			}
			if h := hidden(t, out); len(h) > 0 {
				t.Errorf("left behind: %v", h)
			}
			inspected := studio(t, "inspect", model, "--json").want(t, 1)
			if got := codes(t, inspected.document(t)["findings"]); !slices.Contains(got, c.code) {
				t.Errorf("inspect finds %v, want %s", got, c.code)
			}
			for _, args := range [][]string{{"verify", model, model}, {"bench", model, "--seconds", "0.01"}, {"run", model, "a.png"}, {"eval", model, "--dataset", "."}} {
				if o := studio(t, append(args, "--json")...); o.code != 1 {
					t.Errorf("%q: exit status %d\n%s", args, o.code, o.stderr)
				} else {
					o.document(t)
				}
			}
		})
	}
	studio(t, "inspect", filepath.Join(t.TempDir(), "none.onnx")).want(t, 1)
}

// background starts the program and waits until its conversion's worker has
// been at work for a moment: it writes into a private folder below out.
func background(t *testing.T, out string, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer, int) {
	t.Helper()
	c := command(t, args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		pids := projecttest.Workers(c.Process.Pid, "none")
		if begun, _ := filepath.Glob(filepath.Join(out, ".private-*", "*")); len(pids) == 1 && len(begun) > 0 {
			return c, &stdout, &stderr, pids[0]
		}
	}
	t.Fatalf("no conversion began; stderr %s", stderr.String())
	return nil, nil, nil, 0
}

// TestInterrupted sends SIGINT in the midst of a conversion, once to a worker
// that listens and once to one that is stopped.
func TestInterrupted(t *testing.T) {
	model := projecttest.Large(t, t.TempDir(), "large", 96)
	for name, stopped := range map[string]bool{"at work": false, "hung": true} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			c, stdout, stderr, worker := background(t, out, "convert", model, "--to", "openvino", "-o", out, "--no-verify", "--json")
			if stopped {
				if err := syscall.Kill(worker, syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait()
			if code := c.ProcessState.ExitCode(); code != exitInterrupted || strings.Contains(stderr.String(), "goroutine") || stdout.Len() > 0 {
				t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if left, _ := os.ReadDir(out); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if projecttest.Alive(worker) {
				t.Error("the worker lives on")
			}
		})
	}
}

// TestWorkerKilled kills the worker while it writes the artefact.
func TestWorkerKilled(t *testing.T) {
	model, out := projecttest.Large(t, t.TempDir(), "large", 96), t.TempDir()
	small := net(t)
	c, stdout, stderr, worker := background(t, out, "convert", model, small, "--to", "openvino", "-o", out, "--no-verify", "--json", "--jobs", "1")
	if err := syscall.Kill(worker, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	o := outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	r := rows(t, o.want(t, 1).document(t)["results"])
	first, second := r[0].(map[string]any), r[1].(map[string]any)
	if got := codes(t, first["findings"]); first["ok"] != false || !slices.Contains(got, "worker.crashed") {
		t.Errorf("ok %v, findings %v", first["ok"], got)
	}
	if second["ok"] != true {
		t.Errorf("the other model: %v", second)
	}
	if left, _ := filepath.Glob(filepath.Join(out, "openvino", "large*")); len(left) > 0 || len(hidden(t, out)) > 0 {
		t.Errorf("left behind: %v %v", left, hidden(t, out))
	}
	if _, err := os.Stat(filepath.Join(out, "openvino", "net.xml")); err != nil {
		t.Error(err)
	}
}

// TestStudioKilled kills the program itself: its workers end with it, and what
// it leaves has no final name.
func TestStudioKilled(t *testing.T) {
	model, out := projecttest.Large(t, t.TempDir(), "large", 96), t.TempDir()
	c, _, _, worker := background(t, out, "convert", model, "--to", "openvino", "-o", out, "--no-verify")
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	for deadline := time.Now().Add(20 * time.Second); projecttest.Alive(worker); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the worker outlives the studio")
		}
	}
	if left, _ := os.ReadDir(filepath.Join(out, "openvino")); len(left) > 0 {
		t.Errorf("left under a final name: %v", left)
	}
	studio(t, "convert", model, "--to", "openvino", "-o", out, "--no-verify").want(t, 0)
}

// TestOutputInTheWay: a file where the output folder or the target's is, is told
// before the work and left alone, and the other targets are made.
func TestOutputInTheWay(t *testing.T) {
	model, dir := net(t), t.TempDir()
	for _, p := range []string{"file", "mixed/onnx"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, p), []byte("own"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for out, ok := range map[string][]any{"file": {false, false}, "file/below": {false, false}, "mixed": {false, true}} {
		doc := studio(t, "convert", model, "--to", "onnx,tflite", "-o", filepath.Join(dir, out), "--no-verify", "--json").want(t, 1).document(t)
		for i, x := range rows(t, doc["results"]) {
			r := x.(map[string]any)
			if r["ok"] != ok[i] {
				t.Errorf("%s: result %d: ok %v", out, i, r["ok"])
			}
			if ok[i] == true {
				continue
			}
			f := rows(t, r["findings"])[0].(map[string]any)
			if f["code"] != "convert.output" || !strings.Contains(f["text"].(string), dir) || f["suggestion"] == "" || len(r["artefacts"].([]any)) > 0 {
				t.Errorf("%s: %v", out, f)
			}
		}
	}
	for _, p := range []string{"file", "mixed/onnx"} {
		if b, err := os.ReadFile(filepath.Join(dir, p)); err != nil || string(b) != "own" {
			t.Errorf("%s: %q %v", p, b, err)
		}
	}
	if h := hidden(t, filepath.Join(dir, "mixed")); len(h) > 0 {
		t.Errorf("left behind: %v", h)
	}
}

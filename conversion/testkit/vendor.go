package testkit

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"slipway/conversion/tensor"
)

//go:embed vendor.py
var vendorScript string

// Python is the interpreter that has the vendors' packages: that of the virtual
// environment in STUDIO_VENV, else of the one that scripts/venv-path prints. The
// test is skipped where there is none.
func Python(t testing.TB) string {
	t.Helper()
	venv := os.Getenv("STUDIO_VENV")
	if venv == "" {
		if out, err := exec.Command(filepath.Join(Root(t), "scripts", "venv-path")).Output(); err == nil {
			venv = strings.TrimSpace(string(out))
		}
	}
	python := filepath.Join(venv, "bin", "python")
	if _, err := os.Stat(python); venv == "" || err != nil {
		t.Skip("no Python with the vendors' packages: set STUDIO_VENV or run make test")
	}
	return python
}

// Root is the repository's root folder: the nearest one above that has go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
	}
}

// Job is one inference on a vendor's own Python package.
type Job struct {
	Runtime   string // openvino, onnxruntime, litert
	Model     string
	Inputs    map[string]*tensor.Tensor
	Profile   bool   // openvino: return what each layer ran as
	Plain     bool   // onnxruntime: no graph optimisation
	Optimised string // onnxruntime: write the optimised model here
	Reference bool   // litert: the reference kernels, without the delegate
}

// JobResult is what came out of a Job.
type JobResult struct {
	Outputs map[string]*tensor.Tensor
	Err     string // why the vendor refused, "" where it ran
	Profile []LayerRun
	Parts   int // litert: the pieces that the delegate computes
}

// LayerRun says how OpenVINO ran a layer, for example as brgconv_avx512_amx_I8.
type LayerRun struct{ Name, Type, Exec string }

type wireTensor struct {
	Name  string   `json:"name,omitempty"`
	Names []string `json:"names,omitempty"`
	DType string   `json:"dtype"`
	Shape []int    `json:"shape"`
	File  string   `json:"file"`
}

// Vendor runs the jobs, in order, in one Python process; a crash of the vendor's
// library is the result of the job that it happened in.
func Vendor(t testing.TB, jobs []Job) []JobResult {
	t.Helper()
	python, dir := Python(t), t.TempDir()
	lines := make([][]byte, len(jobs))
	for i, j := range jobs {
		lines[i] = encodeJob(t, dir, i, j)
	}
	out := make([]JobResult, 0, len(jobs))
	for len(out) < len(jobs) {
		cmd := exec.Command(python, "-c", vendorScript)
		cmd.Stdin = bytes.NewReader(append(bytes.Join(lines[len(out):], []byte("\n")), '\n'))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		answer, err := cmd.Output()
		s := bufio.NewScanner(bytes.NewReader(answer))
		s.Buffer(nil, 64<<20)
		for s.Scan() {
			if strings.HasPrefix(s.Text(), "{") {
				out = append(out, decodeResult(t, s.Bytes()))
			}
		}
		if len(out) < len(jobs) {
			tail := stderr.String()
			out = append(out, JobResult{Err: "the process died: " + errText(err) + " " + tail[max(0, len(tail)-800):]})
		}
	}
	return out
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func encodeJob(t testing.TB, dir string, id int, j Job) []byte {
	t.Helper()
	var in []wireTensor
	for name, x := range j.Inputs {
		file := filepath.Join(dir, "in"+strconv.Itoa(id)+"_"+strconv.Itoa(len(in)))
		if err := os.WriteFile(file, x.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		in = append(in, wireTensor{Name: name, DType: x.DType().String(), Shape: append([]int{}, x.Shape()...), File: file})
	}
	b, err := json.Marshal(map[string]any{
		"id": id, "dir": dir, "runtime": j.Runtime, "model": j.Model, "inputs": append([]wireTensor{}, in...),
		"profile": j.Profile, "plain": j.Plain, "optimised": j.Optimised, "reference": j.Reference,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodeResult(t testing.TB, line []byte) JobResult {
	t.Helper()
	var r struct {
		Error   string
		Outputs []wireTensor
		Profile []LayerRun
		Parts   int
	}
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	res := JobResult{Err: r.Error, Outputs: map[string]*tensor.Tensor{}, Profile: r.Profile, Parts: r.Parts}
	for _, o := range r.Outputs {
		d, err := tensor.ParseDType(o.DType)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(o.File)
		if err != nil {
			t.Fatal(err)
		}
		x, err := tensor.FromBytes(d, o.Shape, b)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range o.Names {
			res.Outputs[n] = x
		}
	}
	return res
}

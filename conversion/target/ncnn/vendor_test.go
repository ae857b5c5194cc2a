package ncnn

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"slipway/conversion/tensor"
)

// python is the interpreter that has the package ncnn: that of the virtual
// environment in STUDIO_NCNN_VENV. The test is skipped where there is none.
func python(t *testing.T) string {
	t.Helper()
	p := filepath.Join(os.Getenv("STUDIO_NCNN_VENV"), "bin", "python")
	if _, err := os.Stat(p); err != nil || os.Getenv("STUDIO_NCNN_VENV") == "" {
		t.Skip("set STUDIO_NCNN_VENV to a virtual environment with the package ncnn")
	}
	return p
}

// job is one run of a written model.
type job struct {
	dir, name string
	inputs    []*tensor.Tensor
	outputs   int
}

type answer struct {
	err     string
	outputs [][]float32
	dims    [][]int
}

type wire struct {
	Dims []int  `json:"dims"`
	File string `json:"file"`
}

// vendor runs the jobs with ncnn's own Python package; a crash is the answer of
// the job that it happened in.
func vendor(t *testing.T, jobs []job) []answer {
	t.Helper()
	exe := python(t)
	var lines [][]byte
	for _, j := range jobs {
		base := filepath.Join(j.dir, j.name)
		in := []wire{}
		for k, x := range j.inputs {
			file := base + ".in" + strconv.Itoa(k)
			v := x.Float32s()
			if err := os.WriteFile(file, tensor.Of(v, len(v)).Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			in = append(in, wire{natural(x.Shape()), file})
		}
		b, err := json.Marshal(map[string]any{"param": base + ".param", "bin": base + ".bin", "inputs": in, "outputs": j.outputs})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, b)
	}
	var out []answer
	for len(out) < len(jobs) {
		cmd := exec.Command(exe, "testdata/run.py")
		cmd.Stdin = bytes.NewReader(append(bytes.Join(lines[len(out):], []byte("\n")), '\n'))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		text, err := cmd.Output()
		s := bufio.NewScanner(bytes.NewReader(text))
		for s.Scan() {
			var r struct {
				Error   string
				Outputs []wire
			}
			if json.Unmarshal(s.Bytes(), &r) != nil {
				continue
			}
			a := answer{err: r.Error}
			for _, o := range r.Outputs {
				b, err := os.ReadFile(o.File)
				if err != nil {
					t.Fatal(err)
				}
				x, err := tensor.FromBytes(tensor.Float32, []int{len(b) / 4}, b)
				if err != nil {
					t.Fatal(err)
				}
				a.outputs, a.dims = append(a.outputs, x.Float32s()), append(a.dims, o.Dims)
			}
			out = append(out, a)
		}
		if len(out) < len(jobs) {
			tail := stderr.String()
			out = append(out, answer{err: "the process died: " + tail[max(0, len(tail)-400):]})
			if err == nil && len(text) == 0 {
				t.Fatal("the runner gives no answers")
			}
		}
	}
	return out
}

// differs is the largest difference as a share of the largest wanted magnitude.
func differs(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	scale, worst := 1e-6, 0.0
	for _, x := range want {
		if a := math.Abs(float64(x)); a > scale && !math.IsInf(a, 0) {
			scale = a
		}
	}
	for k := range want {
		g, w := float64(got[k]), float64(want[k])
		if g == w || g != g && w != w {
			continue
		}
		d := math.Abs(g-w) / scale
		if d != d {
			return math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}

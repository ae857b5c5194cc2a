package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/runtimes"
)

// ncnnPackage runs ncnn models by ncnn's Python package. Its inputs and outputs
// are those of the source model, as an ncnn file says neither types nor shapes.
type ncnnPackage struct {
	python, script string
	in, out        []runtimes.IO
	dir            string
}

// newNCNN skips the test where STUDIO_NCNN_VENV names no environment with ncnn.
func newNCNN(t *testing.T, m *Machine, source string) ncnnPackage {
	t.Helper()
	python := filepath.Join(os.Getenv("STUDIO_NCNN_VENV"), "bin", "python")
	if _, err := os.Stat(python); err != nil || os.Getenv("STUDIO_NCNN_VENV") == "" {
		t.Skip("set STUDIO_NCNN_VENV to a virtual environment with the package ncnn")
	}
	s := open(t, m, "ort", source)
	return ncnnPackage{
		python, filepath.Join(testkit.Root(t), "conversion", "target", "ncnn", "testdata", "run.py"), ofOne(s.Inputs()), ofOne(s.Outputs()), t.TempDir(),
	}
}

// ofOne fixes open batches to 1, as the files do.
func ofOne(ios []runtimes.IO) []runtimes.IO {
	out := slices.Clone(ios)
	for i, x := range out {
		if len(x.Shape) > 0 && x.Shape[0] < 0 {
			out[i].Shape = slices.Concat([]int{1}, x.Shape[1:])
		}
	}
	return out
}

func (ncnnPackage) Info() runtimes.Info {
	return runtimes.Info{Name: "ncnn", Title: "ncnn", Formats: []string{"ncnn"}}
}

func (ncnnPackage) Check(context.Context) error { return nil }

func (n ncnnPackage) Open(_ context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if len(o.Taps) > 0 {
		return nil, runtimes.Refuse("ncnn", "open", "its Python package gives outputs alone here")
	}
	return ncnnModel{n, m.Path, o.NoOptimize}, nil
}

type ncnnModel struct {
	ncnnPackage
	param string
	plain bool
}

func (n ncnnModel) Inputs() []runtimes.IO  { return n.in }
func (n ncnnModel) Outputs() []runtimes.IO { return n.out }
func (n ncnnModel) Close() error           { return nil }

type ncnnBlob struct {
	Dims []int  `json:"dims"`
	File string `json:"file"`
}

// Run hands the inputs over without their batch of one, as 32-bit floats, and
// gives the outputs the source's shapes where they have as many elements.
func (n ncnnModel) Run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	in := []ncnnBlob{}
	for k, x := range inputs {
		file := filepath.Join(n.dir, fmt.Sprintf("in%d", k))
		v := x.Float32s()
		if err := os.WriteFile(file, tensor.Of(v, len(v)).Bytes(), 0o600); err != nil {
			return nil, err
		}
		dims := x.Shape()
		if len(dims) > 1 && dims[0] == 1 {
			dims = dims[1:]
		}
		switch {
		case len(dims) == 0:
			dims = []int{1}
		case len(dims) > 4: // a blob has no more; the writer joins them as the layer says
			if dims = blobDims(n.param, k); dims == nil {
				return nil, &runtimes.RefusedError{Runtime: "ncnn", Stage: "run", Text: "the .param file does not tell how the input lies"}
			}
		}
		in = append(in, ncnnBlob{dims, file})
	}
	job, err := json.Marshal(map[string]any{
		"param": n.param, "bin": strings.TrimSuffix(n.param, "param") + "bin", "inputs": in, "outputs": len(n.out), "plain": n.plain,
	})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, n.python, n.script)
	cmd.Stdin = bytes.NewReader(append(job, '\n'))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, &runtimes.CrashError{Runtime: "ncnn", Stage: "run", Signal: err.Error(), Stderr: stderr.String()}
	}
	var r struct {
		Error   string
		Outputs []ncnnBlob
	}
	if i := bytes.LastIndex(bytes.TrimSpace(text), []byte("\n")); i >= 0 {
		text = text[i+1:]
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("ncnn: %w: %s", err, text)
	}
	if r.Error != "" {
		return nil, &runtimes.RefusedError{Runtime: "ncnn", Stage: "run", Text: r.Error + " " + stderr.String()}
	}
	var out []*tensor.Tensor
	for k, o := range r.Outputs {
		b, err := os.ReadFile(o.File)
		if err != nil {
			return nil, err
		}
		x, err := tensor.FromBytes(tensor.Float32, []int{len(b) / 4}, b)
		if err != nil {
			return nil, err
		}
		dims := o.Dims
		if size, err := tensor.NumElements(n.out[k].Shape); err == nil && size == x.Len() {
			dims = n.out[k].Shape
		}
		if x, err = x.Reshape(dims...); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// blobDims are the sizes, outermost first, that input k's layer tells: w, h, d and
// c under 0, 1, 11 and 2.
func blobDims(param string, k int) (dims []int) {
	text, err := os.ReadFile(param)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "Input ") {
			continue
		}
		if k--; k >= 0 {
			continue
		}
		for _, key := range []string{" 2=", " 11=", " 1=", " 0="} {
			if _, rest, ok := strings.Cut(line, key); ok {
				n, err := strconv.Atoi(strings.Fields(rest)[0])
				if err != nil {
					return nil
				}
				dims = append(dims, n)
			}
		}
		return dims
	}
	return nil
}

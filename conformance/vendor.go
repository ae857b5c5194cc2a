package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"slipway/conversion/target/ncnn"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// vendor runs artefacts. An error that is no crash is a refusal.
type vendor interface {
	run(ctx context.Context, a artefact) ([]*tensor.Tensor, error)
}

// crash means that the vendor's process died or did not answer.
type crash struct{ text string }

func (e *crash) Error() string { return e.text }

// adapter runs artefacts on one of this program's own runtimes.
type adapter struct {
	runtime runtimes.Runtime
	format  string
	scalars bool // inputs of rank 0 are given as [1]
}

func (v adapter) run(ctx context.Context, a artefact) ([]*tensor.Tensor, error) {
	out, err := v.session(ctx, a)
	var died *runtimes.CrashError
	var late *runtimes.TimeoutError
	if errors.As(err, &died) || errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded) {
		return nil, &crash{err.Error()}
	}
	return out, err
}

func (v adapter) session(ctx context.Context, a artefact) ([]*tensor.Tensor, error) {
	s, err := v.runtime.Open(ctx, runtimes.Model{Path: a.path, Format: v.format}, runtimes.Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	ios := s.Inputs()
	named := true
	for _, io := range ios {
		named = named && slices.Contains(a.names, io.Name)
	}
	in := make([]*tensor.Tensor, len(ios))
	for i, io := range ios {
		at := i
		if named {
			at = slices.Index(a.names, io.Name)
		}
		if at >= len(a.in) {
			return nil, fmt.Errorf("the artefact has %d inputs, the source %d", len(ios), len(a.in))
		}
		if in[i], err = fit(a.in[at], io, v.scalars); err != nil {
			name := fmt.Sprintf("input %q", a.names[at])
			if slices.ContainsFunc(a.notes, func(s string) bool { return strings.Contains(s, name) }) {
				return nil, &refused{fmt.Sprintf("%s: %v", name, err)}
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s.Run(ctx, in)
}

// fit gives an input the element type that the artefact declares, where that
// holds every element.
func fit(x *tensor.Tensor, io runtimes.IO, scalars bool) (*tensor.Tensor, error) {
	if scalars && x.Rank() == 0 && len(io.Shape) == 1 {
		var err error
		if x, err = x.Reshape(1); err != nil {
			return nil, err
		}
	}
	if x.DType() == io.DType {
		return x, nil
	}
	y, err := x.Cast(io.DType)
	if err != nil {
		return nil, err
	}
	if x.DType().IsReal() && y.DType().IsReal() {
		if why := numbers(y.Float64s(), x.Float64s(), 1e-6); why != "" {
			return nil, fmt.Errorf("the artefact takes %v, which cannot hold it: %s", io.DType, why)
		}
	}
	return y, nil
}

// lines is a process of a vendor's Python package that answers one line of JSON
// with one line of JSON. It is started again after it died.
type lines struct {
	python, script string

	mu  sync.Mutex
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err *tail
}

// tail keeps the end of what a process says.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	t.b = t.b[max(0, len(t.b)-600):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}

func (l *lines) start() error {
	l.cmd = exec.Command(l.python, l.script)
	l.err = &tail{}
	l.cmd.Stderr = l.err
	in, err := l.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	l.in, l.out = in, bufio.NewReader(out)
	return l.cmd.Start()
}

func (l *lines) stop() {
	if l.cmd != nil {
		_ = l.in.Close()
		_ = l.cmd.Process.Kill()
		_ = l.cmd.Wait()
		l.cmd = nil
	}
}

// ask sends a question and reads the answer into reply.
func (l *lines) ask(ctx context.Context, question []byte, reply any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cmd == nil {
		if err := l.start(); err != nil {
			return err
		}
	}
	late := context.AfterFunc(ctx, func() { _ = l.cmd.Process.Kill() })
	defer late()
	_, err := l.in.Write(append(question, '\n'))
	for err == nil {
		var text []byte
		if text, err = l.out.ReadBytes('\n'); err == nil && len(text) > 0 && text[0] == '{' {
			return json.Unmarshal(text, reply)
		}
	}
	died := l.cmd.Wait()
	said := l.err.String()
	l.cmd = nil
	if ctx.Err() != nil {
		return &crash{"gave no answer in time"}
	}
	return &crash{fmt.Sprintf("the process died: %v %s", died, said)}
}

// ncnnVendor runs models on ncnn's own package.
type ncnnVendor struct{ *lines }

type blob struct {
	Dims []int  `json:"dims"`
	File string `json:"file"`
}

func (v ncnnVendor) run(ctx context.Context, a artefact) ([]*tensor.Tensor, error) {
	base := strings.TrimSuffix(a.path, ".param")
	in := []blob{}
	for k, x := range a.in {
		if !x.DType().IsReal() {
			return nil, fmt.Errorf("input %d is %v, and ncnn takes 32-bit floats only", k, x.DType())
		}
		f := x.Float32s()
		for i, w := range x.Float64s() {
			if float64(f[i]) != w && math.Abs(float64(f[i])-w) > 1e-6*math.Abs(w) {
				return nil, fmt.Errorf("input %d holds %v, which ncnn's 32-bit floats cannot", k, w)
			}
		}
		file := fmt.Sprintf("%s.in%d", base, k)
		if err := os.WriteFile(file, tensor.Of(f, len(f)).Bytes(), 0o600); err != nil {
			return nil, err
		}
		in = append(in, blob{ncnn.BlobShape(x.Shape()), file})
	}
	q, err := json.Marshal(map[string]any{"param": a.path, "bin": base + ".bin", "inputs": in, "outputs": len(a.want)})
	if err != nil {
		return nil, err
	}
	var r struct {
		Error   string
		Outputs []blob
	}
	if err := v.ask(ctx, q, &r); err != nil {
		return nil, err
	}
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	out := make([]*tensor.Tensor, len(r.Outputs))
	for k, o := range r.Outputs {
		b, err := os.ReadFile(o.File)
		if err != nil {
			return nil, err
		}
		if out[k], err = tensor.FromBytes(tensor.Float32, o.Dims, b); err != nil {
			return nil, err
		}
		if k < len(a.want) {
			out[k] = unblob(out[k], a.want[k])
		}
	}
	return out, nil
}

// unblob gives a blob the shape and type that it stands for.
func unblob(x, want *tensor.Tensor) *tensor.Tensor {
	if !slices.Equal(x.Shape(), ncnn.BlobShape(want.Shape())) || want.DType().IsContainer() {
		return x
	}
	y, err := x.Reshape(want.Shape()...)
	if err == nil && y.DType() != want.DType() {
		y, err = y.Cast(want.DType())
	}
	if err != nil {
		return x
	}
	return y
}

// coreMLVendor rebuilds a package with coremltools, which checks every type, and
// computes what our own reader reads from it.
type coreMLVendor struct {
	*lines
	mil adapter
}

func (v coreMLVendor) run(ctx context.Context, a artefact) ([]*tensor.Tensor, error) {
	var r struct {
		Error string
		Ops   int
	}
	if err := v.ask(ctx, []byte(a.path), &r); err != nil {
		return nil, err
	}
	if r.Error != "" {
		return nil, errors.New("coremltools: " + r.Error)
	}
	if r.Ops == 0 {
		return nil, errors.New("coremltools: the rebuilt program is empty")
	}
	return v.mil.run(ctx, a)
}

// checked puts ONNX's own checker in front of a vendor that runs ONNX files.
type checked struct {
	*lines
	vendor
}

func (v checked) run(ctx context.Context, a artefact) ([]*tensor.Tensor, error) {
	var r struct{ Error string }
	if err := v.ask(ctx, []byte(a.path), &r); err != nil {
		return nil, err
	}
	if r.Error != "" {
		return nil, errors.New("onnx.checker: " + r.Error)
	}
	return v.vendor.run(ctx, a)
}

// deadline is how long one case may take on one runtime.
func deadline(c testCase) time.Duration {
	if strings.HasPrefix(c.name, "light/") {
		return 5 * time.Minute
	}
	return 30 * time.Second
}

// python is the interpreter of a virtual environment, "" where there is none.
func python(venv string) string {
	p := filepath.Join(venv, "bin", "python")
	if _, err := os.Stat(p); venv == "" || err != nil {
		return ""
	}
	return p
}

package tensorrt

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"slipway/runtimes"
)

// Name is how errors call this runtime.
const Name = "tensorrt"

// GPU is the first NVIDIA GPU of this machine.
type GPU struct {
	Name    string `json:"gpu"`     // "NVIDIA A10"
	Compute string `json:"compute"` // compute capability: "8.6"
	Driver  string `json:"driver,omitempty"`
}

// Builder makes an engine.
type Builder interface {
	gpu() GPU
	// version is the library's: engines of one are not read by another.
	version(ctx context.Context) (string, error)
	// make leaves the engine that r asks for in dir, or nothing.
	make(ctx context.Context, dir string, r recipe, progress func(share float64, stage string)) error
}

// Tool is a trtexec with the GPU that it builds for.
type Tool struct {
	Path string // of trtexec
	GPU  GPU
}

// places are where NVIDIA's packages put trtexec beside the search path.
var places = []string{"/usr/src/tensorrt/bin/trtexec", "/opt/tensorrt/bin/trtexec"}

func absent(reason, cure string) error {
	return &runtimes.NotAvailableError{Runtime: "TensorRT", Reason: reason, Cure: cure}
}

// Likely reports whether Find can succeed, without starting anything.
func Likely() error {
	if _, err := exec.LookPath("nvidia-smi"); err != nil {
		return absent("there is no NVIDIA GPU here (nvidia-smi is not there)", "build the engine where the GPU is: the .build.json file says how")
	}
	return nil
}

// Find looks for a GPU and for what builds engines for it: trtexec, else the
// TensorRT provider of provider, ONNX Runtime's adapter, which may be nil. What is
// missing is a *runtimes.NotAvailableError.
func Find(ctx context.Context, provider runtimes.Runtime) (Builder, error) {
	if err := Likely(); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader").Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	first, _, _ := strings.Cut(string(out), "\n")
	fields := strings.Split(first, ",")
	if err != nil || len(fields) != 3 {
		return nil, absent(fmt.Sprintf("nvidia-smi tells of no GPU: %s", strings.TrimSpace(first)), "build the engine where the GPU is: the .build.json file says how")
	}
	gpu := GPU{strings.TrimSpace(fields[0]), strings.TrimSpace(fields[1]), strings.TrimSpace(fields[2])}
	path, err := exec.LookPath("trtexec")
	for _, p := range places {
		if _, missing := os.Stat(p); err != nil && missing == nil {
			path, err = p, nil
		}
	}
	switch {
	case err == nil:
		return &Tool{path, gpu}, nil
	case provider != nil:
		return &Provider{provider, gpu}, nil
	}
	return nil, absent("trtexec is not there, nor an ONNX Runtime", "install NVIDIA's TensorRT and put its bin folder on the path")
}

func (t *Tool) gpu() GPU { return t.GPU }

var banner = regexp.MustCompile(`TensorRT v(\d+)`)

// version is the library's version from the program's first line: v100300 is
// 10.3.0, v8601 is 8.6.1.
func (t *Tool) version(ctx context.Context) (string, error) {
	// Without arguments the program says who it is, and fails.
	out, err := exec.CommandContext(ctx, t.Path, "--help").CombinedOutput()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	m := banner.FindSubmatch(out)
	if m == nil {
		return "", absent(fmt.Sprintf("%s does not tell its version (%v)", t.Path, err), "install NVIDIA's TensorRT again")
	}
	return spell(string(m[1])), nil
}

func spell(digits string) string {
	n, _ := strconv.Atoi(digits) // the expression matched digits alone
	if n < 10000 {
		return fmt.Sprintf("%d.%d.%d", n/1000, n/100%10, n%100)
	}
	return fmt.Sprintf("%d.%d.%d", n/10000, n/100%100, n%100)
}

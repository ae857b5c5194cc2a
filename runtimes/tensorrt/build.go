package tensorrt

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"slipway/runtimes"
)

// Name is how errors call this runtime.
const Name = "tensorrt"

// Tool is a trtexec with the GPU that it builds for.
type Tool struct {
	Path    string // of trtexec
	GPU     string // "NVIDIA A10"
	Compute string // compute capability: "8.6"
}

// Built is what an engine was made with; NET.engine.json beside it.
type Built struct {
	Engine   string  `json:"engine"`
	GPU      string  `json:"gpu"`
	Compute  string  `json:"compute"`
	TensorRT string  `json:"tensorrt"`
	Seconds  float64 `json:"seconds"`
}

// places are where NVIDIA's packages put trtexec beside the search path.
var places = []string{"/usr/src/tensorrt/bin/trtexec", "/opt/tensorrt/bin/trtexec"}

// Find looks for trtexec and a GPU. What is missing is a
// *runtimes.NotAvailableError.
func Find(ctx context.Context) (*Tool, error) {
	t := &Tool{}
	if p, err := exec.LookPath("trtexec"); err == nil {
		t.Path = p
	}
	for _, p := range places {
		if _, err := os.Stat(p); t.Path == "" && err == nil {
			t.Path = p
		}
	}
	if t.Path == "" {
		return nil, &runtimes.NotAvailableError{Runtime: "TensorRT", Reason: "trtexec is not there", Cure: "install NVIDIA's TensorRT and put its bin folder on the path"}
	}
	out, err := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=name,compute_cap", "--format=csv,noheader").Output()
	first, _, _ := strings.Cut(string(out), "\n")
	name, compute, ok := strings.Cut(first, ",")
	if err != nil || !ok {
		return nil, &runtimes.NotAvailableError{Runtime: "TensorRT", Reason: "there is no NVIDIA GPU here", Cure: "build the engine where the GPU is: the .build.json file says how"}
	}
	t.GPU, t.Compute = strings.TrimSpace(name), strings.TrimSpace(compute)
	return t, nil
}

// recipe is what this package reads of NET.build.json.
type recipe struct {
	Engine        string   `json:"engine"`
	Flags         []string `json:"flags"`
	FlagsBefore11 []string `json:"flags_before_11"`
}

// Build builds the engine that the file build (NET.build.json) asks for, in its
// folder, and notes beside it what it was made with. It returns both file names.
// progress hears stages and a share of the work, which is an estimate. A refusal
// of TensorRT is a *runtimes.RefusedError with what it said, a death a
// *runtimes.CrashError; cancelling ctx kills the program and leaves no engine.
func (t *Tool) Build(ctx context.Context, build string, progress func(share float64, stage string)) (files []string, err error) {
	b, err := os.ReadFile(build)
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	var r recipe
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("tensorrt: %s: %w", build, err)
	}
	if !filepath.IsLocal(r.Engine) || len(r.Flags) == 0 {
		return nil, fmt.Errorf("tensorrt: %s names no engine beside it", build)
	}
	version, err := t.version(ctx)
	if err != nil {
		return nil, err
	}
	args := append([]string{}, r.Flags...)
	if major, _, _ := strings.Cut(version, "."); major != "" {
		if n, err := strconv.Atoi(major); err == nil && n < 11 {
			args = append(args, r.FlagsBefore11...)
		}
	}
	args = append(args, "--skipInference")
	dir := filepath.Dir(build)
	engine := filepath.Join(dir, r.Engine)
	start := time.Now()
	defer func() {
		if err != nil {
			os.Remove(engine)
		}
	}()
	cmd := exec.CommandContext(ctx, t.Path, args...)
	cmd.Dir, cmd.WaitDelay = dir, 2*time.Second
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	said := listen(pipe, progress)
	err = cmd.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() > 0 {
			return nil, runtimes.Refuse(Name, "build the engine", "%s", said)
		}
		return nil, &runtimes.CrashError{Runtime: Name, Stage: "build", Signal: err.Error(), Stderr: said}
	}
	if st, err := os.Stat(engine); err != nil || st.Size() == 0 {
		return nil, runtimes.Refuse(Name, "build the engine", "it ended without one: %s", said)
	}
	note, err := json.MarshalIndent(Built{r.Engine, t.GPU, t.Compute, version, time.Since(start).Seconds()}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	beside := strings.TrimSuffix(r.Engine, filepath.Ext(r.Engine)) + ".engine.json"
	if err := os.WriteFile(filepath.Join(dir, beside), append(note, '\n'), 0o644); err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	return []string{r.Engine, beside}, nil
}

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
		return "", &runtimes.NotAvailableError{Runtime: "TensorRT", Reason: fmt.Sprintf("%s does not tell its version (%v)", t.Path, err)}
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

// stages are what the program prints on its way, and how far that is.
var stages = []struct {
	text  string
	share float64
	stage string
}{
	{"Start parsing network model", 0.05, "parsing"},
	{"Finished parsing network model", 0.15, "parsed"},
	{"timing cache", 0.25, "trying kernels"},
	{"Detected", 0.6, "trying kernels"},
	{"Engine generation completed", 0.9, "writing"},
	{"Engine built in", 0.95, "writing"},
}

// listen follows the output to its end and returns the errors in it, or its last
// lines.
func listen(r io.Reader, progress func(float64, string)) string {
	var bad, last []string
	at := 0.0
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), 1<<20)
	for s.Scan() {
		line := s.Text()
		if last = append(last, line); len(last) > 5 {
			last = last[1:]
		}
		if strings.Contains(line, "[E]") && len(bad) < 10 {
			bad = append(bad, strings.TrimSpace(line[strings.Index(line, "[E]")+3:]))
		}
		for _, g := range stages {
			if g.share > at && strings.Contains(line, g.text) {
				at = g.share
				if progress != nil {
					progress(at, g.stage)
				}
			}
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long for the scanner must not block the program
	if len(bad) > 0 {
		return strings.Join(bad, "; ")
	}
	return strings.Join(last, "; ")
}

// Stale says why the engine that note (NET.engine.json) belongs to has to be
// built again for t and version; "" where it still fits.
func (t *Tool) Stale(ctx context.Context, note string) (string, error) {
	b, err := os.ReadFile(note)
	if err != nil {
		return "", fmt.Errorf("tensorrt: %w", err)
	}
	var was Built
	if err := json.Unmarshal(b, &was); err != nil {
		return "", fmt.Errorf("tensorrt: %s: %w", note, err)
	}
	version, err := t.version(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case was.Compute != t.Compute:
		return fmt.Sprintf("the engine was built for %s (compute capability %s); here is %s (%s)", was.GPU, was.Compute, t.GPU, t.Compute), nil
	case was.TensorRT != version:
		return fmt.Sprintf("the engine was built by TensorRT %s; here is %s, which reads no other's", was.TensorRT, version), nil
	}
	return "", nil
}

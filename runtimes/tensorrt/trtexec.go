package tensorrt

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"slipway/runtimes"
)

// make runs the program. A refusal of TensorRT is a *runtimes.RefusedError with
// what it said, a death a *runtimes.CrashError; cancelling ctx kills the program.
func (t *Tool) make(ctx context.Context, dir string, r recipe, progress func(share float64, stage string)) error {
	version, err := t.version(ctx)
	if err != nil {
		return err
	}
	args := append([]string{}, r.Flags...)
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < 11 {
		args = append(args, r.FlagsBefore11...)
	}
	cmd := exec.CommandContext(ctx, t.Path, append(args, "--skipInference")...)
	cmd.Dir, cmd.WaitDelay = dir, 2*time.Second
	bind(cmd)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return err
	}
	said := listen(pipe, progress)
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return runtimes.Refuse(Name, "build the engine", "%s", said)
	case err != nil:
		return &runtimes.CrashError{Runtime: Name, Stage: "build", Signal: err.Error(), Stderr: said}
	}
	return there(dir, r, said)
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
				progress(at, g.stage)
			}
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long for the scanner must not block the program
	if len(bad) > 0 {
		return strings.Join(bad, "; ")
	}
	return strings.Join(last, "; ")
}

//go:build linux

package plan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	opsall "slipway/conversion/ops/all"
	"slipway/conversion/plan"
	sourceall "slipway/conversion/source/all"
	targetall "slipway/conversion/target/all"
	"slipway/conversion/testkit"
)

// peakLimit is what a conversion that changes no weight may take, whatever the
// model's size.
const peakLimit = 300 << 20

// largeSize is the synthetic model's size: beyond what 32-bit signed offsets
// span, or STUDIO_LARGE gigabytes (make large).
func largeSize(t *testing.T) int64 {
	s := os.Getenv("STUDIO_LARGE")
	if s == "" {
		return 2200 << 20
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		t.Fatalf("STUDIO_LARGE=%q is no number of gigabytes", s)
	}
	return n << 30
}

// A model beyond 2 GB reaches every target in a process of its own, which tells
// what it took.
func TestLarge(t *testing.T) {
	if job := os.Getenv("STUDIO_LARGE_JOB"); job != "" {
		convertLarge(t, job)
		return
	}
	if testing.Short() {
		t.Skip("gigabytes")
	}
	dir := t.TempDir()
	model := testkit.Large(t, dir, largeSize(t))
	data, err := os.Stat(model + ".data")
	if err != nil {
		t.Fatal(err)
	}
	targets := []string{"onnx", "tflite"} // the containers with a limit of 2 GB
	if os.Getenv("STUDIO_LARGE") != "" {
		targets = append(targets, "openvino", "coreml", "tensorrt", "ncnn")
	}
	weights := weigh(graphBlobs(t, model))
	for _, name := range targets {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			q := plan.Request{Model: model, Name: "net", Target: name, Recipe: plan.Default(), Dir: out}
			b, err := json.Marshal(q)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			cmd := exec.Command(os.Args[0], "-test.run=^TestLarge$")
			cmd.Env = append(os.Environ(), "STUDIO_LARGE_JOB="+string(b))
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s%s", err, stdout, stderr.String())
			}
			var r largeResult
			line, _, _ := strings.Cut(string(stdout), "\n")
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%v: %s", err, stdout)
			}
			t.Logf("%d MB in %.1f s; peak resident %d MB, of them anonymous %d MB", data.Size()>>20, time.Since(start).Seconds(), r.Peak>>20, r.Anon>>20)
			if r.Peak > peakLimit {
				t.Errorf("took %d MB at its peak (%d MB anonymous), %d are allowed", r.Peak>>20, r.Anon>>20, peakLimit>>20)
			}
			sameWeights(t, weights, artefactIn(t, out, name), name)
			if os.Getenv("STUDIO_LARGE") != "" {
				t.Run("run", func(t *testing.T) { sameResult(t, model, artefactIn(t, out, name), name, data.Size()) })
			}
		})
	}
}

type largeResult struct{ Peak, Anon int64 }

// convertLarge is the child: it prints what it took.
func convertLarge(t *testing.T, job string) {
	var q plan.Request
	if err := json.Unmarshal([]byte(job), &q); err != nil {
		t.Fatal(err)
	}
	done, anon := make(chan struct{}), make(chan int64)
	go func() {
		most := int64(0)
		for {
			most = max(most, status(t, "RssAnon:"))
			select {
			case <-done:
				anon <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	rep, err := plan.Run(context.Background(), q, plan.Env{Registry: opsall.Registry(), Open: sourceall.Open, Target: targetall.Get}, nil)
	close(done)
	if err != nil {
		t.Fatal(err)
	}
	if !rep.OK {
		t.Fatal(rep.Findings)
	}
	b, err := json.Marshal(largeResult{status(t, "VmHWM:"), <-anon})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(b))
}

// status is one number of bytes from proc(5), /proc/self/status.
func status(t *testing.T, key string) int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(b, []byte(key))
	kb, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

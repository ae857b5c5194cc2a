package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/runtimes"
)

// Where nothing can build an engine, one that stands in the place of the new one
// is told of, with what it was built for.
func TestStandingEngine(t *testing.T) {
	sum := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	const recipe = `{"model": "net.onnx", "engine": "net.engine", "flags": ["--onnx=net.onnx"]%s}`
	built := fmt.Sprintf(`, "built": {"gpu": "NVIDIA L4", "compute": "8.9", "tensorrt": "10.9.0", "flags": "--onnx=net.onnx", "model_sha256": %q, "engine_sha256": %q}`, sum("model"), sum("engine"))
	for model, want := range map[string]string{"model": "tensorrt.engine-kept", "changed": "tensorrt.stale-engine"} {
		before, dir := t.TempDir(), t.TempDir()
		for path, text := range map[string]string{
			filepath.Join(before, "net.engine"): "engine", filepath.Join(before, "net.build.json"): fmt.Sprintf(recipe, built),
			filepath.Join(dir, "net.onnx"): model, filepath.Join(dir, "net.build.json"): fmt.Sprintf(recipe, ""),
		} {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		res := &Result{Report: plan.Report{OK: true, Artefacts: []plan.Artefact{{Path: "net.build.json"}}, Findings: diag.List{diag.Infof("tensorrt.not-built", "not built")}}}
		e := &Env{Engine: func(context.Context, string, string, func(float64, string)) (*Built, error) {
			return nil, &runtimes.NotAvailableError{Runtime: "TensorRT", Reason: "no GPU"}
		}}
		q := Request{Private: dir, Earlier: filepath.Join(before, "net.build.json")}
		if err := e.engine(context.Background(), q, res, func(plan.Event) {}); err != nil {
			t.Fatal(err)
		}
		last := res.Findings[len(res.Findings)-1]
		if last.Code != want || !strings.Contains(last.Text, "NVIDIA L4 (compute capability 8.9) by TensorRT 10.9.0") || last.Suggestion == "" {
			t.Errorf("%s: %v", model, res.Findings)
		}
		if res.Artefacts[0].Bytes == 0 {
			t.Errorf("%s: the build file's record is %v", model, res.Artefacts[0])
		}
	}
}

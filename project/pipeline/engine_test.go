package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/runtimes"
)

func TestEngine(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"net.engine", "net.build.json"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte("engine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		err  error
		want string // the last finding's code
		n    int    // artefacts
	}{
		"built":   {nil, "tensorrt.built", 2},
		"absent":  {&runtimes.NotAvailableError{Runtime: "TensorRT", Reason: "no GPU"}, "tensorrt.not-built", 1},
		"refused": {errors.New("no kernel"), "tensorrt.engine", 1},
	} {
		res := &Result{Report: plan.Report{OK: true, Artefacts: []plan.Artefact{{Path: "net.build.json"}}, Findings: diag.List{diag.Infof("tensorrt.not-built", "not built")}}}
		e := &Env{Engine: func(_ context.Context, build, earlier string, progress func(float64, string)) (*Built, error) {
			progress(0.5, "trying kernels")
			if build != filepath.Join(dir, "net.build.json") || earlier != "before" {
				t.Errorf("asked for %q instead of %q", build, earlier)
			}
			return &Built{Files: []string{"net.engine", "net.build.json"}, Why: "another GPU"}, c.err
		}}
		if err := e.engine(context.Background(), Request{Private: dir, Earlier: "before"}, res, func(plan.Event) {}); err != nil {
			t.Fatal(err)
		}
		last := res.Findings[len(res.Findings)-1]
		if last.Code != c.want || len(res.Artefacts) != c.n {
			t.Errorf("%s: %v, artefacts %v", name, res.Findings, res.Artefacts)
		}
		if name == "absent" && last.Text != "not built; no GPU" {
			t.Errorf("%s: %v", name, last)
		}
		if c.err == nil && res.Artefacts[0].Bytes == 0 {
			t.Errorf("%s: the build file has changed, its record has not", name)
		}
		if c.err == nil && !strings.Contains(res.Findings[0].Text, "built again: another GPU") {
			t.Errorf("%s: %v", name, res.Findings)
		}
	}
}

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
	if err := os.WriteFile(filepath.Join(dir, "net.engine"), []byte("engine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		want string // the last finding's code
		n    int    // artefacts
	}{
		"built":   {nil, "tensorrt.built", 2},
		"absent":  {&runtimes.NotAvailableError{Runtime: "TensorRT"}, "tensorrt.not-built", 1},
		"refused": {errors.New("no kernel"), "tensorrt.engine", 1},
	} {
		res := &Result{Report: plan.Report{OK: true, Artefacts: []plan.Artefact{{Path: "net.build.json"}}, Findings: diag.List{diag.Infof("tensorrt.not-built", "not built")}}}
		e := &Env{Engine: func(_ context.Context, build, earlier string, progress func(float64, string)) ([]string, string, error) {
			progress(0.5, "trying kernels")
			if build != filepath.Join(dir, "net.build.json") || earlier != "before" {
				t.Errorf("asked for %q instead of %q", build, earlier)
			}
			return []string{"net.engine"}, "another GPU", c.err
		}}
		if err := e.engine(context.Background(), Request{Private: dir, Earlier: "before"}, res, func(plan.Event) {}); err != nil {
			t.Fatal(err)
		}
		last := res.Findings[len(res.Findings)-1]
		if last.Code != c.want || len(res.Artefacts) != c.n {
			t.Errorf("%s: %v, artefacts %v", name, res.Findings, res.Artefacts)
		}
		if c.err == nil && !strings.Contains(res.Findings[0].Text, "built again: another GPU") {
			t.Errorf("%s: %v", name, res.Findings)
		}
	}
}

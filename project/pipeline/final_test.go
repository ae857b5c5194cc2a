package pipeline_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/target"
	targetall "slipway/conversion/target/all"
	"slipway/project/pipeline"
	"slipway/runtimes/task"
)

// TestSomethingInTheWay of an artefact is told before the work where that can be
// known, is left alone, and nothing stands beside it afterwards.
func TestSomethingInTheWay(t *testing.T) {
	for name, c := range map[string]struct {
		kept   string // is there before
		dir    string // that is written to
		target string
		early  bool // no work is done
	}{
		"a file is the folder":              {"out", "out", "onnx", true},
		"a file is above the folder":        {"out", "out/below", "onnx", true},
		"a file is the target's folder":     {"out/onnx", "out", "onnx", true},
		"a folder is the artefact":          {"out/onnx/net.onnx/own", "out", "onnx", false},
		"a folder is one of two artefacts":  {"out/openvino/net.xml/own", "out", "openvino", false},
		"a folder is the other of the two":  {"out/openvino/net.bin/own", "out", "openvino", false},
		"nothing is, beside another's file": {"out/onnx/other.onnx", "out", "onnx", false},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			kept := filepath.Join(root, filepath.FromSlash(c.kept))
			if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(kept, []byte("own"), 0o600); err != nil {
				t.Fatal(err)
			}
			worked := false
			env := &pipeline.Env{Convert: func(_ context.Context, r plan.Request, _ *task.Task, _ func(plan.Event)) (*plan.Report, error) {
				worked = true
				rep := &plan.Report{Model: r.Model, Target: r.Target, OK: true}
				names := []string{"net.onnx"}
				if r.Target == "openvino" {
					names = []string{"net.xml", "net.bin"}
				}
				for _, n := range names {
					if err := os.WriteFile(filepath.Join(r.Dir, n), []byte("new"), 0o600); err != nil {
						return nil, err
					}
					rep.Artefacts = append(rep.Artefacts, plan.Artefact{Path: n})
				}
				return rep, nil
			}}
			for _, tg := range targetall.Targets() {
				if tg.Info().Name == c.target {
					env.Target = func(string) target.Target { return tg }
				}
			}
			res, err := env.RunTo(t.Context(), pipeline.Request{Model: "net.onnx", Target: c.target, Recipe: plan.Default(), NoVerify: true}, filepath.Join(root, filepath.FromSlash(c.dir)), nil)
			free := strings.HasPrefix(name, "nothing")
			findings := diag.FromError("", err)
			if res != nil {
				findings = res.Findings.Errors()
				if res.OK != free || !free && len(res.Artefacts) > 0 {
					t.Errorf("ok %t, artefacts %v", res.OK, res.Artefacts)
				}
			}
			if worked == c.early || errors.Is(err, context.Canceled) {
				t.Errorf("worked: %t", worked)
			}
			if free {
				return
			}
			if len(findings) != 1 || findings[0].Code != "convert.output" || !strings.Contains(findings[0].Text, root) || findings[0].Suggestion == "" || strings.Contains(findings[0].Error(), ".private") {
				t.Errorf("findings %v", findings)
			}
			var there []string
			_ = filepath.WalkDir(root, func(p string, e os.DirEntry, err error) error {
				if err == nil && !e.IsDir() {
					there = append(there, p)
				}
				return nil
			})
			if b, err := os.ReadFile(kept); err != nil || string(b) != "own" || len(there) != 1 {
				t.Errorf("there are %v; what was there before: %q %v", there, b, err)
			}
		})
	}
}

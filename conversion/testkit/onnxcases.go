package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// ONNXCase is one of the official conformance cases of ONNX operators: a model
// of one operator with inputs and outputs as TensorProto files.
type ONNXCase struct {
	Name    string
	Model   string
	Inputs  []string
	Outputs []string
}

// Draws reports whether the case's results are random numbers, of which ONNX
// fixes types and shapes alone.
func (c ONNXCase) Draws() bool {
	return strings.HasPrefix(c.Name, "bernoulli") || strings.HasPrefix(c.Name, "training_dropout") && !strings.Contains(c.Name, "zero_ratio")
}

// ONNXCases lists the cases that ship in the Python package onnx: those in the
// given folders of its test data, "node" without any. The test is skipped where
// the package is absent.
func ONNXCases(t testing.TB, folders ...string) []ONNXCase {
	t.Helper()
	if len(folders) == 0 {
		folders = []string{"node"}
	}
	out, err := exec.Command(Python(t), "-c", "import importlib.util as u; print(u.find_spec('onnx').submodule_search_locations[0])").Output()
	if err != nil {
		t.Skip("the Python package onnx is absent")
	}
	var cases []ONNXCase
	for _, folder := range folders {
		root := filepath.Join(strings.TrimSpace(string(out)), "backend", "test", "data", folder)
		dirs, err := os.ReadDir(root)
		if err != nil {
			t.Skipf("the package onnx has no conformance cases: %v", err)
		}
		for _, d := range dirs {
			c := ONNXCase{Name: strings.TrimPrefix(d.Name(), "test_"), Model: filepath.Join(root, d.Name(), "model.onnx")}
			c.Inputs = numbered(filepath.Join(root, d.Name(), "test_data_set_0", "input_"))
			c.Outputs = numbered(filepath.Join(root, d.Name(), "test_data_set_0", "output_"))
			if len(c.Outputs) > 0 {
				cases = append(cases, c)
			}
		}
	}
	sort.Slice(cases, func(i, j int) bool { return cases[i].Name < cases[j].Name })
	return cases
}

func numbered(prefix string) []string {
	var out []string
	for i := 0; ; i++ {
		f := prefix + strconv.Itoa(i) + ".pb"
		if _, err := os.Stat(f); err != nil {
			return out
		}
		out = append(out, f)
	}
}

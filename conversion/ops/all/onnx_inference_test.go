package all_test

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

//go:embed onnx_inference.py
var inferenceScript string

// theirs is what ONNX's own inference says of one value; Dims is nil for an
// unknown rank, -1 stands for an unknown size.
type theirs struct {
	Type int64
	Dims []int64
}

// TestAgainstONNXInference compares shape inference with ONNX's own on its
// conformance cases, its light models and the real models: it never contradicts
// that, and it knows as much, except where testdata/onnx_inference.txt says why.
func TestAgainstONNXInference(t *testing.T) {
	var models, names []string
	for _, c := range testkit.ONNXCases(t, "node", "simple", "light", "pytorch-converted", "pytorch-operator") {
		models, names = append(models, c.Model), append(names, c.Name)
	}
	if os.Getenv("STUDIO_ZOO") != "" {
		files, err := filepath.Glob(filepath.Join(testkit.Zoo(t), "*.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			models, names = append(models, f), append(names, "zoo/"+filepath.Base(f))
		}
	}
	except := readExceptions(t, "testdata/onnx_inference.txt")
	reg := all.Registry()
	agreed, more := 0, 0
	for i, their := range theirInference(t, models) {
		if their == nil {
			continue
		}
		m, err := onnx.Source{}.Open(context.Background(), models[i], source.Options{Registry: reg})
		if err != nil {
			continue // the operator is unknown, or the file is refused
		}
		var wrong []string
		for _, v := range m.Graph.Values() {
			w, ok := their[v.Name]
			if !ok || v.IsConst() {
				continue
			}
			switch why, specific := compareInference(v, w); {
			case why != "":
				wrong = append(wrong, why)
			case specific:
				more++
			default:
				agreed++
			}
		}
		m.Close()
		_, listed := except[names[i]]
		switch {
		case len(wrong) > 0 && !listed:
			t.Errorf("%s: %s", names[i], strings.Join(wrong[:min(len(wrong), 4)], "; "))
		case len(wrong) == 0 && listed:
			t.Errorf("%s agrees now: remove it from the exceptions", names[i])
		}
	}
	t.Logf("%d values agree, %d are known better here", agreed, more)
	if agreed < 2000 {
		t.Errorf("only %d values were compared", agreed)
	}
}

// compareInference says where ours contradicts theirs or knows less, and whether
// it knows more.
func compareInference(v *ir.Value, w theirs) (wrong string, more bool) {
	describe := func() string {
		return fmt.Sprintf("%q is %v%v, ONNX says %v%v", v.Name, v.DType, v.Shape, typeName(w.Type), w.Dims)
	}
	d, err := op.FromONNXType(w.Type)
	if err == nil && v.DType != d {
		return describe(), false
	}
	if w.Dims == nil {
		return "", v.Shape != nil
	}
	if v.Shape == nil || len(v.Shape) != len(w.Dims) {
		return describe(), false
	}
	for i, n := range w.Dims {
		k, static := v.Shape[i].Int()
		switch {
		case n >= 0 && (!static || k != n):
			return describe(), false
		case n < 0 && static:
			more = true
		}
	}
	return "", more
}

func typeName(n int64) tensor.DType {
	d, _ := op.FromONNXType(n)
	return d
}

// theirInference runs ONNX's inference on the models; nil where it fails.
func theirInference(t *testing.T, models []string) []map[string]theirs {
	t.Helper()
	cmd := exec.Command(testkit.Python(t), "-c", inferenceScript)
	cmd.Stdin = strings.NewReader(strings.Join(models, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]theirs
	s := bufio.NewScanner(bytes.NewReader(out))
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		var r struct{ Values map[string]theirs }
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r.Values)
	}
	if len(list) != len(models) {
		t.Fatalf("%d results for %d models", len(list), len(models))
	}
	return list
}

package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/tensor"
)

// most bounds the exceptions of each target; the numbers only ever get smaller.
var most = map[string]int{"reference": 14, "onnx": 22, "openvino": 12, "tflite": 6, "ncnn": 6, "coreml": 6, "tensorrt": 6}

func TestExceptions(t *testing.T) {
	known, err := readTable("table.txt")
	if err != nil {
		t.Fatal(err)
	}
	for column, limit := range most {
		list, err := readExceptions(filepath.Join("exceptions", column+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > limit {
			t.Errorf("%s has %d exceptions, more than %d: a new difference is mended or ends in a finding", column, len(list), limit)
		}
		for name := range list {
			if known.cells[strings.TrimSuffix(name, "+const")] == nil {
				t.Errorf("%s: %s is no case", column, name)
			}
		}
	}
}

// TestTable: what was written reads back, and nothing stands in it that must not.
func TestTable(t *testing.T) {
	known, err := readTable("table.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("table.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := known.text(); got != string(text) {
		t.Error("table.txt is not what its lines add up to: renew it with make conformance")
	}
	for _, column := range columns {
		if n := known.count(column, false); !isRaw(column) && n.mismatch+n.crashed > 0 {
			t.Errorf("%s: %d mismatches, %d crashes", column, n.mismatch, n.crashed)
		}
	}
}

// TestMerge: findings.txt has one order, whichever columns a run tries.
func TestMerge(t *testing.T) {
	known, err := os.ReadFile("findings.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, tried := range [][]string{nil, {"tflite", "onnx"}, {"ort_raw"}, columns} {
		if got := merge(string(known), string(known), tried); got != string(known) {
			t.Errorf("after a run of %q findings.txt is in another order", tried)
		}
	}
	r := newTable()
	r.because("onnx", "new", "b")
	r.because("onnx", "new", "a")
	old := legendHead + "reference    1  kept  [x]\nonnx         7  gone  [y]\ntflite       1  kept  [z]\n"
	want := legendHead + "reference    1  kept  [x]\nonnx         2  new  [a]\ntflite       1  kept  [z]\n"
	if got := merge(r.legend(), old, []string{"onnx"}); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestCell(t *testing.T) {
	for _, c := range []struct {
		cell        cell
		best, worst outcome
		holds       bool
	}{
		{cell{pass, pass}, pass, pass, true},
		{cell{finding, pass}, pass, finding, true},
		{cell{pass, mismatch}, pass, mismatch, false},
		{cell{crashed, finding}, finding, crashed, false},
		{cell{pass, absent}, pass, pass, true},
		{cell{known, finding}, finding, known, false},
	} {
		if c.cell.best() != c.best || c.cell.worst() != c.worst || c.cell.holds() != c.holds {
			t.Errorf("%v: best %c, worst %c, holds %v", c.cell, c.cell.best(), c.cell.worst(), c.cell.holds())
		}
	}
}

func TestDifference(t *testing.T) {
	f := func(v ...float32) *tensor.Tensor { return tensor.Of(v, len(v)) }
	i := func(v ...int8) *tensor.Tensor { return tensor.Of(v, len(v)) }
	for _, c := range []struct {
		name      string
		got, want *tensor.Tensor
		same      bool
	}{
		{"equal", f(1, 2), f(1, 2), true},
		{"the last place", f(1, 2.00001), f(1, 2), true},
		{"more than that", f(1, 2.001), f(1, 2), false},
		{"integers are equal or not", i(100), i(101), false},
		{"types", f(1), i(1), false},
		{"shapes", f(1, 2), tensor.Of([]float32{1, 2}, 2, 1), false},
		{"a sequence", tensor.NewSequence(f(1)), tensor.NewSequence(f(1)), true},
		{"a longer sequence", tensor.NewSequence(f(1), f(2)), tensor.NewSequence(f(1)), false},
		{"nothing", nil, f(1), false},
	} {
		if why := difference(c.got, c.want); (why == "") != c.same {
			t.Errorf("%s: %q", c.name, why)
		}
	}
}

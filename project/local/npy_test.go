package local

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// TestTensorsAreCutIntoRuns: one file may hold a whole batch of inputs.
func TestTensorsAreCutIntoRuns(t *testing.T) {
	dir := t.TempDir()
	head := "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), 0)
	b = append(b, head...)
	for i := range 6 {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i)))
	}
	if err := os.WriteFile(filepath.Join(dir, "x.npy"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	ios := []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 2}}}
	got, err := calibrationTensors(dir, ios, 2)
	if err != nil || len(got) != 2 || !tensor.Equal(got[1][0], tensor.Of([]float32{2, 3}, 1, 2)) {
		t.Fatal(got, err)
	}
	ios[0].Shape = []int{-1, 2}
	if got, err = calibrationTensors(dir, ios, 2); err != nil || len(got) != 1 || got[0][0].Shape()[0] != 3 {
		t.Fatal(got, err)
	}
	ios[0].Shape = []int{1, 5}
	if _, err = calibrationTensors(dir, ios, 2); err == nil {
		t.Error("a shape that does not fit was taken")
	}
}

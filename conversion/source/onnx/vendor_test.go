package onnx_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestTensorTypes reads tensors of every element type, raw and in typed fields,
// that the onnx package itself wrote.
func TestTensorTypes(t *testing.T) {
	const script = `
import sys, os, onnx, numpy as np
from onnx import TensorProto as T, helper
d = sys.argv[1]
kinds = {"f32": T.FLOAT, "u8": T.UINT8, "i8": T.INT8, "u16": T.UINT16, "i16": T.INT16, "i32": T.INT32, "i64": T.INT64,
  "bool": T.BOOL, "f16": T.FLOAT16, "f64": T.DOUBLE, "u32": T.UINT32, "u64": T.UINT64, "c64": T.COMPLEX64, "c128": T.COMPLEX128,
  "bf16": T.BFLOAT16, "f8e4m3fn": T.FLOAT8E4M3FN, "f8e4m3fnuz": T.FLOAT8E4M3FNUZ, "f8e5m2": T.FLOAT8E5M2, "f8e5m2fnuz": T.FLOAT8E5M2FNUZ,
  "u4": T.UINT4, "i4": T.INT4}
for name, k in kinds.items():
    v = [0, 1, 3, 7, 2] if name[0] == "u" or name == "bool" else [0, -1, 3, -7, 2]
    if name == "bool": v = [bool(x) for x in v]
    dt = helper.tensor_dtype_to_np_dtype(k)
    typed = helper.make_tensor(name, k, [5], v)
    a = onnx.numpy_helper.to_array(typed)
    raw = onnx.numpy_helper.from_array(a.astype(dt), name)
    assert typed.raw_data == b"" and raw.raw_data != b"", name
    for form, p in (("typed", typed), ("raw", raw)):
        with open(os.path.join(d, name + "." + form), "wb") as f: f.write(p.SerializeToString())
    print(name)
`
	dir := t.TempDir()
	out, err := exec.Command(testkit.Python(t), "-c", script, dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.typed"))
	if len(files) != 21 {
		t.Fatalf("%d types: %s", len(files), out)
	}
	for _, f := range files {
		name := filepath.Base(f[:len(f)-len(".typed")])
		typed, raw := read(t, f), read(t, filepath.Join(dir, name+".raw"))
		if typed.DType().String() != name || !tensor.Equal(typed, raw) {
			t.Errorf("%s: typed %v %x, raw %v %x", name, typed, typed.Bytes(), raw, raw.Bytes())
		}
		if typed.DType().Bits() <= 64 && typed.DType().IsSigned() {
			if v, err := typed.Int64s(); err != nil || v[3] != -7 || v[1] != -1 {
				t.Errorf("%s holds %v", name, v)
			}
		}
	}
}

func read(t *testing.T, file string) *tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	x, err := onnx.ReadTensorProto(b)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

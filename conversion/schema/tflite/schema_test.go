package tflite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// schemaScript prints the numbers of the vendor's generated schema module.
const schemaScript = `
import inspect, json, re
import ai_edge_litert.schema_py_generated as s
def enum(c): return {k: v for k, v in vars(c).items() if isinstance(v, int)}
tables = {}
for name in enum(s.BuiltinOptions):
    if name == "NONE": continue
    start = inspect.getsource(getattr(s, name + "Start"))
    t = {"slots": int(re.search(r"StartObject\((\d+)\)", start).group(1)), "fields": {}}
    for f, fn in vars(s).items():
        if f.startswith(name + "Add") and inspect.isfunction(fn):
            m = re.search(r"Prepend(\w+)Slot\((\d+), \w+, ([^)]+)\)", inspect.getsource(fn))
            if m and m.group(1) in ("Int8", "Int32", "Bool", "Float32"):
                t["fields"][m.group(2)] = {"kind": m.group(1), "def": m.group(3)}
    tables[name] = t
print(json.dumps({"codes": enum(s.BuiltinOperator), "types": enum(s.TensorType), "unions": enum(s.BuiltinOptions), "tables": tables,
                  "acts": enum(s.ActivationFunctionType)}))
`

// TestNumbersAreTheVendors compares every number of the tables with the schema
// module of the vendor's Python package.
func TestNumbersAreTheVendors(t *testing.T) {
	out, err := exec.Command(testkit.Python(t), "-c", schemaScript).Output()
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Codes, Types, Unions, Acts map[string]int
		Tables                     map[string]struct {
			Slots  int
			Fields map[string]struct{ Kind, Def string }
		}
	}
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	for c, name := range codeNames {
		if got, ok := v.Codes[name]; !ok || got != int(c) {
			t.Errorf("%s is %d here and %d there", name, c, got)
		}
	}
	types := map[string]TensorType{
		"FLOAT32": Float32, "FLOAT16": Float16, "INT32": Int32, "UINT8": Uint8, "INT64": Int64, "STRING": String, "BOOL": Bool,
		"INT16": Int16, "INT8": Int8, "FLOAT64": Float64, "UINT64": Uint64, "UINT32": Uint32, "UINT16": Uint16, "INT4": Int4, "BFLOAT16": BFloat,
	}
	for name, c := range types {
		if v.Types[name] != int(c) {
			t.Errorf("%s is %d here and %d there", name, c, v.Types[name])
		}
	}
	for name, c := range map[string]Activation{"NONE": ActNone, "RELU": ActRelu, "RELU_N1_TO_1": ActReluN1To1, "RELU6": ActRelu6} {
		if v.Acts[name] != int(c) {
			t.Errorf("%s is %d here and %d there", name, c, v.Acts[name])
		}
	}
	kinds := map[reflect.Kind]string{reflect.Int8: "Int8", reflect.Int32: "Int32", reflect.Bool: "Bool", reflect.Float32: "Float32"}
	for _, o := range optionTables {
		d := o.table()
		want, ok := v.Tables[d.name]
		if !ok || v.Unions[d.name] != int(d.union) || want.Slots != d.slots {
			t.Errorf("%s: number %d with %d fields here, %d with %d there", d.name, d.union, d.slots, v.Unions[d.name], want.Slots)
			continue
		}
		typ := reflect.TypeOf(o)
		for _, f := range fieldsOf(typ) {
			w := want.Fields[fmt.Sprint(f.slot)]
			def := fmt.Sprint(f.def)
			if w.Kind == "Float32" {
				def = "0.0"
			}
			if w.Kind != kinds[typ.Field(f.index).Type.Kind()] || w.Def != def {
				t.Errorf("%s.%s in field %d: %s, default %s there", d.name, typ.Field(f.index).Name, f.slot, w.Kind, w.Def)
			}
		}
	}
}

// sample is y = x*w + w with a streamed constant.
func sample() *Model {
	w := tensor.Of([]float32{1, 2, 3, 4}, 4)
	return &Model{
		Description: "sample", Name: "main",
		Buffers: []Buffer{{}, {Size: 16, Stream: func(o io.Writer) error { _, err := o.Write(w.Bytes()); return err }}, {Data: []byte("2.17.0")}},
		Tensors: []Tensor{
			{Name: "x", Shape: []int32{-1, 4}},
			{Name: "w", Shape: []int32{4}, Buffer: 1},
			{Name: "t", Shape: []int32{-1, 4}},
			{Name: "y", Shape: []int32{-1, 4}},
			{Name: "q", Type: Int8, Shape: []int32{}, Quant: &Quant{Scale: []float32{0.5, 2}, Zero: []int64{0, -3}, Dim: 1}},
		},
		Operators: []Operator{
			{Code: Mul, Version: 1, Inputs: []int{0, 1}, Outputs: []int{2}, Options: MulOptions{}},
			{Code: Add, Version: 1, Inputs: []int{2, 1}, Outputs: []int{3}, Options: AddOptions{Act: ActRelu6}},
		},
		Inputs: []int{0}, Outputs: []int{3},
		Metadata:  []Metadata{{"min_runtime_version", 2}},
		Signature: &Signature{"serving_default", []TensorName{{"x", 0}}, []TensorName{{"y", 3}}},
	}
}

// TestRoundTrip reads back what was written, with constants inside and outside
// of the 2 GiB that offsets span, and runs both in the vendor's package.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for name, limit := range map[string]int64{"inside": maxTables, "outside": 0} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := sample().encode(&b, limit); err != nil {
				t.Fatal(err)
			}
			m, lossy, err := Decode(b.Bytes())
			if err != nil || lossy {
				t.Fatal(err, lossy)
			}
			want := sample()
			want.Buffers[1] = Buffer{Data: tensor.Of([]float32{1, 2, 3, 4}, 4).Bytes()}
			if !reflect.DeepEqual(m, want) {
				t.Errorf("got  %+v\nwant %+v", m, want)
			}
			file := filepath.Join(dir, name+".tflite")
			if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			x := tensor.Of([]float32{1, 1, 1, 1, -9, 0, 2, 2}, 2, 4)
			r := testkit.Vendor(t, []testkit.Job{{Runtime: "litert", Model: file, Inputs: map[string]*tensor.Tensor{"x": x}}})
			if r[0].Err != "" {
				t.Fatal(r[0].Err)
			}
			if y := r[0].Outputs["y"]; !tensor.Equal(y, tensor.Of([]float32{2, 4, 6, 6, 0, 2, 6, 6}, 2, 4)) {
				t.Error(y)
			}
		})
	}
}

// TestDamage: a file cut or changed anywhere gives an error or a model, never a
// panic, and what is promised must be delivered.
func TestDamage(t *testing.T) {
	var b bytes.Buffer
	if err := sample().Encode(&b); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if _, _, err := Decode(b.Bytes()[:n]); err == nil && n < 600 {
			t.Errorf("%d of %d bytes were enough", n, b.Len())
		}
		c := bytes.Clone(b.Bytes())
		c[n] ^= 0xff
		_, _, _ = Decode(c)
	}
	m := sample()
	m.Buffers[1].Size = 17
	if err := m.Encode(io.Discard); err == nil {
		t.Error("a buffer shorter than promised was written")
	}
	m.Buffers[1].Stream = func(io.Writer) error { return errors.New("no") }
	if err := m.Encode(io.Discard); err == nil {
		t.Error("a buffer that failed was written")
	}
	m = sample()
	m.Operators[0].Inputs[0] = 9
	if err := m.Encode(io.Discard); err == nil {
		t.Error("an index out of range was written")
	}
}

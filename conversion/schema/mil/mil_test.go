package mil

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"slipway/conversion/tensor"
)

func sample() *Model {
	lit := func(t *tensor.Tensor) *Value { return Immediate(t) }
	flag := tensor.New(tensor.Bool, 2)
	flag.Bytes()[1] = 1
	x := Typed{"x", Type{DType: tensor.Float32, Dims: []int64{1, 3}}}
	return &Model{
		Version: 7, About: "a model", Meta: map[string]string{"k": "v"},
		Inputs: []Feature{
			{Name: "x", DType: tensor.Float32, Shape: []int64{1, 3}, Ranges: [][2]int64{{1, 1}, {3, 9}}},
			{Name: "p", Image: &Image{Color: "BGR", Height: 2, Width: 3}},
			{Name: "s", Image: &Image{Color: "GRAY", Height: 2, Width: 3, Sizes: [][2]int64{{2, 3}, {4, 5}}}},
			{Name: "r", Image: &Image{Color: "RGB", Height: 2, Width: 3, Heights: &[2]int64{1, 9}, Widths: &[2]int64{2, 8}}},
		},
		Outputs: []Feature{{Name: "y", DType: tensor.Float16, Shape: []int64{1, 3}}, {Name: "label", Kind: Text}, {Name: "probs", Kind: Scores}},
		Label:   "label", Scores: "probs",
		Main: &Function{Inputs: []Typed{x}, Opset: "CoreML6", Outputs: []string{"y"}, Ops: []*Op{
			{Type: "const", Outputs: []Typed{{"c", Type{DType: tensor.Int32, Dims: []int64{2}}}}, Attrs: []Attr{
				{"name", String("c")},
				{"val", lit(tensor.Of([]int32{-1, 5}, 2))},
				{"f", lit(tensor.Of([]float32{1.5}, 1))},
				{"h", lit(tensor.New(tensor.Float16, 3))},
				{"b", lit(flag)},
				{"q", lit(tensor.Of([]int8{-3}, 1))},
				{"w", &Value{Type: Type{DType: tensor.Float32, Dims: []int64{4, 4}}, Blob: true, Offset: 64}},
			}},
			{
				Type:    "classify",
				Inputs:  []Arg{{"probabilities", []Ref{{Name: "x"}}}, {"classes", []Ref{{Value: Texts([]string{"a", "b", "c"})}}}},
				Outputs: []Typed{{"label", Type{DType: tensor.String, Dims: []int64{}}}, {"probs", Type{DType: tensor.Float64, Dims: []int64{}, Kind: Scores}}},
			},
			{
				Type: "constexpr", Inputs: []Arg{{"i", []Ref{{Value: Packed([]byte{0x4e}, 2, []int{2, 2})}}}, {"u", []Ref{{Value: Immediate(tensor.Of([]uint32{7}, 1))}}}},
			},
			{
				Type: "cast", Inputs: []Arg{{"x", []Ref{{Name: "x"}}}, {"dtype", []Ref{{Value: String("fp16")}}}},
				Outputs: []Typed{{"y", Type{DType: tensor.Float16, Dims: []int64{1, -1}}}},
			},
		}},
	}
}

func TestRoundTrip(t *testing.T) {
	b, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Version != 7 || m.About != "a model" || m.Meta["k"] != "v" || !reflect.DeepEqual(m.Inputs, sample().Inputs) || !reflect.DeepEqual(m.Outputs, sample().Outputs) ||
		m.Label != "label" || m.Scores != "probs" {
		t.Errorf("read %+v", m)
	}
	again, err := Encode(m)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("written again it differs (%v)", err)
	}
	if v := m.Main.Ops[0].Attr("val").Tensor; !tensor.Equal(v, tensor.Of([]int32{-1, 5}, 2)) {
		t.Errorf("integers read as %v", v)
	}
	if v := m.Main.Ops[1].Arg("classes")[0].Value; v.Type.Kind != Text || len(v.Tensor.Strings()) != 3 || v.Tensor.Strings()[2] != "c" {
		t.Errorf("classes read as %+v", v)
	}
	if v := m.Main.Ops[2].Arg("i")[0].Value; v.Type.Bits != 2 || v.Tensor.Bytes()[0] != 0x4e {
		t.Errorf("packed integers read as %+v", v)
	}
	if d := m.Main.Ops[3].Outputs[0].Type.Dims; d[1] != -1 {
		t.Errorf("sizes read as %v", d)
	}
}

func TestDecodeDamaged(t *testing.T) {
	b, _ := Encode(sample())
	for i := range b {
		_, _ = Decode(b[:i]) // must not panic
		c := bytes.Clone(b)
		c[i] ^= 0xff
		_, _ = Decode(c)
	}
	if _, err := Decode(nil); err == nil || !strings.Contains(err.Error(), "no ML Program") {
		t.Errorf("an empty file gives %v", err)
	}
}

func TestBlobs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weight.bin")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewBlobs(f)
	if err != nil {
		t.Fatal(err)
	}
	a, b := tensor.Of([]float32{1, 2, 3}, 3), tensor.Of([]int8{-1, 1}, 2)
	at, err := w.Put(a)
	if err != nil {
		t.Fatal(err)
	}
	bt, err := w.Put(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	data, _ := os.ReadFile(path)
	// Header, record and data take 64 bytes each.
	if at != 64 || bt != 192 || len(data) != 320 || binary.LittleEndian.Uint32(data) != 2 {
		t.Fatalf("records at %d and %d of %d bytes", at, bt, len(data))
	}
	for _, c := range []struct {
		at   uint64
		want *tensor.Tensor
	}{{at, a}, {bt, b}} {
		got, err := Blob(data, c.at, TypeOf(c.want.DType(), c.want.Shape()))
		if err != nil || !tensor.Equal(got, c.want) {
			t.Errorf("read %v (%v), want %v", got, err, c.want)
		}
	}
	for _, c := range []struct {
		at  uint64
		typ Type
		cut int
	}{
		{128, TypeOf(tensor.Float32, []int{3}), 0},
		{at, TypeOf(tensor.Int8, []int{3}), 0},
		{at, TypeOf(tensor.Float32, []int{4}), 0},
		{1 << 60, TypeOf(tensor.Float32, []int{3}), 0},
		{bt, TypeOf(tensor.Int8, []int{2}), 64},
		{at, Type{DType: tensor.Float32, Dims: []int64{-1}}, 0},
	} {
		if got, err := Blob(data[:len(data)-c.cut], c.at, c.typ); err == nil {
			t.Errorf("record %d as %v gives %v", c.at, c.typ, got)
		}
	}
}

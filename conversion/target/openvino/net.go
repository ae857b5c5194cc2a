package openvino

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// layer is one <layer> of the file.
type layer struct {
	id           int
	name         string
	typ, version string
	data         []attr
	in           []port
	out          []outPort
	decompress   bool     // carries the mark of fp16 decompression
	outputName   string   // of a Result: the name of the model's output
	layout       string   // of a Parameter: [N,C,H,W] and the like
	origin       []string // source layers
	bodies       []inner  // of If and Loop
}

type attr struct{ key, value string }

// port is one output of a layer.
type port struct {
	l *layer
	i int
}

type outPort struct {
	dtype tensor.DType // Invalid: left to the reader of the file
	shape ir.Shape
	names []string
}

func (p port) dtype() tensor.DType { return p.l.out[p.i].dtype }

func (p port) shape() ir.Shape { return p.l.out[p.i].shape }

// typeNames maps element types to the attribute and the port spelling.
var typeNames = map[tensor.DType][2]string{
	tensor.Float32: {"f32", "FP32"}, tensor.Float16: {"f16", "FP16"}, tensor.BFloat16: {"bf16", "BF16"}, tensor.Float64: {"f64", "FP64"},
	tensor.Int8: {"i8", "I8"}, tensor.Int16: {"i16", "I16"}, tensor.Int32: {"i32", "I32"}, tensor.Int64: {"i64", "I64"},
	tensor.Uint8: {"u8", "U8"}, tensor.Uint16: {"u16", "U16"}, tensor.Uint32: {"u32", "U32"}, tensor.Uint64: {"u64", "U64"},
	tensor.Bool: {"boolean", "BOOL"}, tensor.Int4: {"i4", "I4"}, tensor.Uint4: {"u4", "U4"},
	tensor.Float8E4M3FN: {"f8e4m3", "F8E4M3"}, tensor.Float8E5M2: {"f8e5m2", "F8E5M2"},
}

// ints joins integers by commas.
func ints(v []int64) string {
	var b strings.Builder
	for i, x := range v {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(x, 10))
	}
	return b.String()
}

func dims(s []int) string {
	v := make([]int64, len(s))
	for i, x := range s {
		v[i] = int64(x)
	}
	return ints(v)
}

// float prints a number so that it reads back as the same binary64.
func float(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func boolean(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// partialShape prints a Parameter's shape: "?" for a size that is not known,
// "..." for a rank that is not known.
func partialShape(s ir.Shape) string {
	if s == nil {
		return "..."
	}
	p := make([]string, len(s))
	for i, d := range s {
		if n, ok := d.Int(); ok {
			p[i] = strconv.FormatInt(n, 10)
		} else {
			p[i] = "?"
		}
	}
	return strings.Join(p, ",")
}

// orDefault is v, or n times def where the list is absent.
func orDefault(v []int64, n int, def int64) []int64 {
	if v != nil {
		return v
	}
	v = make([]int64, n)
	for i := range v {
		v[i] = def
	}
	return v
}

// unsupportedType names the first element type of n that the format lacks.
func unsupportedType(n *ir.Node) string {
	for _, list := range [][]*ir.Value{n.Inputs, n.Outputs} {
		for _, v := range list {
			if v == nil || v.DType == tensor.Invalid {
				continue
			}
			if _, ok := typeNames[v.DType]; !ok {
				return fmt.Sprintf("element type %v of %q does not exist in OpenVINO IR", v.DType, v.Name)
			}
			if v.DType.IsFloat() && v.DType.Bits() == 8 && n.Op != "Cast" {
				return fmt.Sprintf("element type %v of %q is one to store, not to compute in", v.DType, v.Name)
			}
		}
	}
	return ""
}

package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/diag"
	"slipway/conversion/filemap"
	"slipway/conversion/tensor"
)

type tensorProto struct {
	name     string
	dims     []int64
	dtype    int64
	raw      []byte
	hasRaw   bool
	floats   []byte  // float_data, fixed32
	doubles  []byte  // double_data, fixed64
	int32s   []int64 // int32_data
	int64s   []int64
	uint64s  []int64
	strings  [][]byte
	external [][2]string
	location int64
	segment  bool
}

func (d *decoder) tensor(b []byte) (*tensorProto, error) {
	t := &tensorProto{}
	c := d.cursor(b, "TensorProto")
	for c.next() {
		switch c.num {
		case 1:
			t.dims = c.ints(t.dims)
		case 2:
			t.dtype = c.int()
		case 3:
			t.segment = true
		case 4:
			t.floats = c.fixed(t.floats, protowire.Fixed32Type, 4)
		case 5:
			t.int32s = c.ints(t.int32s)
		case 6:
			t.strings = append(t.strings, c.bytes())
		case 7:
			t.int64s = c.ints(t.int64s)
		case 8:
			t.name = c.str()
		case 9:
			t.raw, t.hasRaw = c.bytes(), true
		case 10:
			t.doubles = c.fixed(t.doubles, protowire.Fixed64Type, 8)
		case 11:
			t.uint64s = c.ints(t.uint64s)
		case 13:
			c.sub(func(b []byte) error {
				k, v, err := d.pair(b)
				t.external = append(t.external, [2]string{k, v})
				return err
			})
		case 14:
			t.location = c.int()
		}
	}
	return t, c.err
}

// dtypes maps TensorProto.DataType.
var dtypes = map[int64]tensor.DType{
	1: tensor.Float32, 2: tensor.Uint8, 3: tensor.Int8, 4: tensor.Uint16, 5: tensor.Int16, 6: tensor.Int32,
	7: tensor.Int64, 8: tensor.String, 9: tensor.Bool, 10: tensor.Float16, 11: tensor.Float64, 12: tensor.Uint32,
	13: tensor.Uint64, 14: tensor.Complex64, 15: tensor.Complex128, 16: tensor.BFloat16, 17: tensor.Float8E4M3FN,
	18: tensor.Float8E4M3FNUZ, 19: tensor.Float8E5M2, 20: tensor.Float8E5M2FNUZ, 21: tensor.Uint4, 22: tensor.Int4,
	23: tensor.Float4E2M1, 24: tensor.Float8E8M0, 25: tensor.Uint2, 26: tensor.Int2,
}

// DTypeOf is the element type of a number of TensorProto.DataType, Invalid
// where there is none.
func DTypeOf(dataType int64) tensor.DType { return dtypes[dataType] }

// ReadTensorProto reads one serialised TensorProto. The result may alias b. A
// tensor whose data lie in another file is an error.
func ReadTensorProto(b []byte) (*tensor.Tensor, error) {
	d := &decoder{base: b[:len(b):len(b)]}
	p, err := d.tensor(d.base)
	if err != nil {
		return nil, err
	}
	return p.decode(nil)
}

// decode makes the tensor. ext supplies the bytes of external data; nil refuses
// them.
func (p *tensorProto) decode(ext func(*tensorProto, int) ([]byte, error)) (*tensor.Tensor, error) {
	bad := func(code, format string, args ...any) error {
		return diag.Errorf(code, "tensor %q: %s", clip(p.name), fmt.Sprintf(format, args...))
	}
	dt := DTypeOf(p.dtype)
	if dt == tensor.Invalid {
		return nil, bad("onnx.element-type", "element type %d is not known", p.dtype)
	}
	if p.segment {
		return nil, bad("onnx.segment", "is stored in segments, which no exporter writes")
	}
	shape := make([]int, len(p.dims))
	for i, d := range p.dims {
		if d < 0 || int64(int(d)) != d {
			return nil, bad("onnx.tensor-size", "dimension %d is %d", i, d)
		}
		shape[i] = int(d)
	}
	n, err := tensor.NumElements(shape)
	if err != nil {
		return nil, bad("onnx.tensor-size", "shape %v is too large", p.dims)
	}
	if dt == tensor.String {
		if len(p.strings) != n {
			return nil, bad("onnx.tensor-size", "shape %v needs %d strings, has %d", shape, n, len(p.strings))
		}
		s := make([]string, n)
		for i, b := range p.strings {
			s[i] = string(b)
		}
		return tensor.FromStrings(shape, s)
	}
	var data []byte
	switch {
	case p.location == 1:
		if ext == nil {
			return nil, bad("onnx.external-refused", "its data lie in another file")
		}
		if data, err = ext(p, dt.ByteSize(n)); err != nil {
			return nil, err
		}
	case p.location != 0:
		return nil, bad("onnx.corrupt", "data location %d is not known", p.location)
	case p.hasRaw:
		data = p.raw
	default:
		have := p.typedCount(dt)
		want := n
		if dt.Bits() < 8 {
			want = dt.ByteSize(n)
		} else if dt == tensor.Complex64 || dt == tensor.Complex128 {
			want = 2 * n
		}
		if have != want {
			return nil, bad("onnx.tensor-size", "%v%v needs %d elements, %d are in the file", dt, shape, want, have)
		}
		if data, err = p.typed(dt); err != nil {
			return nil, bad("onnx.tensor-value", "%v", err)
		}
	}
	if want := dt.ByteSize(n); len(data) != want {
		return nil, bad("onnx.tensor-size", "%v%v needs %d bytes, %d are in the file", dt, shape, want, len(data))
	}
	t, err := tensor.FromBytes(dt, shape, data)
	if err != nil {
		return nil, err
	}
	return t.Backed(filemap.Release), nil
}

func (p *tensorProto) typedCount(dt tensor.DType) int {
	switch dt {
	case tensor.Float32, tensor.Complex64:
		return len(p.floats) / 4
	case tensor.Float64, tensor.Complex128:
		return len(p.doubles) / 8
	case tensor.Int64:
		return len(p.int64s)
	case tensor.Uint32, tensor.Uint64:
		return len(p.uint64s)
	}
	return len(p.int32s)
}

// typed packs the typed fields into little-endian bytes.
func (p *tensorProto) typed(dt tensor.DType) ([]byte, error) {
	var v []int64
	switch dt {
	case tensor.Float32, tensor.Complex64:
		return p.floats, nil
	case tensor.Float64, tensor.Complex128:
		return p.doubles, nil
	case tensor.Int64:
		v = p.int64s
	case tensor.Uint32, tensor.Uint64:
		v = p.uint64s
	default:
		v = p.int32s
	}
	w := max(dt.Bits()/8, 1)
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	switch {
	case w == 8:
	case dt.IsSigned() && dt.Bits() >= 8:
		lo, hi = -1<<(dt.Bits()-1), 1<<(dt.Bits()-1)-1
	default:
		lo, hi = 0, 1<<(8*w)-1
		if dt == tensor.Bool {
			hi = 1
		}
		if dt.Bits() < 8 {
			lo = -128 // some writers store the packed byte as signed
		}
	}
	out := make([]byte, w*len(v))
	for i, x := range v {
		if x < lo || x > hi {
			return nil, fmt.Errorf("element %d is %d, which does not fit %v", i, x, dt)
		}
		for b := range w {
			out[i*w+b] = byte(x >> (8 * b))
		}
	}
	return out, nil
}

// clip shortens a name from a file for messages.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

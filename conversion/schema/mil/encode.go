package mil

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/tensor"
)

// Encode gives the bytes of model.mlmodel.
func Encode(m *Model) ([]byte, error) {
	e := &encoder{}
	out := varint(nil, 1, uint64(m.Version))
	out = message(out, 2, e.description(m))
	out = message(out, 502, e.program(m.Main))
	return out, e.err
}

type encoder struct{ err error }

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("mil: "+format, args...)
	}
}

func varint(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func message(b []byte, num protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
}

func text(b []byte, num protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
}

// entry is one field of a map.
func entry(b []byte, num protowire.Number, key string, value []byte) []byte {
	return message(b, num, message(text(nil, 1, key), 2, value))
}

func (e *encoder) description(m *Model) []byte {
	var b []byte
	for _, f := range m.Inputs {
		b = message(b, 1, e.feature(f))
	}
	for _, f := range m.Outputs {
		b = message(b, 10, e.feature(f))
	}
	if m.Label != "" {
		b = text(text(b, 11, m.Label), 12, m.Scores)
	}
	var meta []byte
	if m.About != "" {
		meta = text(meta, 1, m.About)
	}
	for _, k := range slices.Sorted(maps.Keys(m.Meta)) {
		meta = message(meta, 100, text(text(nil, 1, k), 2, m.Meta[k]))
	}
	return message(b, 100, meta)
}

// featureType wraps one kind of FeatureType.
func featureType(name string, kind protowire.Number, body []byte) []byte {
	return message(text(nil, 1, name), 3, message(nil, kind, body))
}

// sizeRange spells a SizeRange.
func sizeRange(r [2]int64) []byte { return varint(varint(nil, 1, uint64(r[0])), 2, uint64(r[1])) }

func (e *encoder) image(f Feature) []byte {
	i := f.Image
	c, ok := colors[i.Color]
	if !ok {
		e.fail("%q: pictures of %q are not possible in the interface", f.Name, i.Color)
	}
	b := varint(varint(varint(nil, 1, uint64(i.Width)), 2, uint64(i.Height)), 3, c)
	if len(i.Sizes) > 0 {
		var list []byte
		for _, s := range i.Sizes {
			list = message(list, 1, varint(varint(nil, 1, uint64(s[1])), 2, uint64(s[0])))
		}
		b = message(b, 21, list)
	} else if i.Heights != nil && i.Widths != nil {
		b = message(b, 31, message(message(nil, 1, sizeRange(*i.Widths)), 2, sizeRange(*i.Heights)))
	}
	return featureType(f.Name, 4, b)
}

func (e *encoder) feature(f Feature) []byte {
	switch {
	case f.Image != nil:
		return e.image(f)
	case f.Kind == Text:
		return featureType(f.Name, 3, nil)
	case f.Kind == Scores:
		return featureType(f.Name, 6, message(nil, 2, nil))
	}
	d, ok := arrayTypes[f.DType]
	if !ok {
		e.fail("%q: an array of %v is not possible in the interface", f.Name, f.DType)
	}
	var shape []byte
	for _, n := range f.Shape {
		shape = protowire.AppendVarint(shape, uint64(n))
	}
	var array []byte
	if len(shape) > 0 {
		array = message(array, 1, shape)
	}
	array = varint(array, 2, d)
	if len(f.Ranges) > 0 {
		var r []byte
		for _, s := range f.Ranges {
			r = message(r, 1, sizeRange(s))
		}
		array = message(array, 31, r)
	}
	return featureType(f.Name, 5, array)
}

func (e *encoder) program(f *Function) []byte {
	return entry(varint(nil, 1, 1), 2, "main", e.function(f))
}

func (e *encoder) function(f *Function) []byte {
	var b []byte
	for _, v := range f.Inputs {
		b = message(b, 1, e.typed(v))
	}
	b = text(b, 2, f.Opset)
	var block []byte
	for _, o := range f.Outputs {
		block = text(block, 2, o)
	}
	for _, o := range f.Ops {
		block = message(block, 3, e.operation(o))
	}
	return entry(b, 3, f.Opset, block)
}

func (e *encoder) typed(v Typed) []byte {
	return message(text(nil, 1, v.Name), 2, e.valueType(v.Type))
}

func (e *encoder) valueType(t Type) []byte {
	switch t.Kind {
	case Text:
		list := message(nil, 1, e.valueType(Type{DType: tensor.String}))
		return message(nil, 2, message(list, 2, message(nil, 1, varint(nil, 1, uint64(t.Dims[0])))))
	case Scores:
		return message(nil, 4, message(message(nil, 1, e.valueType(Type{DType: tensor.String})), 2, e.valueType(Type{DType: tensor.Float64})))
	}
	d, ok := dataTypes[t.DType]
	if t.Bits != 0 {
		d, ok = packedTypes[t.Bits]
	}
	if !ok {
		e.fail("a tensor of %v is not possible", t.DType)
	}
	b := varint(varint(nil, 1, d), 2, uint64(len(t.Dims)))
	for _, n := range t.Dims {
		dim := message(nil, 2, nil)
		if n >= 0 {
			dim = message(nil, 1, varint(nil, 1, uint64(n)))
		}
		b = message(b, 3, dim)
	}
	return message(nil, 1, b)
}

func (e *encoder) operation(o *Op) []byte {
	b := text(nil, 1, o.Type)
	for _, a := range o.Inputs {
		var arg []byte
		for _, r := range a.Refs {
			if r.Value != nil {
				arg = message(arg, 1, message(nil, 2, e.value(r.Value)))
			} else {
				arg = message(arg, 1, text(nil, 1, r.Name))
			}
		}
		b = entry(b, 2, a.Name, arg)
	}
	for _, v := range o.Outputs {
		b = message(b, 3, e.typed(v))
	}
	for _, a := range o.Attrs {
		b = entry(b, 5, a.Name, e.value(a.Value))
	}
	return b
}

// weightFile is how a program names the file of weights.
const weightFile = "@model_path/weights/weight.bin"

func (e *encoder) value(v *Value) []byte {
	b := message(nil, 2, e.valueType(v.Type))
	if v.Blob {
		return message(b, 5, varint(text(nil, 1, weightFile), 2, v.Offset))
	}
	if v.Type.Kind == Text {
		var list []byte
		for _, s := range v.Tensor.Strings() {
			list = message(list, 1, e.value(String(s)))
		}
		return message(b, 3, message(nil, 3, list))
	}
	return message(b, 3, message(nil, 1, e.elements(v.Tensor)))
}

// elements spells a TensorValue.
func (e *encoder) elements(t *tensor.Tensor) []byte {
	var p []byte
	switch d := t.DType(); d {
	case tensor.Float32:
		for _, x := range tensor.View[float32](t) {
			p = protowire.AppendFixed32(p, math.Float32bits(x))
		}
		return message(nil, 1, packed(p))
	case tensor.Int32:
		for _, x := range tensor.View[int32](t) {
			p = protowire.AppendVarint(p, uint64(int64(x)))
		}
		return message(nil, 2, packed(p))
	case tensor.Bool:
		for _, x := range t.Bytes() {
			p = protowire.AppendVarint(p, uint64(min(x, 1)))
		}
		return message(nil, 3, packed(p))
	case tensor.String:
		for _, s := range t.Strings() {
			p = text(p, 1, s)
		}
		return message(nil, 4, p)
	case tensor.Float16, tensor.Int4, tensor.Int8, tensor.Uint8, tensor.Int16, tensor.Uint16, tensor.Uint32:
		return message(nil, 7, message(nil, 1, t.Bytes()))
	default:
		e.fail("a literal of %v is not possible", d)
		return nil
	}
}

func packed(p []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	return message(nil, 1, p)
}

package onnxfile

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// The messages of onnx.proto, appended to a buffer. Field numbers are those of
// the published schema.

func appendInt(b []byte, num protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

func appendString(b []byte, num protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
}

func appendBytes(b []byte, num protowire.Number, s []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), s)
}

func appendFloat(b []byte, num protowire.Number, v float64) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(b, num, protowire.Fixed32Type), math.Float32bits(float32(v)))
}

func num(field int) protowire.Number { return protowire.Number(field) }

func pair(k, v string) []byte { return appendString(appendString(nil, 1, k), 2, v) }

// attribute is one AttributeProto.
func attribute(name string, value any) ([]byte, error) {
	b := appendString(nil, 1, name)
	kind := int64(0)
	switch v := value.(type) {
	case float64:
		b, kind = appendFloat(b, 2, v), 1
	case int64:
		b, kind = appendInt(b, 3, v), 2
	case string:
		b, kind = appendString(b, 4, v), 3
	case *tensor.Tensor:
		b, kind = appendBytes(b, 5, smallTensor("", v)), 4
	case []float64:
		kind = 6
		for _, x := range v {
			b = appendFloat(b, 7, x)
		}
	case []int64:
		kind = 7
		for _, x := range v {
			b = appendInt(b, 8, x)
		}
	case []string:
		kind = 8
		for _, x := range v {
			b = appendString(b, 9, x)
		}
	case *ir.Type:
		b, kind = appendBytes(b, 14, typeProto(*v, false)), 13
	case encoded:
		b, kind = appendBytes(b, num(v.field), v.bytes), v.kind
	default:
		return nil, fmt.Errorf("attribute %q of type %T cannot be written", name, value)
	}
	return appendInt(b, 20, kind), nil
}

// tensorHead is a TensorProto without its data.
func tensorHead(name string, t *tensor.Tensor) []byte {
	var b []byte
	if len(t.Shape()) > 0 {
		var dims []byte
		for _, d := range t.Shape() {
			dims = protowire.AppendVarint(dims, uint64(d))
		}
		b = appendBytes(b, 1, dims)
	}
	b = appendInt(b, 2, op.ONNXType(t.DType()))
	for _, s := range t.Strings() {
		b = appendString(b, 6, s)
	}
	if name != "" {
		b = appendString(b, 8, name)
	}
	return b
}

func smallTensor(name string, t *tensor.Tensor) []byte {
	b := tensorHead(name, t)
	if t.DType() != tensor.String {
		b = appendBytes(b, 9, t.Bytes())
	}
	return b
}

// nodeProto is one NodeProto. inputs and outputs are names, "" where omitted.
func nodeProto(n *ir.Node, f *form, inputs, outputs []string, withProps bool) ([]byte, error) {
	var b []byte
	for _, s := range inputs {
		b = appendString(b, 1, s)
	}
	for _, s := range outputs {
		b = appendString(b, 2, s)
	}
	b = appendString(b, 3, n.Name)
	name := strings.TrimPrefix(f.op, mlPrefix)
	b = appendString(b, 4, name)
	if name != f.op {
		b = appendString(b, 7, mlDomain)
	}
	for _, k := range f.attrs.Keys() {
		a, err := attribute(k, f.attrs[k])
		if err != nil {
			return nil, fmt.Errorf("node %q (%s): %w", n.Name, n.Op, err)
		}
		b = appendBytes(b, 5, a)
	}
	if len(n.Origin) == 0 || slices.Equal(n.Origin, []string{n.Name}) {
		return b, nil
	}
	if withProps {
		return appendBytes(b, 9, pair(OriginKey, originText(n.Origin))), nil
	}
	return appendString(b, 6, "from "+originText(n.Origin)), nil
}

// OriginKey is the key of a node's metadata entry (IR version 10 and later) that
// lists the source layers it came from, as a JSON array.
const OriginKey = "slipway.layers"

func originText(layers []string) string {
	b, err := json.Marshal(layers)
	if err != nil {
		return ""
	}
	return string(b)
}

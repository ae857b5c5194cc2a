package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/diag"
	"slipway/conversion/schema/protofield"
	"slipway/conversion/tensor"
)

// RoundWeights writes a copy of the model at path to the new file to, in which
// every float32 constant holds the nearest half-precision numbers. It works on
// the file's bytes, past reader, passes and writer, so that the copy can judge
// what those make of the model. Numbers beyond half precision's range keep
// their value. Weights in files beside the model are an error.
func RoundWeights(path, to string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("onnx: round weights: %w", err)
	}
	if err := roundIn(b, modelRoads); err != nil {
		return fmt.Errorf("onnx: round weights of %s: %w", path, err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		return fmt.Errorf("onnx: round weights: %w", err)
	}
	return nil
}

// roads lead from a message to the tensors below it, by field number; nil ends
// at a TensorProto.
type roads map[protowire.Number]roads

// Field numbers of onnx.proto.
var modelRoads, graphRoads = roads{}, roads{}

func init() {
	attribute := roads{5: nil, 6: graphRoads, 10: nil, 11: graphRoads}
	node := roads{5: attribute}
	graphRoads[1], graphRoads[5] = node, nil
	modelRoads[7], modelRoads[25] = graphRoads, roads{7: node}
}

func roundIn(b []byte, r roads) error {
	return protofield.Each(b, func(num protowire.Number, _ uint64, p []byte) error {
		below, ok := r[num]
		switch {
		case !ok || p == nil:
			return nil
		case below == nil:
			return roundTensor(p)
		}
		return roundIn(p, below)
	})
}

// roundTensor rounds the elements of a TensorProto of float32 in place.
func roundTensor(b []byte) error {
	isFloat, elements := false, [][]byte{}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return protowire.ParseError(m)
		}
		field := b[n : n+m]
		switch {
		case num == 2 && typ == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(field)
			isFloat = v == 1
		case num == 14 && typ == protowire.VarintType:
			if v, _ := protowire.ConsumeVarint(field); v == 1 {
				return diag.Errorf("onnx.external-data", "a weight lies in another file")
			}
		case (num == 4 || num == 9) && typ == protowire.BytesType:
			v, _ := protowire.ConsumeBytes(field)
			elements = append(elements, v)
		case num == 4 && typ == protowire.Fixed32Type:
			elements = append(elements, field)
		}
		b = b[n+m:]
	}
	if !isFloat {
		return nil
	}
	for _, e := range elements {
		for ; len(e) >= 4; e = e[4:] {
			x := math.Float32frombits(binary.LittleEndian.Uint32(e))
			if y := tensor.Float16ToFloat32(tensor.Float32ToFloat16(x)); !math.IsInf(float64(y), 0) {
				binary.LittleEndian.PutUint32(e, math.Float32bits(y))
			}
		}
	}
	return nil
}

package onnx

import (
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/diag"
	"slipway/conversion/filemap"
	"slipway/conversion/schema/protofield"
	"slipway/conversion/tensor"
)

// Maker is the node that computes a tensor: its name, its operator, what it reads, and,
// of a Cast, the element type that it gives.
type Maker struct {
	Name, Op string
	Reads    []string
	To       tensor.DType
}

// Makers are the nodes of the main graph of the model at path, by the tensors that
// they compute. As RoundWeights does, it reads the file's bytes, past the reader.
func Makers(path string) (map[string]Maker, error) {
	f, err := filemap.Open(path, false)
	if err != nil {
		return nil, fmt.Errorf("onnx: makers: %w", err)
	}
	defer f.Close()
	makers := map[string]Maker{}
	err = eachIn(f.Bytes(), nodes, func(p []byte) error {
		var m Maker
		var gives []string
		err := protofield.Each(p, func(num protowire.Number, _ uint64, p []byte) error {
			switch {
			case num == 1 && len(p) > 0:
				m.Reads = append(m.Reads, string(p))
			case num == 2 && len(p) > 0:
				gives = append(gives, string(p))
			case num == 3:
				m.Name = string(p)
			case num == 4:
				m.Op = string(p)
			case num == 5:
				return m.attribute(p)
			}
			return nil
		})
		if m.Op != "Cast" {
			m.To = tensor.Invalid
		}
		for _, name := range gives {
			makers[name] = m
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("onnx: makers of %s: %w", path, err)
	}
	return makers, nil
}

// attribute reads an AttributeProto.
func (m *Maker) attribute(b []byte) error {
	to, name := uint64(0), ""
	err := protofield.Each(b, func(num protowire.Number, v uint64, p []byte) error {
		switch num {
		case 1:
			name = string(p)
		case 3:
			to = v
		}
		return nil
	})
	if name == "to" {
		m.To = DTypeOf(int64(to))
	}
	return err
}

// controls are as many as the control characters that no name begins with that people
// write, but the one of zero; two of them number the tensors that WithInputs turns into
// inputs, mostGiven at the most.
const (
	controls  = 31
	mostGiven = controls * controls
)

// WithInputs writes a copy of the model at path to the new file to that takes the
// tensors, at most 961, as further inputs of the types and shapes of values, in this
// order behind its own, instead of computing them. It changes the names of the
// outputs that nodes give and nothing else of the file's bytes. A tensor that no node
// of the main graph computes, and weights in files beside the model, are errors.
func WithInputs(path, to string, tensors []string, values []*tensor.Tensor) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("onnx: with inputs: %w", err)
	}
	if len(tensors) > mostGiven || len(values) != len(tensors) {
		return fmt.Errorf("onnx: with inputs: %d tensors, %d values", len(tensors), len(values))
	}
	found := map[string]bool{}
	err = eachIn(b, nodes, func(p []byte) error {
		return protofield.Each(p, func(num protowire.Number, _ uint64, p []byte) error {
			for i, name := range tensors {
				if num != 2 || string(p) != name {
					continue
				}
				found[name], p[0] = i < controls || len(p) > 1, byte(i%controls+1)
				if i >= controls && len(p) > 1 {
					p[1] = byte(i / controls)
				}
				break
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("onnx: with inputs: %s: %w", path, err)
	}
	outside := false
	err = eachIn(b, initializers, func(p []byte) error {
		return protofield.Each(p, func(num protowire.Number, v uint64, _ []byte) error {
			outside = outside || num == 14 && v == 1
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("onnx: with inputs: %s: %w", path, err)
	}
	if outside {
		return diag.Errorf("onnx.external-data", "a weight lies in another file")
	}
	var g []byte
	for i, name := range tensors {
		elem, ok := dataTypes[values[i].DType()]
		if !ok || !found[name] {
			return fmt.Errorf("onnx: with inputs: no node of %s gives %q of %v", path, name, values[i].DType())
		}
		g = message(g, 11, inputInfo(name, elem, values[i].Shape()))
	}
	// A parser merges messages that follow one another: this adds the inputs.
	if err := os.WriteFile(to, message(b, 7, g), 0o600); err != nil {
		return fmt.Errorf("onnx: with inputs: %w", err)
	}
	return nil
}

// dataTypes are the numbers of TensorProto.DataType by element type.
var dataTypes = map[tensor.DType]uint64{}

func init() {
	for number, d := range dtypes {
		dataTypes[d] = uint64(number)
	}
}

func message(b []byte, num protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
}

func varint(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

// inputInfo is the ValueInfoProto of a tensor.
func inputInfo(name string, elem uint64, shape []int) []byte {
	var dims []byte
	for _, d := range shape {
		dims = message(dims, 1, varint(nil, 1, uint64(d)))
	}
	return message(message(nil, 1, []byte(name)), 2, message(nil, 1, message(varint(nil, 1, elem), 2, dims)))
}

// Fields of a GraphProto.
const (
	nodes        protowire.Number = 1
	initializers protowire.Number = 5
)

// eachIn calls f for every message of a field of the main graph of a ModelProto.
func eachIn(model []byte, field protowire.Number, f func(message []byte) error) error {
	return protofield.Each(model, func(num protowire.Number, _ uint64, graph []byte) error {
		if num != 7 {
			return nil
		}
		return protofield.Each(graph, func(num protowire.Number, _ uint64, p []byte) error {
			if num != field {
				return nil
			}
			return f(p)
		})
	})
}

package conformance

import (
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/ir"
	"slipway/conversion/schema/protofield"
	"slipway/conversion/tensor"
)

// raw is a case's own file with its values, without our reader in between:
// what a vendor's own reader makes of it is the measure for ours.
func raw(c testCase) (artefact, error) {
	a := artefact{path: c.model}
	b, err := os.ReadFile(c.model)
	if err != nil {
		return a, err
	}
	g := ir.New("raw")
	given := map[string]bool{}
	var inputs []*ir.Value
	// ModelProto.graph = 7; GraphProto.initializer = 5, input = 11, output = 12.
	err = protofield.Each(b, func(num protowire.Number, _ uint64, m []byte) error {
		if num != 7 {
			return nil
		}
		return protofield.Each(m, func(num protowire.Number, _ uint64, m []byte) error {
			switch num {
			case 5:
				given[text(m, 8)] = true
			case 11:
				v, err := describe(m)
				inputs = append(inputs, v)
				return err
			case 12:
				v, err := describe(m)
				g.Outputs = append(g.Outputs, v)
				return err
			}
			return nil
		})
	})
	if err != nil {
		return a, err
	}
	for _, v := range inputs {
		if !given[v.Name] {
			g.Inputs = append(g.Inputs, v)
			a.names = append(a.names, v.Name)
		}
	}
	a.in, a.want, err = c.values(g)
	a.names = a.names[:min(len(a.names), len(a.in))]
	return a, err
}

// text is a string field of a message, "" where it has none.
func text(b []byte, field protowire.Number) string {
	s := ""
	_ = protofield.Each(b, func(num protowire.Number, _ uint64, m []byte) error {
		if num == field {
			s = string(m)
		}
		return nil
	})
	return s
}

// describe reads a ValueInfoProto (name = 1, type = 2) as far as reading a value
// needs: whether it is a tensor (TypeProto.tensor_type = 1, with shape = 2), a
// sequence (4) or an optional value (9).
func describe(b []byte) (*ir.Value, error) {
	v := &ir.Value{Name: text(b, 1), DType: tensor.Invalid}
	return v, protofield.Each(b, func(num protowire.Number, _ uint64, m []byte) error {
		if num != 2 {
			return nil
		}
		return protofield.Each(m, func(num protowire.Number, _ uint64, m []byte) error {
			switch num {
			case 1:
				v.Shape = dims(m)
			case 4:
				v.DType = tensor.Sequence
			case 9:
				v.DType = tensor.Optional
			}
			return nil
		})
	})
}

// dims reads the sizes of TypeProto.Tensor (shape = 2, dim = 1, dim_value = 1).
func dims(b []byte) ir.Shape {
	s := ir.Shape{}
	_ = protofield.Each(b, func(num protowire.Number, _ uint64, m []byte) error {
		if num != 2 {
			return nil
		}
		return protofield.Each(m, func(num protowire.Number, _ uint64, m []byte) error {
			if num == 1 {
				s = append(s, ir.Static(size(m)))
			}
			return nil
		})
	})
	return s
}

func size(b []byte) int64 {
	num, kind, n := protowire.ConsumeTag(b)
	if n < 0 || num != 1 || kind != protowire.VarintType {
		return 1
	}
	v, n := protowire.ConsumeVarint(b[n:])
	if n < 0 {
		return 1
	}
	return int64(v)
}

// isRaw tells the columns of the vendors' own readers.
func isRaw(column string) bool { return strings.HasSuffix(column, "_raw") }

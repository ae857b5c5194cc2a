package mil

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/schema/protofield"
	"slipway/conversion/tensor"
)

// fields walks a message. f gets each field: v is a varint or fixed number, p
// the bytes of a length-delimited one.
func fields(b []byte, what string, f func(num protowire.Number, v uint64, p []byte) error) error {
	err := protofield.Flat(b, f)
	if errors.Is(err, protofield.ErrMalformed) {
		return fmt.Errorf("mil: %s: %w", what, err)
	}
	return err
}

// keyed splits a map's entry.
func keyed(b []byte, what string) (key string, value []byte, err error) {
	err = fields(b, what, func(num protowire.Number, _ uint64, p []byte) error {
		switch num {
		case 1:
			key = string(p)
		case 2:
			value = p
		}
		return nil
	})
	return key, value, err
}

// Decode reads model.mlmodel. Literals may alias b.
func Decode(b []byte) (*Model, error) {
	m := &Model{Meta: map[string]string{}}
	err := fields(b, "Model", func(num protowire.Number, v uint64, p []byte) error {
		switch num {
		case 1:
			m.Version = int(v)
		case 2:
			return m.description(p)
		case 502:
			return m.program(p)
		case 10:
			return nil // isUpdatable
		default:
			return fmt.Errorf("mil: the model is of kind %d, which is no ML Program", num)
		}
		return nil
	})
	if err == nil && m.Main == nil {
		err = fmt.Errorf("mil: the model has no ML Program")
	}
	return m, err
}

func (m *Model) description(b []byte) error {
	return fields(b, "ModelDescription", func(num protowire.Number, _ uint64, p []byte) error {
		switch num {
		case 1, 10:
			f, err := feature(p)
			if err != nil {
				return err
			}
			if num == 1 {
				m.Inputs = append(m.Inputs, f)
			} else {
				m.Outputs = append(m.Outputs, f)
			}
		case 11:
			m.Label = string(p)
		case 12:
			m.Scores = string(p)
		case 100:
			return m.metadata(p)
		}
		return nil
	})
}

func (m *Model) metadata(b []byte) error {
	return fields(b, "Metadata", func(num protowire.Number, _ uint64, p []byte) error {
		switch num {
		case 1:
			m.About = string(p)
		case 100:
			k, v, err := keyed(p, "Metadata")
			m.Meta[k] = string(v)
			return err
		}
		return nil
	})
}

// varints are the numbers of a packed field, or the one of an unpacked.
func varints(p []byte, v uint64) ([]int64, error) {
	if p == nil {
		return []int64{int64(v)}, nil
	}
	var out []int64
	for len(p) > 0 {
		x, n := protowire.ConsumeVarint(p)
		if n < 0 {
			return nil, fmt.Errorf("mil: packed numbers: %w", protowire.ParseError(n))
		}
		out = append(out, int64(x))
		p = p[n:]
	}
	return out, nil
}

func (m *Model) program(b []byte) error {
	return fields(b, "Program", func(num protowire.Number, _ uint64, p []byte) error {
		if num != 2 {
			return nil
		}
		name, body, err := keyed(p, "Program")
		if err != nil {
			return err
		}
		if name != "main" || m.Main != nil {
			return fmt.Errorf("mil: programs of several functions are not read (%q)", name)
		}
		m.Main, err = function(body)
		return err
	})
}

func function(b []byte) (*Function, error) {
	f := &Function{}
	var blocks [][]byte
	err := fields(b, "Function", func(num protowire.Number, _ uint64, p []byte) error {
		switch num {
		case 1:
			v, err := typed(p)
			f.Inputs = append(f.Inputs, v)
			return err
		case 2:
			f.Opset = string(p)
		case 3:
			_, body, err := keyed(p, "Function")
			blocks = append(blocks, body)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(blocks) != 1 {
		return nil, fmt.Errorf("mil: the function has %d blocks, one is expected", len(blocks))
	}
	return f, fields(blocks[0], "Block", func(num protowire.Number, _ uint64, p []byte) error {
		switch num {
		case 2:
			f.Outputs = append(f.Outputs, string(p))
		case 3:
			o, err := operation(p)
			f.Ops = append(f.Ops, o)
			return err
		}
		return nil
	})
}

func typed(b []byte) (Typed, error) {
	var t Typed
	err := fields(b, "NamedValueType", func(num protowire.Number, _ uint64, p []byte) (err error) {
		switch num {
		case 1:
			t.Name = string(p)
		case 2:
			t.Type, err = valueType(p)
		}
		return err
	})
	if err != nil && t.Name != "" {
		err = fmt.Errorf("%w (%q)", err, t.Name)
	}
	return t, err
}

func valueType(b []byte) (Type, error) {
	t := Type{Dims: []int64{}}
	rank := uint64(0)
	err := fields(b, "ValueType", func(num protowire.Number, _ uint64, p []byte) error {
		switch num {
		case 1:
		case 2:
			rank = 1
			return t.list(p)
		case 4:
			t.Kind, t.DType = Scores, tensor.Float64
			return nil
		default:
			return fmt.Errorf("mil: a value of kind %d is no tensor", num)
		}
		return fields(p, "TensorType", func(num protowire.Number, v uint64, p []byte) error {
			switch num {
			case 1:
				if t.DType, t.Bits = dataType(v); t.DType == tensor.Invalid {
					return fmt.Errorf("mil: element type %d is not read", v)
				}
			case 2:
				rank = v
			case 3:
				return t.dimension(p)
			}
			return nil
		})
	})
	if err == nil && rank != uint64(len(t.Dims)) {
		err = fmt.Errorf("mil: a tensor of rank %d has %d sizes", rank, len(t.Dims))
	}
	return t, err
}

// list reads a ListType, of texts.
func (t *Type) list(b []byte) error {
	t.Kind, t.DType = Text, tensor.String
	return fields(b, "ListType", func(num protowire.Number, _ uint64, p []byte) error {
		if num == 2 {
			return t.dimension(p)
		}
		of, err := valueType(p)
		if err == nil && (of.DType != tensor.String || len(of.Dims) != 0 || of.Kind != Tensor) {
			err = fmt.Errorf("mil: a list of %v is not read", of.DType)
		}
		return err
	})
}

func (t *Type) dimension(b []byte) error {
	size := int64(0) // an empty ConstantDimension is 0 in proto3
	err := fields(b, "Dimension", func(num protowire.Number, _ uint64, p []byte) error {
		if num == 2 {
			size = -1
			return nil
		}
		return fields(p, "ConstantDimension", func(_ protowire.Number, v uint64, _ []byte) error {
			if v > math.MaxInt32 {
				return fmt.Errorf("mil: a size of %d", v)
			}
			size = int64(v)
			return nil
		})
	})
	t.Dims = append(t.Dims, size)
	return err
}

func operation(b []byte) (*Op, error) {
	o := &Op{}
	err := fields(b, "Operation", func(num protowire.Number, _ uint64, p []byte) error {
		switch num {
		case 1:
			o.Type = string(p)
		case 2:
			name, body, err := keyed(p, "Operation")
			if err != nil {
				return err
			}
			a := Arg{Name: name}
			err = fields(body, "Argument", func(_ protowire.Number, _ uint64, p []byte) error {
				r, err := binding(p)
				a.Refs = append(a.Refs, r)
				return err
			})
			o.Inputs = append(o.Inputs, a)
			return err
		case 3:
			v, err := typed(p)
			o.Outputs = append(o.Outputs, v)
			return err
		case 4:
			return fmt.Errorf("mil: operation %q has nested blocks, which are not read", o.Type)
		case 5:
			name, body, err := keyed(p, "Operation")
			if err != nil {
				return err
			}
			v, err := value(body)
			o.Attrs = append(o.Attrs, Attr{name, v})
			return err
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("%w (operation %q)", err, o.Type)
	}
	return o, err
}

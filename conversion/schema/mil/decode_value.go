package mil

import (
	"encoding/binary"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/tensor"
)

func binding(b []byte) (Ref, error) {
	var r Ref
	err := fields(b, "Binding", func(num protowire.Number, _ uint64, p []byte) (err error) {
		switch num {
		case 1:
			r.Name = string(p)
		case 2:
			r.Value, err = value(p)
		}
		return err
	})
	return r, err
}

func value(b []byte) (*Value, error) {
	v := &Value{}
	var immediate []byte
	err := fields(b, "Value", func(num protowire.Number, _ uint64, p []byte) (err error) {
		switch num {
		case 2:
			v.Type, err = valueType(p)
		case 3:
			immediate = append([]byte{}, p...)
		case 5:
			v.Blob = true
			return fields(p, "BlobFileValue", func(num protowire.Number, n uint64, p []byte) error {
				if num == 2 {
					v.Offset = n
				} else if string(p) != weightFile {
					return fmt.Errorf("mil: weights in %q are not read", p)
				}
				return nil
			})
		}
		return err
	})
	if err != nil || v.Blob {
		return v, err
	}
	err = fields(immediate, "ImmediateValue", func(num protowire.Number, _ uint64, p []byte) error {
		if num == 3 && v.Type.Kind == Text {
			return v.texts(p)
		}
		if num != 1 {
			return fmt.Errorf("mil: a literal of kind %d is no tensor", num)
		}
		return v.elements(p)
	})
	if err == nil && v.Tensor == nil {
		err = fmt.Errorf("mil: a literal has no elements")
	}
	return v, err
}

// texts reads a ListValue of texts.
func (v *Value) texts(b []byte) error {
	var list []string
	err := fields(b, "ListValue", func(_ protowire.Number, _ uint64, p []byte) error {
		item, err := value(p)
		if err == nil && (item.Tensor == nil || item.Tensor.DType() != tensor.String || item.Tensor.Len() != 1) {
			err = fmt.Errorf("mil: an item of a list is no text")
		}
		if err == nil {
			list = append(list, item.Tensor.Strings()[0])
		}
		return err
	})
	if err == nil && int64(len(list)) != v.Type.Dims[0] {
		err = fmt.Errorf("mil: a list of %d has %d items", v.Type.Dims[0], len(list))
	}
	if err == nil {
		v.Tensor, err = tensor.FromStrings([]int{len(list)}, list)
	}
	return err
}

// elements reads a TensorValue.
func (v *Value) elements(b []byte) error {
	shape, ok := v.Type.Shape()
	if !ok {
		return fmt.Errorf("mil: a literal of unknown size")
	}
	kinds := map[protowire.Number]bool{}
	var raw []byte
	var ints []int64
	var words []string
	err := fields(b, "TensorValue", func(num protowire.Number, _ uint64, p []byte) error {
		kinds[num] = true
		return fields(p, "TensorValue", func(_ protowire.Number, n uint64, q []byte) (err error) {
			switch num {
			case 1:
				if q == nil {
					q = binary.LittleEndian.AppendUint32(nil, uint32(n))
				}
				raw = append(raw, q...)
			case 2, 3:
				var x []int64
				x, err = varints(q, n)
				ints = append(ints, x...)
			case 4:
				words = append(words, string(q))
			case 7:
				raw = append(raw, q...)
			default:
				err = fmt.Errorf("mil: a literal of kind %d is not read", num)
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	d := v.Type.DType
	switch {
	case kinds[7] && v.Type.Bits != 0:
		if n, e := tensor.NumElements(shape); e != nil || len(raw) != (n*v.Type.Bits+7)/8 {
			return fmt.Errorf("mil: %v integers of %d bits in %d bytes", shape, v.Type.Bits, len(raw))
		}
		v.Tensor, err = tensor.FromBytes(d, []int{len(raw)}, slices.Clip(raw))
	case kinds[4] && d == tensor.String:
		v.Tensor, err = tensor.FromStrings(shape, words)
	case kinds[2] && d.IsInt() || kinds[3] && d == tensor.Bool:
		if n, e := tensor.NumElements(shape); e != nil || n != len(ints) {
			return fmt.Errorf("mil: a literal of shape %v has %d elements", shape, len(ints))
		}
		if d == tensor.Bool {
			t := tensor.New(d, shape...)
			for i, x := range ints {
				t.Bytes()[i] = byte(min(max(x, 0), 1))
			}
			v.Tensor = t
			return nil
		}
		v.Tensor, err = tensor.FromInt64s(d, ints, shape...)
	case kinds[1] && d == tensor.Float32 || kinds[7]:
		v.Tensor, err = tensor.FromBytes(d, shape, slices.Clip(raw))
	default:
		return fmt.Errorf("mil: a literal of %v is not spelled as one", d)
	}
	return err
}

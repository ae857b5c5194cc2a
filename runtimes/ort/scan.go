package ort

import (
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/schema/protofield"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// The binding tells a model's inputs and outputs only by opening it a second
// time, so they are read from the file instead: names and declared types, past
// nodes and weights without touching them.

type dim struct {
	size  int64  // -1 where unknown
	param string // the symbolic name, "" where there is none
}

type value struct {
	name   string
	elem   int32 // TensorProto.DataType; 0: unknown or not a tensor
	ranked bool
	dims   []dim
}

func (v value) io() runtimes.IO {
	io := runtimes.IO{Name: v.name, DType: elementTypes[v.elem]}
	if v.ranked {
		io.Shape = make([]int, len(v.dims))
		for i, d := range v.dims {
			io.Shape[i] = int(d.size)
		}
	}
	return io
}

type graph struct {
	inputs, outputs, inner []value
	initializers           map[string]bool
	external               bool // some weights lie in other files
}

// elementTypes maps TensorProto.DataType (onnx.proto), which is also
// ONNXTensorElementDataType, to tensor types.
var elementTypes = map[int32]tensor.DType{
	1: tensor.Float32, 2: tensor.Uint8, 3: tensor.Int8, 4: tensor.Uint16, 5: tensor.Int16, 6: tensor.Int32,
	7: tensor.Int64, 8: tensor.String, 9: tensor.Bool, 10: tensor.Float16, 11: tensor.Float64,
	12: tensor.Uint32, 13: tensor.Uint64, 16: tensor.BFloat16, 17: tensor.Float8E4M3FN,
	18: tensor.Float8E4M3FNUZ, 19: tensor.Float8E5M2, 20: tensor.Float8E5M2FNUZ, 21: tensor.Uint4, 22: tensor.Int4,
}

// maxValueInfo bounds one input's description; a longer one is a broken file.
const maxValueInfo = 1 << 20

var errWire = errors.New("not a protobuf message")

func scanFile(path string) (*graph, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	s := &scanner{r: f, g: &graph{initializers: map[string]bool{}}}
	found := false
	err = s.fields(0, st.Size(), func(num protowire.Number, off, end int64) error {
		if num != 7 {
			return nil
		}
		found = true
		return s.graph(off, end)
	})
	if err == nil && !found {
		err = errors.New("the file holds no graph")
	}
	return s.g, err
}

type scanner struct {
	r   io.ReaderAt
	g   *graph
	buf [4096]byte
	pos int64 // file offset of buf[0]
	n   int   // valid bytes of buf
}

// peek returns the bytes at off, at least min(16, end-off) of them.
func (s *scanner) peek(off, end int64) ([]byte, error) {
	want := min(16, end-off)
	if off < s.pos || off+want > s.pos+int64(s.n) {
		n, err := s.r.ReadAt(s.buf[:], off)
		if int64(n) < want {
			return nil, errors.Join(io.ErrUnexpectedEOF, err)
		}
		s.pos, s.n = off, n
	}
	b := s.buf[off-s.pos : s.n]
	return b[:min(int64(len(b)), end-off)], nil
}

// fields calls f for every length-delimited field of the message in [off,end)
// and for every varint with its value as off and -1 as end.
func (s *scanner) fields(off, end int64, f func(num protowire.Number, off, end int64) error) error {
	for off < end {
		b, err := s.peek(off, end)
		if err != nil {
			return err
		}
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		off, b = off+int64(n), b[n:]
		if kind != protowire.BytesType && kind != protowire.VarintType {
			if n = protowire.ConsumeFieldValue(num, kind, b); n < 0 {
				return errWire
			}
			off += int64(n)
			continue
		}
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return errWire
		}
		off += int64(n)
		if kind == protowire.VarintType {
			err = f(num, int64(v), -1)
		} else {
			if v > uint64(end-off) {
				return io.ErrUnexpectedEOF
			}
			err = f(num, off, off+int64(v))
			off += int64(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) read(off, end int64) ([]byte, error) {
	if end < off || end-off > maxValueInfo {
		return nil, errWire
	}
	b := make([]byte, end-off)
	_, err := s.r.ReadAt(b, off)
	if err == io.EOF {
		err = nil
	}
	return b, err
}

func (s *scanner) graph(off, end int64) error {
	err := s.fields(off, end, func(num protowire.Number, off, end int64) error {
		var list *[]value
		switch num {
		case 5:
			return s.initializer(off, end)
		case 11:
			list = &s.g.inputs
		case 12:
			list = &s.g.outputs
		case 13:
			list = &s.g.inner
		default:
			return nil
		}
		b, err := s.read(off, end)
		if err != nil {
			return err
		}
		v, err := readValue(b)
		*list = append(*list, v)
		return err
	})
	if err != nil {
		return err
	}
	// An input that has an initializer is a default, not something to feed.
	kept := s.g.inputs[:0]
	for _, v := range s.g.inputs {
		if !s.g.initializers[v.name] {
			kept = append(kept, v)
		}
	}
	s.g.inputs = kept
	return nil
}

func (s *scanner) initializer(off, end int64) error {
	return s.fields(off, end, func(num protowire.Number, off, end int64) error {
		switch num {
		case 8:
			b, err := s.read(off, end)
			s.g.initializers[string(b)] = true
			return err
		case 14:
			s.g.external = s.g.external || end == -1 && off == 1
		}
		return nil
	})
}

func readValue(b []byte) (value, error) {
	var v value
	err := protofield.Each(b, func(num protowire.Number, _ uint64, sub []byte) error {
		switch num {
		case 1:
			v.name = string(sub)
		case 2:
			return protofield.Each(sub, func(num protowire.Number, _ uint64, sub []byte) error {
				if num != 1 {
					return nil
				}
				return protofield.Each(sub, v.tensorType)
			})
		}
		return nil
	})
	return v, err
}

// tensorType reads one field of TypeProto.Tensor.
func (v *value) tensorType(num protowire.Number, x uint64, sub []byte) error {
	switch num {
	case 1:
		v.elem = int32(x)
	case 2:
		v.ranked = true
		return protofield.Each(sub, func(num protowire.Number, _ uint64, sub []byte) error {
			if num != 1 {
				return nil
			}
			d := dim{size: -1}
			err := protofield.Each(sub, func(num protowire.Number, x uint64, sub []byte) error {
				switch num {
				case 1:
					d.size = int64(x)
				case 2:
					d.param = string(sub)
				}
				return nil
			})
			if d.size < 0 || d.param != "" {
				d.size = -1
			}
			v.dims = append(v.dims, d)
			return err
		})
	}
	return nil
}

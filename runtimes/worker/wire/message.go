package wire

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/schema/protofield"
	"slipway/conversion/tensor"
)

// Kind says what a message is.
type Kind uint32

// The kinds. Requests carry an ID that the answers to them repeat.
const (
	Hello     Kind = iota + 1 // guest: JSON is HelloBody
	Info                      // host
	Check                     // host
	Open                      // host: JSON is OpenBody
	Run                       // host: Session, Tensors
	Time                      // host: Session, Tensors, JSON is runtimes.Timing
	Trace                     // host: Session
	Close                     // host: Session
	Job                       // host: Text is the job's kind, Payload its input
	Cancel                    // host: ID is that of the request to cancel
	Result                    // guest: the answer to ID
	Failure                   // guest: ID failed, JSON is FailureBody
	Progress                  // guest: Payload is one progress report of job ID
	Heartbeat                 // guest: JSON is BeatBody
)

// Message is one frame. Unused fields stay empty.
type Message struct {
	ID      uint64
	Kind    Kind
	Session uint64
	Text    string
	JSON    []byte
	Payload []byte
	Tensors []*tensor.Tensor
}

// The message's field numbers. Numbers that a reader does not know are skipped.
const (
	fieldID      protowire.Number = 1
	fieldKind    protowire.Number = 2
	fieldSession protowire.Number = 3
	fieldText    protowire.Number = 4
	fieldJSON    protowire.Number = 5
	fieldPayload protowire.Number = 6
	fieldTensor  protowire.Number = 7
	fieldPad     protowire.Number = 15

	tensorDType   protowire.Number = 1
	tensorShape   protowire.Number = 2 // packed
	tensorStrings protowire.Number = 3
	tensorData    protowire.Number = 4
)

// align is the alignment of tensor data inside a frame's body, so that a
// reader whose buffer is aligned need not copy elements.
const align = 8

// segments encodes m as a list of byte slices whose concatenation is the body:
// tensor data and payload stand in it as they are, without being copied.
func (m *Message) segments() (list [][]byte, size int) {
	var b []byte
	add := func(big []byte) {
		list = append(list, b, big)
		size += len(b) + len(big)
		b = nil
	}
	varint := func(num protowire.Number, v uint64) {
		if v != 0 {
			b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
		}
	}
	varint(fieldID, m.ID)
	varint(fieldKind, uint64(m.Kind))
	varint(fieldSession, m.Session)
	if m.Text != "" {
		b = protowire.AppendString(protowire.AppendTag(b, fieldText, protowire.BytesType), m.Text)
	}
	if m.JSON != nil {
		b = protowire.AppendBytes(protowire.AppendTag(b, fieldJSON, protowire.BytesType), m.JSON)
	}
	if m.Payload != nil {
		b = protowire.AppendTag(b, fieldPayload, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(len(m.Payload)))
		add(m.Payload)
	}
	for _, t := range m.Tensors {
		head := tensorHead(t)
		data := t.Bytes()
		prefix := protowire.AppendTag(nil, fieldTensor, protowire.BytesType)
		prefix = protowire.AppendVarint(prefix, uint64(len(head)+len(data)))
		prefix = append(prefix, head...)
		// A pad field is its tag, its length and the zeros.
		pad := -(size + len(b) + 2 + len(prefix)) & (align - 1)
		b = protowire.AppendBytes(protowire.AppendTag(b, fieldPad, protowire.BytesType), make([]byte, pad))
		b = append(b, prefix...)
		add(data)
	}
	list = append(list, b)
	return list, size + len(b)
}

// tensorHead is a tensor's message up to and without the data's bytes.
func tensorHead(t *tensor.Tensor) []byte {
	b := protowire.AppendVarint(protowire.AppendTag(nil, tensorDType, protowire.VarintType), uint64(t.DType()))
	var dims []byte
	for _, d := range t.Shape() {
		dims = protowire.AppendVarint(dims, uint64(d))
	}
	b = protowire.AppendBytes(protowire.AppendTag(b, tensorShape, protowire.BytesType), dims)
	for _, s := range t.Strings() {
		b = protowire.AppendString(protowire.AppendTag(b, tensorStrings, protowire.BytesType), s)
	}
	if t.DType() != tensor.String {
		b = protowire.AppendTag(b, tensorData, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(len(t.Bytes())))
	}
	return b
}

var errMalformed = errors.New("wire: malformed message")

// Decode reads a body. The message aliases it.
func Decode(body []byte) (*Message, error) {
	m := &Message{}
	err := protofield.Each(body, func(num protowire.Number, v uint64, sub []byte) error {
		switch num {
		case fieldID:
			m.ID = v
		case fieldKind:
			m.Kind = Kind(v)
		case fieldSession:
			m.Session = v
		case fieldText:
			m.Text = string(sub)
		case fieldJSON:
			m.JSON = sub
		case fieldPayload:
			m.Payload = sub
		case fieldTensor:
			t, err := decodeTensor(sub)
			if err != nil {
				return err
			}
			m.Tensors = append(m.Tensors, t)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if m.Kind < Hello || m.Kind > Heartbeat {
		return nil, fmt.Errorf("wire: unknown kind of message %d", m.Kind)
	}
	return m, nil
}

func decodeTensor(b []byte) (*tensor.Tensor, error) {
	var dtype tensor.DType
	var shape []int
	var strings []string
	data := []byte{}
	err := protofield.Each(b, func(num protowire.Number, v uint64, sub []byte) error {
		switch num {
		case tensorDType:
			if v > uint64(tensor.Complex128) {
				return errMalformed
			}
			dtype = tensor.DType(v)
		case tensorShape:
			for len(sub) > 0 {
				d, n := protowire.ConsumeVarint(sub)
				if n < 0 || d > tensor.MaxElements {
					return errMalformed
				}
				shape, sub = append(shape, int(d)), sub[n:]
			}
		case tensorStrings:
			strings = append(strings, string(sub))
		case tensorData:
			data = sub
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if dtype == tensor.String {
		return tensor.FromStrings(shape, strings)
	}
	return tensor.FromBytes(dtype, shape, data)
}

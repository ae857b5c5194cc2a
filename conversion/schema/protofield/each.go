package protofield

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed is what every error about the bytes of a message wraps.
var ErrMalformed = errors.New("malformed protobuf message")

// Each calls f for every field of the message b, in order: v is a varint or the
// bits of a fixed number; p is the content of a length-delimited field, which
// aliases b, and nil for all others. Groups are left out. The first error ends
// it: f's own as it is, one about b wraps ErrMalformed.
func Each(b []byte, f func(num protowire.Number, v uint64, p []byte) error) error {
	return walk(b, false, f)
}

// Flat is Each for messages without groups: one is an error that wraps
// ErrMalformed.
func Flat(b []byte, f func(num protowire.Number, v uint64, p []byte) error) error {
	return walk(b, true, f)
}

func walk(b []byte, flat bool, f func(num protowire.Number, v uint64, p []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrMalformed, protowire.ParseError(n))
		}
		if flat && typ == protowire.StartGroupType {
			return fmt.Errorf("%w: field %d is a group", ErrMalformed, num)
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return fmt.Errorf("%w: field %d: %w", ErrMalformed, num, protowire.ParseError(n))
		}
		var v uint64
		var p []byte
		switch typ {
		case protowire.VarintType:
			v, _ = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			x, _ := protowire.ConsumeFixed32(b)
			v = uint64(x)
		case protowire.Fixed64Type:
			v, _ = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			p, _ = protowire.ConsumeBytes(b)
		}
		if typ != protowire.StartGroupType {
			if err := f(num, v, p); err != nil {
				return err
			}
		}
		b = b[n:]
	}
	return nil
}

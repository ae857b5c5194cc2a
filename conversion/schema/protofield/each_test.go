package protofield_test

import (
	"errors"
	"io"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/schema/protofield"
)

func message() []byte {
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 300)
	b = protowire.AppendFixed32(protowire.AppendTag(b, 2, protowire.Fixed32Type), 7)
	b = protowire.AppendTag(b, 3, protowire.StartGroupType)
	b = protowire.AppendVarint(protowire.AppendTag(b, 9, protowire.VarintType), 1)
	b = protowire.AppendTag(b, 3, protowire.EndGroupType)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 4, protowire.Fixed64Type), 8)
	b = protowire.AppendBytes(protowire.AppendTag(b, 5, protowire.BytesType), []byte("abc"))
	return protowire.AppendBytes(protowire.AppendTag(b, 6, protowire.BytesType), nil)
}

func TestEach(t *testing.T) {
	type field struct {
		num protowire.Number
		v   uint64
		p   string
	}
	want := []field{{1, 300, "-"}, {2, 7, "-"}, {4, 8, "-"}, {5, 0, "abc"}, {6, 0, ""}}
	var got []field
	err := protofield.Each(message(), func(num protowire.Number, v uint64, p []byte) error {
		text := string(p)
		if p == nil {
			text = "-"
		}
		got = append(got, field{num, v, text})
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %v, %v; want %v", got, err, want)
	}
}

func TestEachErrors(t *testing.T) {
	whole := message()
	none := func(protowire.Number, uint64, []byte) error { return nil }
	for what, b := range map[string][]byte{"a message cut short": whole[:len(whole)-3], "half a tag": {0x80}} {
		if err := protofield.Each(b, none); !errors.Is(err, protofield.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := protofield.Flat(whole, none); !errors.Is(err, protofield.ErrMalformed) {
		t.Errorf("a group: %v", err)
	}
	calls := 0
	err := protofield.Each(whole, func(protowire.Number, uint64, []byte) error {
		calls++
		return io.EOF
	})
	if !errors.Is(err, io.EOF) || calls != 1 {
		t.Errorf("the callback's error: %v after %d calls", err, calls)
	}
}

package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"unsafe"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

func TestRoundTrip(t *testing.T) {
	strings, err := tensor.FromStrings([]int{2, 1}, []string{"", "λ"})
	if err != nil {
		t.Fatal(err)
	}
	in := &Message{
		ID: 7, Kind: Run, Session: 1 << 40, Text: "convert", JSON: []byte(`{"a":1}`), Payload: []byte{0, 1, 2},
		Tensors: []*tensor.Tensor{
			tensor.Of([]float32{1, 2, 3}, 3), tensor.Of([]int64{-1}, 1, 1), tensor.Scalar(uint8(9)),
			tensor.New(tensor.Float16, 0, 4), tensor.New(tensor.Int4, 3), strings, tensor.Of([]float64{1, 2}, 2),
		},
	}
	var buf bytes.Buffer
	if err := Write(&buf, in); err != nil {
		t.Fatal(err)
	}
	out, err := Read(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if buf.Len() != 0 {
		t.Fatalf("%d bytes left", buf.Len())
	}
	for i, want := range in.Tensors {
		if got := out.Tensors[i]; !tensor.Equal(got, want) {
			t.Errorf("tensor %d: %v, want %v", i, got, want)
		}
		if b := out.Tensors[i].Bytes(); len(b) > 0 && uintptr(unsafe.Pointer(&b[0]))%align != 0 {
			t.Errorf("tensor %d is not aligned", i)
		}
	}
	in.Tensors, out.Tensors = nil, nil
	if !reflect.DeepEqual(in, out) {
		t.Fatalf("got %+v, want %+v", out, in)
	}
	if _, err := Read(&buf); !errors.Is(err, io.EOF) {
		t.Fatalf("at the end: %v, want EOF", err)
	}
}

func TestReadRefuses(t *testing.T) {
	var good bytes.Buffer
	if err := Write(&good, &Message{ID: 1, Kind: Run, Tensors: []*tensor.Tensor{tensor.New(tensor.Float32, 4)}}); err != nil {
		t.Fatal(err)
	}
	frame := func(body ...byte) []byte {
		return append(binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body...)
	}
	for name, b := range map[string][]byte{
		"truncated head":   good.Bytes()[:3],
		"truncated body":   good.Bytes()[:good.Len()-1],
		"huge length":      {0xff, 0xff, 0xff, 0xff, 1},
		"claim of 2 GB":    {0xff, 0xff, 0xff, 0x7f, 1},
		"text":             []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"unknown kind":     frame(0x10, 99),
		"no kind":          frame(0x08, 1),
		"bad tag":          frame(0xff, 0xff),
		"tensor too short": frame(0x10, byte(Run), 0x3a, 6, 0x08, byte(tensor.Float32), 0x12, 1, 9, 0x22),
	} {
		if m, err := Read(bytes.NewReader(b)); err == nil {
			t.Errorf("%s: read %+v", name, m)
		}
	}
}

func TestErrorsTravel(t *testing.T) {
	finding := diag.Errorf("onnx.truncated", "cut at %d", 3).At("conv1").Suggest("copy it again")
	for _, want := range []error{
		&runtimes.RefusedError{Runtime: "ort", Stage: "open", Text: "no"},
		&runtimes.NotAvailableError{Runtime: "ort", Reason: "gone", Cure: "install"},
		finding,
		diag.List{finding, finding},
		runtimes.ErrStopped, context.Canceled, errors.New("plain"),
	} {
		got := DecodeError(EncodeError(fmt.Errorf("outside: %w", want)))
		if want.Error() == "plain" {
			want = errors.New("outside: plain")
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %#v, want %#v", got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	var buf bytes.Buffer
	_ = Write(&buf, &Message{ID: 1, Kind: Run, Text: "x", Tensors: []*tensor.Tensor{tensor.New(tensor.Int8, 3, 2)}})
	f.Add(buf.Bytes()[4:])
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = Decode(b) })
}

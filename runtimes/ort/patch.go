package ort

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/scratch"
)

// patch is what a session needs a model to have beyond what its file says.
type patch struct {
	inputs  []string // f32[1] inputs that nothing reads
	outputs []string // existing tensors that become outputs
	casts   []cast   // Cast nodes whose results become outputs
}

type cast struct {
	from, to string
	elem     int32
}

func (p patch) empty() bool { return len(p.inputs)+len(p.outputs)+len(p.casts) == 0 }

// bytes is a ModelProto with nothing but these additions. A protobuf parser
// merges concatenated messages, so appending it to a model's bytes adds them.
func (p patch) bytes() []byte {
	var g []byte
	str := func(b []byte, num protowire.Number, s string) []byte {
		return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
	}
	varint := func(b []byte, num protowire.Number, v int64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
	}
	sub := func(b []byte, num protowire.Number, m []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
	}
	for _, c := range p.casts {
		attr := varint(varint(str(nil, 1, "to"), 3, int64(c.elem)), 20, 2)
		g = sub(g, 1, sub(str(str(str(str(nil, 1, c.from), 2, c.to), 3, c.to), 4, "Cast"), 5, attr))
	}
	for _, name := range p.inputs {
		shape := sub(nil, 1, varint(nil, 1, 1))
		g = sub(g, 11, sub(str(nil, 1, name), 2, sub(nil, 1, sub(varint(nil, 1, 1), 2, shape))))
	}
	for _, name := range p.outputs {
		g = sub(g, 12, str(nil, 1, name))
	}
	for _, c := range p.casts {
		g = sub(g, 12, str(nil, 1, c.to))
	}
	return sub(nil, 7, g)
}

// write makes a patched copy of the model, which remove deletes. The copy lies in
// a temporary folder, or beside the model where the library looks for weights in
// other files there and nowhere else.
func (p patch) write(path string, beside bool) (patched string, remove func(), err error) {
	dst, remove, err := create(path, beside)
	if err != nil {
		return "", nil, fmt.Errorf("ort: patched model: %w", err)
	}
	src, err := os.Open(path)
	if err == nil {
		_, err = io.Copy(dst, src)
		_ = src.Close()
	}
	if err == nil {
		_, err = dst.Write(p.bytes())
	}
	if err = errors.Join(err, dst.Close()); err != nil {
		remove()
		return "", nil, fmt.Errorf("ort: patched model: %w", err)
	}
	return dst.Name(), remove, nil
}

func create(path string, beside bool) (f *os.File, remove func(), err error) {
	if beside {
		if f, err = os.CreateTemp(filepath.Dir(path), ".slipway-*.onnx"); err != nil {
			return nil, nil, err
		}
		return f, func() { os.Remove(f.Name()) }, nil
	}
	dir, remove, err := scratch.Dir("patched")
	if err != nil {
		return nil, nil, err
	}
	if f, err = os.Create(filepath.Join(dir, "model.onnx")); err != nil {
		remove()
		return nil, nil, err
	}
	return f, remove, nil
}

// besideOnly reports whether the library of this version looks for weights in
// other files beside the model alone, whatever folder it is given (before 1.28,
// unless the model comes from memory).
func besideOnly(version string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n < 2 {
		return true
	}
	return major < 1 || major == 1 && minor < 28
}

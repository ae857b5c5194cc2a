package tflite

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Decode reads a model with one subgraph. Buffers alias data, which must stay
// unchanged. lossy is true where the file holds what Model cannot: option tables
// or operators that this package does not write, variables, sparse tensors.
func Decode(data []byte) (m *Model, lossy bool, err error) {
	defer func() {
		// Offsets come from the file: whatever they point at outside of it ends
		// here, as an error.
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("tflite: the file is damaged: %v", r)
		}
	}()
	if len(data) < 8 || string(data[4:8]) != identifier {
		return nil, false, fmt.Errorf("tflite: not a TensorFlow Lite file")
	}
	d := &decoder{data: data}
	m, err = d.model(reader{data, int(binary.LittleEndian.Uint32(data))})
	return m, d.lossy, err
}

// reader is a view of one table.
type reader struct {
	data []byte
	pos  int
}

// slot is the position of a field, 0 where it is absent.
func (t reader) slot(i int) int {
	vt := t.pos - int(int32(binary.LittleEndian.Uint32(t.data[t.pos:])))
	if size := int(binary.LittleEndian.Uint16(t.data[vt:])); 4+2*i+2 > size {
		return 0
	}
	if o := int(binary.LittleEndian.Uint16(t.data[vt+4+2*i:])); o != 0 {
		return t.pos + o
	}
	return 0
}

// has reports whether any of the fields is present.
func (t reader) has(fields ...int) bool {
	for _, i := range fields {
		if t.slot(i) != 0 {
			return true
		}
	}
	return false
}

func (t reader) i8(i int, def int8) int8 {
	if p := t.slot(i); p != 0 {
		return int8(t.data[p])
	}
	return def
}

func (t reader) i32(i int, def int32) int32 {
	if p := t.slot(i); p != 0 {
		return int32(binary.LittleEndian.Uint32(t.data[p:]))
	}
	return def
}

func (t reader) u64(i int) uint64 {
	if p := t.slot(i); p != 0 {
		return binary.LittleEndian.Uint64(t.data[p:])
	}
	return 0
}

// follow is the position that the offset at p points to.
func (t reader) follow(p int) int { return p + int(binary.LittleEndian.Uint32(t.data[p:])) }

func (t reader) table(i int) (reader, bool) {
	if p := t.slot(i); p != 0 {
		return reader{t.data, t.follow(p)}, true
	}
	return reader{}, false
}

// vector is the bytes of a vector of elements of the given size.
func (t reader) vector(i, size int) []byte {
	p := t.slot(i)
	if p == 0 {
		return nil
	}
	p = t.follow(p)
	n := int(binary.LittleEndian.Uint32(t.data[p:])) * size
	return t.data[p+4 : p+4+n : p+4+n]
}

func (t reader) str(i int) string { return string(t.vector(i, 1)) }

func (t reader) tables(i int) []reader {
	p := t.slot(i)
	if p == 0 {
		return nil
	}
	p = t.follow(p)
	out := make([]reader, 0, min(int(binary.LittleEndian.Uint32(t.data[p:])), len(t.data)/4))
	for k := range cap(out) {
		out = append(out, reader{t.data, t.follow(p + 4 + 4*k)})
	}
	return out
}

func (t reader) int32s(i int) []int32 {
	b := t.vector(i, 4)
	out := make([]int32, len(b)/4)
	for k := range out {
		out[k] = int32(binary.LittleEndian.Uint32(b[4*k:]))
	}
	return out
}

func (t reader) ints(i int) []int {
	v := t.int32s(i)
	out := make([]int, len(v))
	for k, x := range v {
		out[k] = int(x)
	}
	return out
}

type decoder struct {
	data  []byte
	lossy bool
}

func (d *decoder) model(t reader) (*Model, error) {
	if v := t.i32(0, 0); v != schemaVersion {
		return nil, fmt.Errorf("tflite: schema version %d", v)
	}
	subs := t.tables(2)
	if len(subs) != 1 {
		return nil, fmt.Errorf("tflite: %d subgraphs", len(subs))
	}
	m := &Model{Description: t.str(3)}
	type code struct {
		code    Code
		version int32
	}
	var codes []code
	for _, c := range t.tables(1) {
		codes = append(codes, code{max(Code(c.i8(0, 0)), Code(c.i32(3, 0))), c.i32(2, 1)})
	}
	for _, b := range t.tables(4) {
		data := b.vector(0, 1)
		if at, n := b.u64(1), b.u64(2); at > 1 {
			data = d.data[at : at+n : at+n]
		}
		m.Buffers = append(m.Buffers, Buffer{Data: data})
	}
	for _, x := range t.tables(6) {
		m.Metadata = append(m.Metadata, Metadata{x.str(0), int(x.i32(1, 0))})
	}
	if sig := t.tables(7); len(sig) > 0 {
		m.Signature = &Signature{Key: sig[0].str(2), Inputs: names(sig[0], 0), Outputs: names(sig[0], 1)}
	}
	s := subs[0]
	m.Inputs, m.Outputs, m.Name = s.ints(1), s.ints(2), s.str(4)
	for _, x := range s.tables(0) {
		m.Tensors = append(m.Tensors, readTensor(x))
		d.lossy = d.lossy || x.i8(5, 0) != 0 || x.has(6, 9, 10) // variable, sparse, variant, external
		if q, ok := x.table(4); ok {
			d.lossy = d.lossy || q.has(4, 5) // other quantization schemes
		}
	}
	for _, x := range s.tables(3) {
		c := codes[x.i32(0, 0)]
		o := Operator{Code: c.code, Version: c.version, Inputs: x.ints(1), Outputs: x.ints(2)}
		if table, ok := x.table(4); ok {
			o.Options = readOptions(uint8(x.i8(3, 0)), table)
			d.lossy = d.lossy || o.Options == nil
		}
		// Custom options, variables, intermediates, the second option union.
		d.lossy = d.lossy || codeNames[c.code] == "" || x.has(5, 7, 8, 9, 11, 12)
		m.Operators = append(m.Operators, o)
	}
	return m, m.check()
}

func names(t reader, i int) []TensorName {
	var out []TensorName
	for _, x := range t.tables(i) {
		out = append(out, TensorName{x.str(0), int(x.i32(1, 0))})
	}
	return out
}

func readTensor(x reader) Tensor {
	t := Tensor{Name: x.str(3), Type: TensorType(x.i8(1, 0)), Shape: x.int32s(0), Buffer: int(x.i32(2, 0))}
	if sig := x.int32s(7); len(sig) == len(t.Shape) && len(sig) > 0 {
		t.Shape = sig
	}
	q, ok := x.table(4)
	if !ok || len(q.vector(2, 4)) == 0 {
		return t
	}
	t.Quant = &Quant{Dim: q.i32(6, 0)}
	for _, s := range q.int32s(2) {
		t.Quant.Scale = append(t.Quant.Scale, math.Float32frombits(uint32(s)))
	}
	zero := q.vector(3, 8)
	for k := 0; k+8 <= len(zero); k += 8 {
		t.Quant.Zero = append(t.Quant.Zero, int64(binary.LittleEndian.Uint64(zero[k:])))
	}
	return t
}

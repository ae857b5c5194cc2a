package tflite

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"
)

const (
	schemaVersion = 3
	identifier    = "TFL3"
	dataAlign     = 64 // of constants: a multiple of the schema's 16, for vector loads
	placeholder   = 0xdeadbeef
)

// maxTables bounds the part of the file that 32-bit signed offsets must span.
const maxTables = math.MaxInt32 - 1<<20

// Encode writes the model. Where tables and constants together exceed what the
// container's offsets can span (2 GiB), constants are written behind it and
// referred to by absolute file positions, which runtimes since 2024 read.
func (m *Model) Encode(w io.Writer) error { return m.encode(w, maxTables) }

func (m *Model) encode(w io.Writer, limit int64) error {
	if err := m.check(); err != nil {
		return fmt.Errorf("tflite: %w", err)
	}
	e := &encoder{Builder: flatbuffers.NewBuilder(1 << 16), m: m}
	total := int64(len(m.Buffers))*96 + int64(len(m.Tensors)+len(m.Operators))*512
	for i := range m.Buffers {
		total += m.Buffers[i].size() + dataAlign
	}
	e.outside = total > limit
	e.model()
	head := e.FinishedBytes()
	if int64(len(head)) > maxTables {
		return fmt.Errorf("tflite: the tables alone take %d bytes", len(head))
	}
	at := e.place(head)
	out := bufio.NewWriterSize(w, 1<<20)
	if _, err := out.Write(head); err != nil {
		return err
	}
	pos := int64(len(head))
	var pad [dataAlign + 4]byte
	for i := range m.Buffers {
		b := &m.Buffers[i]
		if b.size() == 0 {
			continue
		}
		gap := at[i] - pos
		if !e.outside {
			binary.LittleEndian.PutUint32(pad[gap-4:], uint32(b.size()))
		}
		if _, err := out.Write(pad[:gap]); err != nil {
			return err
		}
		clear(pad[:])
		c := &counter{w: out}
		if b.Stream != nil {
			if err := b.Stream(c); err != nil {
				return fmt.Errorf("tflite: buffer %d: %w", i, err)
			}
		} else if err := b.write(c); err != nil {
			return err
		}
		if c.n != b.size() {
			return fmt.Errorf("tflite: buffer %d wrote %d bytes, promised %d", i, c.n, b.size())
		}
		pos = at[i] + c.n
	}
	return out.Flush()
}

// write writes Data piece by piece.
func (b *Buffer) write(w io.Writer) error {
	const piece = 4 << 20
	for from := 0; from < len(b.Data); from += piece {
		p := b.Data[from:min(from+piece, len(b.Data))]
		if _, err := w.Write(p); err != nil {
			return err
		}
		if b.Release != nil {
			b.Release(p)
		}
	}
	return nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (m *Model) check() error {
	if len(m.Buffers) == 0 || m.Buffers[0].size() != 0 {
		return fmt.Errorf("buffer 0 must be empty")
	}
	in := func(what string, list []int, low int) error {
		for _, i := range list {
			if i < low || i >= len(m.Tensors) {
				return fmt.Errorf("%s refers to tensor %d of %d", what, i, len(m.Tensors))
			}
		}
		return nil
	}
	for i, t := range m.Tensors {
		if t.Buffer < 0 || t.Buffer >= len(m.Buffers) {
			return fmt.Errorf("tensor %d (%q) refers to buffer %d of %d", i, t.Name, t.Buffer, len(m.Buffers))
		}
	}
	for i, o := range m.Operators {
		what := fmt.Sprintf("operator %d (%v)", i, o.Code)
		if err := in(what, o.Inputs, -1); err != nil {
			return err
		}
		if err := in(what, o.Outputs, 0); err != nil {
			return err
		}
	}
	if err := in("the model's inputs", m.Inputs, 0); err != nil {
		return err
	}
	return in("the model's outputs", m.Outputs, 0)
}

type encoder struct {
	*flatbuffers.Builder
	m       *Model
	outside bool
	slots   []slot
}

// slot is a field of a Buffer table to be filled once positions are known;
// fromEnd is its distance from the end of the finished tables.
type slot struct {
	buffer  int
	fromEnd flatbuffers.UOffsetT
}

// place assigns each buffer its position in the file and writes the positions
// into the tables.
func (e *encoder) place(head []byte) map[int]int64 {
	pos := int64(len(head))
	at := map[int]int64{}
	for _, s := range e.slots {
		size := e.m.Buffers[s.buffer].size()
		pos = (pos + 4 + dataAlign - 1) / dataAlign * dataAlign
		at[s.buffer] = pos
		field := int64(len(head)) - int64(s.fromEnd)
		if e.outside {
			binary.LittleEndian.PutUint64(head[field:], uint64(pos))
		} else {
			binary.LittleEndian.PutUint32(head[field:], uint32(pos-4-field))
		}
		pos += size
	}
	return at
}

func (e *encoder) vector(n, size int, put func(i int)) flatbuffers.UOffsetT {
	e.StartVector(size, n, size)
	for i := n - 1; i >= 0; i-- {
		put(i)
	}
	return e.EndVector(n)
}

func (e *encoder) offsets(o []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	return e.vector(len(o), 4, func(i int) { e.PrependUOffsetT(o[i]) })
}

func (e *encoder) ints(v []int) flatbuffers.UOffsetT {
	return e.vector(len(v), 4, func(i int) { e.PrependInt32(int32(v[i])) })
}

func (e *encoder) int32s(v []int32) flatbuffers.UOffsetT {
	return e.vector(len(v), 4, func(i int) { e.PrependInt32(v[i]) })
}

func (e *encoder) offsetSlot(field int, o flatbuffers.UOffsetT) {
	e.PrependUOffsetTSlot(field, o, 0)
}

func (e *encoder) model() {
	type opKey struct {
		code    Code
		version int32
	}
	index := map[opKey]int{}
	var codes []flatbuffers.UOffsetT
	opIndex := make([]int, len(e.m.Operators))
	for i, o := range e.m.Operators {
		k := opKey{o.Code, o.Version}
		n, ok := index[k]
		if !ok {
			n = len(codes)
			index[k] = n
			e.StartObject(4)
			e.PrependInt8Slot(0, int8(min(o.Code, placeholderForBigger)), 0)
			e.PrependInt32Slot(2, o.Version, 1)
			e.PrependInt32Slot(3, int32(o.Code), 0)
			codes = append(codes, e.EndObject())
		}
		opIndex[i] = n
	}
	var buffers, meta []flatbuffers.UOffsetT
	for i := range e.m.Buffers {
		buffers = append(buffers, e.buffer(i))
	}
	for _, md := range e.m.Metadata {
		name := e.CreateString(md.Name)
		e.StartObject(2)
		e.offsetSlot(0, name)
		e.PrependUint32Slot(1, uint32(md.Buffer), 0)
		meta = append(meta, e.EndObject())
	}
	sub := e.subgraph(opIndex)
	desc := e.CreateString(e.m.Description)
	vCodes, vSub, vBuf := e.offsets(codes), e.offsets([]flatbuffers.UOffsetT{sub}), e.offsets(buffers)
	vMeta := e.offsets(meta)
	var vSig flatbuffers.UOffsetT
	if e.m.Signature != nil {
		vSig = e.offsets([]flatbuffers.UOffsetT{e.signature(e.m.Signature)})
	}
	e.StartObject(10)
	e.PrependUint32Slot(0, schemaVersion, 0)
	e.offsetSlot(1, vCodes)
	e.offsetSlot(2, vSub)
	e.offsetSlot(3, desc)
	e.offsetSlot(4, vBuf)
	e.offsetSlot(6, vMeta)
	e.offsetSlot(7, vSig)
	e.FinishWithFileIdentifier(e.EndObject(), []byte(identifier))
}

// buffer writes a Buffer table whose position is filled in later: field 0 is a
// forward offset to a vector, fields 1 and 2 an absolute position and a size.
func (e *encoder) buffer(i int) flatbuffers.UOffsetT {
	size := e.m.Buffers[i].size()
	e.StartObject(3)
	if size > 0 {
		if e.outside {
			e.PrependUint64(placeholder)
			e.Slot(1)
			e.slots = append(e.slots, slot{i, e.Offset()})
			e.PrependUint64Slot(2, uint64(size), 0)
		} else {
			e.PrependUint32(placeholder)
			e.Slot(0)
			e.slots = append(e.slots, slot{i, e.Offset()})
		}
	}
	return e.EndObject()
}

func (e *encoder) subgraph(opIndex []int) flatbuffers.UOffsetT {
	var tensors, ops []flatbuffers.UOffsetT
	for i := range e.m.Tensors {
		tensors = append(tensors, e.tensor(&e.m.Tensors[i]))
	}
	for i := range e.m.Operators {
		o := &e.m.Operators[i]
		in, out := e.ints(o.Inputs), e.ints(o.Outputs)
		var opts flatbuffers.UOffsetT
		var kind uint8
		if o.Options != nil {
			kind, opts = e.options(o.Options)
		}
		e.StartObject(14)
		e.PrependUint32Slot(0, uint32(opIndex[i]), 0)
		e.offsetSlot(1, in)
		e.offsetSlot(2, out)
		e.PrependByteSlot(3, kind, 0)
		e.offsetSlot(4, opts)
		ops = append(ops, e.EndObject())
	}
	name := e.CreateString(e.m.Name)
	vT, vI, vO, vOps := e.offsets(tensors), e.ints(e.m.Inputs), e.ints(e.m.Outputs), e.offsets(ops)
	e.StartObject(6)
	e.offsetSlot(0, vT)
	e.offsetSlot(1, vI)
	e.offsetSlot(2, vO)
	e.offsetSlot(3, vOps)
	e.offsetSlot(4, name)
	return e.EndObject()
}

func (e *encoder) tensor(t *Tensor) flatbuffers.UOffsetT {
	shape := make([]int32, len(t.Shape))
	dynamic := false
	for i, d := range t.Shape {
		shape[i] = d
		if d < 0 {
			shape[i], dynamic = 1, true
		}
	}
	name, vShape := e.CreateString(t.Name), e.int32s(shape)
	var sig, q flatbuffers.UOffsetT
	if dynamic {
		sig = e.int32s(t.Shape)
	}
	if t.Quant != nil {
		scale := e.vector(len(t.Quant.Scale), 4, func(i int) { e.PrependFloat32(t.Quant.Scale[i]) })
		zero := e.vector(len(t.Quant.Zero), 8, func(i int) { e.PrependInt64(t.Quant.Zero[i]) })
		e.StartObject(7)
		e.offsetSlot(2, scale)
		e.offsetSlot(3, zero)
		e.PrependInt32Slot(6, t.Quant.Dim, 0)
		q = e.EndObject()
	}
	e.StartObject(11)
	e.offsetSlot(0, vShape)
	e.PrependInt8Slot(1, int8(t.Type), 0)
	e.PrependUint32Slot(2, uint32(t.Buffer), 0)
	e.offsetSlot(3, name)
	e.offsetSlot(4, q)
	e.offsetSlot(7, sig)
	e.PrependBoolSlot(8, true, false)
	return e.EndObject()
}

func (e *encoder) signature(s *Signature) flatbuffers.UOffsetT {
	list := func(names []TensorName) flatbuffers.UOffsetT {
		var o []flatbuffers.UOffsetT
		for _, n := range names {
			name := e.CreateString(n.Name)
			e.StartObject(2)
			e.offsetSlot(0, name)
			e.PrependUint32Slot(1, uint32(n.Tensor), 0)
			o = append(o, e.EndObject())
		}
		return e.offsets(o)
	}
	in, out, key := list(s.Inputs), list(s.Outputs), e.CreateString(s.Key)
	e.StartObject(5)
	e.offsetSlot(0, in)
	e.offsetSlot(1, out)
	e.offsetSlot(2, key)
	return e.EndObject()
}

package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/diag"
)

// Limits of what a file may ask for. Real models stay far below them.
const (
	maxNodes     = 1 << 18 // nodes of a model, counted after functions are inlined
	maxGraphNest = 32      // subgraphs inside subgraphs
)

// cursor walks the fields of one protobuf message. Errors stick: after the
// first one next returns false.
type cursor struct {
	d   *decoder
	b   []byte // what is left
	msg string // message name, for errors

	num protowire.Number
	typ protowire.Type
	v   uint64 // varint, fixed32 or fixed64
	p   []byte // length-delimited
	err error
}

// decoder is the state of reading one file.
type decoder struct {
	base  []byte // the whole file; every slice read from it keeps its capacity
	nodes int
	depth int
}

func (d *decoder) cursor(b []byte, msg string) *cursor { return &cursor{d: d, b: b, msg: msg} }

// offset is b's place in the file.
func (d *decoder) offset(b []byte) int { return cap(d.base) - cap(b) }

func (c *cursor) fail(code, format string, args ...any) {
	if c.err == nil {
		f := diag.Errorf(code, format, args...)
		f.Text += " (in " + c.msg + ")"
		c.err = f
	}
}

// next moves to the next field.
func (c *cursor) next() bool {
	if c.err != nil || len(c.b) == 0 {
		return false
	}
	at := c.d.offset(c.b)
	num, typ, n := protowire.ConsumeTag(c.b)
	if n < 0 {
		c.fail("onnx.corrupt", "byte %d is not a protobuf field", at)
		return false
	}
	c.num, c.typ, c.b, c.p, c.v = num, typ, c.b[n:], nil, 0
	switch typ {
	case protowire.VarintType:
		c.v, n = protowire.ConsumeVarint(c.b)
	case protowire.Fixed32Type:
		var x uint32
		x, n = protowire.ConsumeFixed32(c.b)
		c.v = uint64(x)
	case protowire.Fixed64Type:
		c.v, n = protowire.ConsumeFixed64(c.b)
	case protowire.BytesType:
		size, m := protowire.ConsumeVarint(c.b)
		if m < 0 {
			n = m
			break
		}
		if left := uint64(len(c.b) - m); size > left {
			code := "onnx.corrupt"
			if c.msg == "ModelProto" && size < 1<<40 {
				code = "onnx.truncated"
			}
			c.fail(code, "the file is cut short or damaged: field %d at byte %d claims %d bytes, %d are left", num, at, size, left)
			return false
		}
		c.p = c.b[m : m+int(size)]
		n = m + int(size)
	default:
		c.fail("onnx.corrupt", "byte %d starts a protobuf group, which ONNX has not", at)
		return false
	}
	if n < 0 {
		c.fail("onnx.corrupt", "field %d at byte %d: %v", num, at, protowire.ParseError(n))
		return false
	}
	c.b = c.b[n:]
	return true
}

func (c *cursor) want(t protowire.Type) bool {
	if c.typ == t {
		return c.err == nil
	}
	c.fail("onnx.corrupt", "field %d before byte %d has wire type %d, not %d", c.num, c.d.offset(c.b), c.typ, t)
	return false
}

// bytes is a length-delimited field, a view of the file.
func (c *cursor) bytes() []byte {
	if !c.want(protowire.BytesType) {
		return nil
	}
	return c.p
}

func (c *cursor) str() string { return string(c.bytes()) }

func (c *cursor) int() int64 {
	if !c.want(protowire.VarintType) {
		return 0
	}
	return int64(c.v)
}

func (c *cursor) float() float64 {
	if !c.want(protowire.Fixed32Type) {
		return 0
	}
	return float64(math.Float32frombits(uint32(c.v)))
}

// ints appends a repeated varint field, packed or not.
func (c *cursor) ints(dst []int64) []int64 {
	if c.typ != protowire.BytesType {
		return append(dst, c.int())
	}
	for b := c.p; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			c.fail("onnx.corrupt", "field %d: packed number at byte %d: %v", c.num, c.d.offset(b), protowire.ParseError(n))
			return dst
		}
		dst = append(dst, int64(v))
		b = b[n:]
	}
	return dst
}

// fixed appends a repeated fixed32 or fixed64 field's bytes, packed or not. The
// first packed run is returned as a view.
func (c *cursor) fixed(dst []byte, t protowire.Type, size int) []byte {
	switch {
	case c.typ == t:
		if size == 4 {
			return protowire.AppendFixed32(dst, uint32(c.v))
		}
		return protowire.AppendFixed64(dst, c.v)
	case c.typ != protowire.BytesType:
		c.want(t)
		return dst
	case len(c.p)%size != 0:
		c.fail("onnx.corrupt", "field %d: %d packed bytes are no whole number of elements", c.num, len(c.p))
		return dst
	case len(dst) == 0:
		return c.p[:len(c.p):len(c.p)] // so that an append copies
	}
	return append(dst, c.p...)
}

// sub parses a nested message with f, keeping its error.
func (c *cursor) sub(f func([]byte) error) {
	b := c.bytes()
	if c.err == nil {
		c.err = f(b)
	}
}

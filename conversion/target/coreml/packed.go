package coreml

import (
	"fmt"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/schema/mil"
	"slipway/conversion/tensor"
)

// packs reports whether n is written as an operation that unpacks constants, as
// far as the version has one.
func (e *emitter) packs(n *ir.Node) bool {
	d := unpacks(n)
	return d != nil && (e.version >= blockVersion || affine(d))
}

// expanded tells about weights that the version can hold in floats alone.
func (e *emitter) expanded() {
	var layers []string
	for _, n := range e.g.Nodes {
		if unpacks(n) == n && !e.packs(n) {
			layers = append(layers, n.Origin...)
		}
	}
	if len(layers) == 0 {
		return
	}
	f := diag.Warnf("coreml.version", "specification %d has no weights of 4 bits or in blocks: those of %d layers are written as floats", e.version, len(layers)).
		Suggest("set the version to auto or %d", blockVersion)
	f.Layers = layers
	e.findings = append(e.findings, f)
}

// unpacked writes the operation for weights of few bits: n is DequantizeLinear of
// constants, or a Cast of it.
func (e *emitter) unpacked(n *ir.Node) val {
	d := unpacks(n)
	f := held(n.Out(0).DType)
	q, scale := d.In(0).Const, e.cast(d.In(1).Const, f)
	var zero *tensor.Tensor
	if d.In(2) != nil {
		zero = d.In(2).Const
	}
	if e.version < blockVersion {
		return e.affine(n, d, q, scale, zero)
	}
	// A size for every axis; that of the scales divides that of the weights.
	shape := make([]int, q.Rank())
	for i := range shape {
		shape[i] = 1
	}
	switch {
	case blocked(d):
		shape = scale.Shape()
	case scale.Len() > 1:
		shape[axis(d.Int("axis", 1), q.Rank())] = scale.Len()
	}
	args := []mil.Arg{{Name: "data", Refs: []mil.Ref{{Value: e.blob(q)}}}}
	for _, p := range []struct {
		name string
		t    *tensor.Tensor
	}{{"scale", scale}, {"offset", zero}} {
		if p.t == nil || p.name == "offset" && p.t.IsZero() {
			continue
		}
		t, err := p.t.Reshape(shape...)
		if err != nil {
			e.fail("%s: %w", p.name, err)
			return val{}
		}
		args = append(args, mil.Arg{Name: p.name, Refs: []mil.Ref{{Value: e.stored(t)}}})
	}
	return e.constexpr("constexpr_blockwise_shift_scale", n.Out(0).Name, f, q.Shape(), args, nil)
}

// stored is a constant in the program, or in the file of weights where it is
// long.
func (e *emitter) stored(t *tensor.Tensor) *mil.Value {
	if t.Len() >= blobElements || t.DType().Bits() < 8 { // a literal has whole bytes
		return e.blob(t)
	}
	return mil.Immediate(t)
}

// constexpr appends an operation that unpacks constants.
func (e *emitter) constexpr(typ, name string, d tensor.DType, shape []int, args []mil.Arg, attrs []mil.Attr) val {
	v := val{e.unique(name), d, shape}
	e.f.Ops = append(e.f.Ops, &mil.Op{
		Type: typ, Inputs: args, Outputs: []mil.Typed{{Name: v.name, Type: mil.TypeOf(d, shape)}},
		Attrs: append([]mil.Attr{{Name: "name", Value: mil.String(v.name)}}, attrs...),
	})
	return v
}

// affine is constexpr_affine_dequantize, all of whose arguments are attributes.
func (e *emitter) affine(n, d *ir.Node, q, scale, zero *tensor.Tensor) val {
	if zero == nil {
		zero = tensor.New(q.DType(), scale.Shape()...)
	}
	var err error
	if scale.Len() == 1 {
		if scale, err = scale.Reshape(); err == nil {
			zero, err = zero.Reshape()
		}
		if err != nil {
			e.fail("%w", err)
			return val{}
		}
	}
	a := tensor.Scalar(int32(0))
	if scale.Rank() == 1 {
		a = tensor.Scalar(int32(axis(d.Int("axis", 1), q.Rank())))
	}
	return e.constexpr("constexpr_affine_dequantize", n.Out(0).Name, held(n.Out(0).DType), q.Shape(), nil, []mil.Attr{
		{Name: "axis", Value: mil.Immediate(a)},
		{Name: "quantized_data", Value: e.stored(q)},
		{Name: "scale", Value: e.stored(scale)},
		{Name: "zero_point", Value: e.stored(zero)},
	})
}

// leastPalette is the number of elements from which a tensor may have a palette.
const leastPalette = 16

// palette writes t as indices into its different values, where there are few
// enough of them for the width asked for.
func (e *emitter) palette(name string, t *tensor.Tensor) (val, bool) {
	d := t.DType()
	if e.bits == 0 || t.Len() < leastPalette || d != tensor.Float32 && d != tensor.Float16 || t.Rank() < 2 {
		return val{}, false
	}
	values, index := different(t, 1<<e.bits)
	if values == nil {
		return val{}, false
	}
	if e.cur != nil {
		for _, layer := range e.cur.Origin {
			e.palettes[layer] = fmt.Sprintf("palette%d", e.bits)
		}
	}
	size := d.ByteSize(1)
	table := make([]byte, size<<e.bits) // those that are not used are zero
	for i, v := range values {
		for k := range size {
			table[i*size+k] = byte(v >> (8 * k))
		}
	}
	packed := pack(index, e.bits)
	shape := t.Shape()
	table2 := []int{1 << e.bits}
	if e.version >= blockVersion {
		for range shape {
			table2 = append([]int{1}, table2...)
		}
		table2 = append(table2, 1)
	}
	lut, err := tensor.FromBytes(d, table2, table)
	if err != nil {
		e.fail("%w", err)
		return val{}, true
	}
	if e.version < blockVersion {
		dims := tensor.New(tensor.Uint32, len(shape))
		for i, n := range shape {
			tensor.View[uint32](dims)[i] = uint32(n)
		}
		return e.constexpr("constexpr_lut_to_dense", name, d, shape, nil, []mil.Attr{
			{Name: "indices", Value: e.stored(tensor.Of(packed, len(packed)))},
			{Name: "lut", Value: e.stored(lut)},
			{Name: "shape", Value: mil.Immediate(dims)},
		}), true
	}
	v := mil.Packed(packed, e.bits, shape)
	if e.bits == 8 {
		v = mil.Immediate(tensor.Of(packed, shape...))
		v.Blob = true
		v.Offset, err = e.blobs.Put(v.Tensor)
	} else {
		v.Blob = true
		v.Offset, err = e.blobs.PutPacked(packed, e.bits, t.Len())
	}
	if err != nil {
		e.fail("writing weights: %w", err)
	}
	return e.constexpr("constexpr_lut_to_dense", name, d, shape, []mil.Arg{
		{Name: "indices", Refs: []mil.Ref{{Value: v}}},
		{Name: "lut", Refs: []mil.Ref{{Value: e.stored(lut)}}},
	}, nil), true
}

// different lists the different elements of t, as bits, in the order in which
// they come, and the place of each element's in that list; nil where there are
// more than most.
func different(t *tensor.Tensor, most int) (values []uint32, index []uint8) {
	b, size := t.Bytes(), t.DType().ByteSize(1)
	at := make(map[uint32]uint8, most)
	index = make([]uint8, t.Len())
	for i := range index {
		var v uint32
		for k := range size {
			v |= uint32(b[i*size+k]) << (8 * k)
		}
		k, ok := at[v]
		if !ok {
			if len(values) == most {
				return nil, nil
			}
			k = uint8(len(values))
			at[v], values = k, append(values, v)
		}
		index[i] = k
	}
	return values, index
}

// pack lays integers of so many bits one after another, the first in the lowest
// bits.
func pack(index []uint8, width int) []byte {
	if width == 8 {
		return index
	}
	out := make([]byte, (len(index)*width+7)/8)
	for i, v := range index {
		at := i * width
		out[at/8] |= v << (at % 8)
		if at%8+width > 8 {
			out[at/8+1] |= v >> (8 - at%8)
		}
	}
	return out
}

package coreml

import (
	"math/bits"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// The operations that unpack weights. Up to specification 8 all that they say
// stands in attributes, from 9 on in inputs.
var constexprReaders = map[string]func(*reader){
	"constexpr_affine_dequantize":     readDequantize,
	"constexpr_blockwise_shift_scale": readBlockwise,
	"constexpr_lut_to_dense":          readPalette,
}

// readDequantize reads w = scale*(q-zero_point), per tensor or along an axis.
func readDequantize(r *reader) {
	q, scale, zero := r.literal(r.o.Attr("quantized_data")), r.literal(r.o.Attr("scale")), r.literal(r.o.Attr("zero_point"))
	axis := r.literal(r.o.Attr("axis"))
	if r.err != nil {
		return
	}
	a, err := axis.Int64s()
	if err != nil || len(a) != 1 {
		r.fail("axis is no single number")
		return
	}
	if scale.Rank() == 1 && scale.Len() > 1 && zero.Len() == 1 {
		z := tensor.New(zero.DType(), scale.Len())
		for i := range z.Bytes() {
			z.Bytes()[i] = zero.Bytes()[0]
		}
		zero = z
	}
	name := r.o.Outputs[0].Name
	r.final("DequantizeLinear", ir.Attrs{"axis": a[0]}, r.g.AddConst(name+"/q", q), r.g.AddConst(name+"/scale", scale), r.g.AddConst(name+"/zero_point", zero))
}

// readBlockwise reads w = scale*(data-offset), a scale for each block along at
// most one axis that has several elements in a block.
func readBlockwise(r *reader) {
	data, scale, offset := r.c("data"), r.c("scale"), r.c("offset")
	if r.err != nil || data == nil || scale == nil || data.Rank() != scale.Rank() {
		r.fail("needs data and a scale of the same rank")
		return
	}
	q, name := data.Shape(), r.o.Outputs[0].Name
	attrs, shape, ok := scaling(q, scale.Shape())
	if !ok {
		r.fail("scales of shape %v for data of shape %v are not read", scale.Shape(), q)
		return
	}
	inputs := []*ir.Value{r.g.AddConst(name+"/q", data)}
	params := []*tensor.Tensor{scale}
	if offset != nil {
		if offset.DType() != data.DType() {
			r.fail("an offset of %v for data of %v is not read", offset.DType(), data.DType())
			return
		}
		params = append(params, offset)
	}
	for i, t := range params {
		t, err := t.Reshape(shape...)
		if err != nil {
			r.fail("scales of shape %v for data of shape %v are not read", scale.Shape(), q)
			return
		}
		inputs = append(inputs, r.g.AddConst(name+[]string{"/scale", "/zero_point"}[i], t))
	}
	r.final("DequantizeLinear", attrs, inputs...)
}

// scaling says how DequantizeLinear spells scales of shape s for data of shape q,
// and in which shape it takes them: one for all, one for each place along an
// axis, or one for each block along an axis.
func scaling(q, s []int) (attrs ir.Attrs, shape []int, ok bool) {
	several, last, blocks := 0, 0, 0
	axis, block := 0, 1
	for i, n := range s {
		if n == 0 || q[i]%n != 0 {
			return nil, nil, false
		}
		if n > 1 {
			several, last = several+1, i
		}
		if k := q[i] / n; k > 1 {
			axis, block, blocks = i, k, blocks+1
		}
	}
	switch {
	case several == 0:
		return nil, []int{}, true
	case several == 1 && s[last] == q[last]:
		return ir.Attrs{"axis": int64(last)}, []int{s[last]}, true
	case blocks > 1:
		return nil, nil, false
	}
	return ir.Attrs{"axis": int64(axis), "block_size": int64(block)}, s, true
}

// readPalette reads w = lut[index].
func readPalette(r *reader) {
	var lut, packed *tensor.Tensor
	var shape []int
	var width int
	if a := r.o.Attr("indices"); a != nil {
		packed, lut = r.literal(a), r.literal(r.o.Attr("lut"))
		sizes, err := r.literal(r.o.Attr("shape")).Int64s()
		if err != nil || r.err != nil {
			r.fail("has no shape")
			return
		}
		for _, n := range sizes {
			shape = append(shape, int(n))
		}
		width = bits.Len(uint(lut.Len())) - 1
	} else {
		refs := r.o.Arg("indices")
		if lut = r.c("lut"); len(refs) != 1 || refs[0].Value == nil || lut == nil {
			r.fail("has indices that are no literal, which is not read")
			return
		}
		r.read["indices"] = true
		v := refs[0].Value
		packed = r.literal(v)
		if width = v.Type.DType.Bits(); v.Type.Bits != 0 {
			width = v.Type.Bits
		}
		var ok bool
		if shape, ok = v.Type.Shape(); !ok || lut.Rank() != len(shape)+2 || lut.Len() != 1<<width {
			r.fail("a table of shape %v for indices of shape %v is not read", lut.Shape(), shape)
			return
		}
	}
	n, err := tensor.NumElements(shape)
	if err != nil || r.err != nil || lut.Len() != 1<<width || packed.Size() != (n*width+7)/8 {
		r.fail("%d entries and %d bytes of indices do not fit shape %v", lut.Len(), packed.Size(), shape)
		return
	}
	size := lut.DType().ByteSize(1)
	if size < 1 || lut.DType() == tensor.String {
		r.fail("a table of %v is not read", lut.DType())
		return
	}
	table, in := lut.Bytes(), packed.Bytes()
	out := tensor.New(lut.DType(), shape...)
	to := out.Bytes()
	for i := range n {
		at := i * width
		k := uint(in[at/8]) >> (at % 8)
		if at%8+width > 8 {
			k |= uint(in[at/8+1]) << (8 - at%8)
		}
		k &= 1<<width - 1
		copy(to[i*size:], table[int(k)*size:int(k+1)*size])
	}
	name := r.o.Outputs[0].Name
	r.vals[name] = r.g.AddConst(name, out)
}

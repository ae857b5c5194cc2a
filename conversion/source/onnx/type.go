package onnx

import (
	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// maxTypeNest is more than ONNX can express: optional(sequence(tensor)).
const maxTypeNest = 4

// Kinds of values that are not tensors.
const (
	kindSequence = "sequence"
	kindOptional = "optional"
)

func (d *decoder) typeProto(v *valueInfo, b []byte, depth int) error {
	if depth >= maxTypeNest {
		return diag.Errorf("onnx.too-deep", "the type of %q is nested more than %d deep", clip(v.name), maxTypeNest)
	}
	kinds := map[protowire.Number]string{4: kindSequence, 5: "map", 7: "opaque", 8: "sparse tensor", 9: kindOptional}
	c := d.cursor(b, "TypeProto")
	for c.next() {
		switch c.num {
		case 1:
			c.sub(func(b []byte) error { return d.tensorType(v, b) })
		case 4, 9:
			v.kind, v.inner = kinds[c.num], &valueInfo{name: v.name}
			c.sub(func(b []byte) error {
				e := d.cursor(b, "TypeProto."+v.kind)
				for e.next() {
					if e.num == 1 {
						e.sub(func(b []byte) error { return d.typeProto(v.inner, b, depth+1) })
					}
				}
				return e.err
			})
		case 5, 7, 8:
			v.kind = kinds[c.num]
		}
	}
	return c.err
}

func (d *decoder) tensorType(v *valueInfo, b []byte) error {
	c := d.cursor(b, "TypeProto.Tensor")
	for c.next() {
		switch c.num {
		case 1:
			v.elem = c.int()
		case 2:
			v.shaped = true
			c.sub(func(b []byte) error {
				s := d.cursor(b, "TensorShapeProto")
				for s.next() {
					if s.num == 1 {
						var dim dimProto
						s.sub(func(b []byte) error { return d.dim(&dim, b) })
						v.dims = append(v.dims, dim)
					}
				}
				return s.err
			})
		}
	}
	return c.err
}

func (d *decoder) dim(dim *dimProto, b []byte) error {
	c := d.cursor(b, "TensorShapeProto.Dimension")
	for c.next() {
		switch c.num {
		case 1:
			dim.value, dim.set = c.int(), true
		case 2:
			dim.param = c.str()
		}
	}
	return c.err
}

// typ turns a declared type into ours.
func (s *symbols) typ(v valueInfo) (ir.Type, error) {
	t := ir.Type{}
	switch v.kind {
	case "":
		return ir.Type{DType: DTypeOf(v.elem), Shape: s.shape(v)}, nil
	case kindSequence:
		t.DType = tensor.Sequence
	case kindOptional:
		t.DType = tensor.Optional
	default:
		return t, diag.Errorf("onnx.input-type", "%q is a %s; tensors, sequences and optional values are supported", clip(v.name), v.kind)
	}
	e, err := s.typ(*v.inner)
	if t.DType == tensor.Sequence {
		for i, d := range e.Shape { // nothing says that all tensors share a size
			if !d.IsStatic() {
				e.Shape[i] = ir.Each(d)
			}
		}
	}
	if err == nil && e.DType != tensor.Invalid {
		t.Elem = &e
	}
	return t, err
}

// ReadValueProto reads one serialised TensorProto, SequenceProto or
// OptionalProto, as t says. The result may alias b.
func ReadValueProto(b []byte, t ir.Type) (*tensor.Tensor, error) {
	d := &decoder{base: b[:len(b):len(b)]}
	return d.value(d.base, t.DType, 0)
}

func (d *decoder) value(b []byte, kind tensor.DType, depth int) (*tensor.Tensor, error) {
	if depth >= maxTypeNest {
		return nil, diag.Errorf("onnx.too-deep", "a value is nested more than %d deep", maxTypeNest)
	}
	if !kind.IsContainer() {
		p, err := d.tensor(b)
		if err != nil {
			return nil, err
		}
		return p.decode(nil)
	}
	var items []*tensor.Tensor
	// Both messages give the same fields the same meaning; what a sequence
	// repeats stands in an optional value at most once.
	c := d.cursor(b, "SequenceProto")
	item := func(kind tensor.DType) {
		c.sub(func(b []byte) error {
			x, err := d.value(b, kind, depth+1)
			items = append(items, x)
			return err
		})
	}
	for c.next() {
		switch c.num {
		case 3:
			item(tensor.Invalid)
		case 5:
			item(tensor.Sequence)
		case 7:
			item(tensor.Optional)
		case 4, 6:
			c.fail("onnx.attribute-type", "sparse tensors and maps are not supported")
		}
	}
	switch {
	case c.err != nil:
		return nil, c.err
	case kind == tensor.Sequence:
		return tensor.NewSequence(items...), nil
	case len(items) > 1:
		return nil, diag.Errorf("onnx.corrupt", "an optional value holds %d values", len(items))
	}
	return tensor.NewOptional(append(items, nil)[0]), nil
}

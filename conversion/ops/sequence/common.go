package sequence

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

const family = "sequence"

// sequence is input i, which must be a sequence.
func sequence(c *op.EvalCtx, i int) ([]*tensor.Tensor, error) {
	t := c.Arg(i)
	if t == nil || t.DType() != tensor.Sequence {
		return nil, fmt.Errorf("input %d is not a sequence", i)
	}
	return t.Items(), nil
}

// elem is what the sequence that is input i holds.
func elem(c *op.InferCtx, i int) (ir.Type, error) {
	t := c.InTyp(i)
	if t.DType != tensor.Sequence && t.DType != tensor.Invalid {
		return t, fmt.Errorf("input %d is of type %v, not a sequence", i, t)
	}
	if t.Elem == nil {
		return ir.Type{}, nil
	}
	return *t.Elem, nil
}

// length is the number of tensors in the sequence that is input i.
func length(c *op.InferCtx, i int) (ir.Dim, bool) {
	if s := c.InShape(i); len(s) == 1 {
		return s[0], true
	}
	return ir.Dim{}, false
}

// list is a sequence's shape.
func list(n ir.Dim, known bool) ir.Shape {
	if known {
		return ir.Shape{n}
	}
	return nil
}

// of is the type of a sequence of values of type t.
func of(t ir.Type, shape ir.Shape) ir.Type {
	s := ir.Type{DType: tensor.Sequence, Shape: shape}
	if t.DType != tensor.Invalid {
		s.Elem = &t
	}
	return s
}

// fresh names dimensions of v.
func fresh(v *ir.Value) func(int) ir.Dim {
	return func(axis int) ir.Dim { return kernel.Fresh(v, axis) }
}

// differing names dimensions in which the tensors of the sequence v differ.
func differing(v *ir.Value) func(int) ir.Dim {
	return func(axis int) ir.Dim { return ir.Each(kernel.Fresh(v, axis)) }
}

// position resolves a place in a sequence of n tensors, which may be counted from
// its end; last is the largest that is allowed.
func position(t *tensor.Tensor, n, last int) (int, error) {
	v, err := t.Int64s()
	if err != nil || len(v) != 1 {
		return 0, fmt.Errorf("the position is %v%v, not one integer", t.DType(), t.Shape())
	}
	return place(v[0], n, last)
}

func place(p int64, n, last int) (int, error) {
	at := p
	if at < 0 {
		at += int64(n)
	}
	if at < 0 || at > int64(last) {
		return 0, fmt.Errorf("position %d is outside a sequence of %d", p, n)
	}
	return int(at), nil
}

// Items are the values that a sequence holds, where it is built in the graph
// from a known number of them.
func Items(v *ir.Value) ([]*ir.Value, bool) {
	for v != nil && v.Node() != nil {
		switch n := v.Node(); n.Op {
		case "Identity":
			v = n.In(0)
		case "SequenceConstruct":
			return n.Inputs, true
		case "SequenceEmpty":
			return nil, true
		case "SequenceInsert":
			items, ok := Items(n.In(0))
			if !ok || n.In(1) == nil {
				return nil, false
			}
			at, ok := constPlace(n.In(2), len(items), len(items), len(items))
			if !ok {
				return nil, false
			}
			out := append(append([]*ir.Value{}, items[:at]...), n.In(1))
			return append(out, items[at:]...), true
		case "SequenceErase":
			items, ok := Items(n.In(0))
			if !ok {
				return nil, false
			}
			at, ok := constPlace(n.In(1), len(items), len(items)-1, len(items)-1)
			if !ok {
				return nil, false
			}
			return append(append([]*ir.Value{}, items[:at]...), items[at+1:]...), true
		case "Optional", "OptionalGetElement":
			if n.In(0) == nil {
				return nil, false
			}
			v = n.In(0)
		default:
			return nil, false
		}
	}
	return nil, false
}

// constPlace is the place that v names in a sequence of n; def where v is
// omitted.
func constPlace(v *ir.Value, n, last, def int) (int, bool) {
	if v == nil {
		return def, def >= 0
	}
	p, ok := v.ConstInts()
	if !ok || len(p) != 1 {
		return 0, false
	}
	at, err := place(p[0], n, last)
	return at, err == nil
}

// unknown is the error of a decomposition that needs to know what is in a
// sequence.
func unknown(v *ir.Value) error {
	name := ""
	if v != nil {
		name = v.Name
	}
	return fmt.Errorf("what is in sequence %q is not known: %w", name, op.ErrNoDecomposition)
}

// construct is a sequence of the given values as a node: SequenceEmpty where
// there are none.
func construct(b *op.Builder, items []*ir.Value, like *ir.Value) (*ir.Value, error) {
	if len(items) > 0 {
		return b.Op("SequenceConstruct", nil, items...), nil
	}
	if like == nil || like.Elem == nil || op.ONNXType(like.Elem.DType) == 0 {
		return nil, unknown(like)
	}
	return b.Op("SequenceEmpty", ir.Attrs{"dtype": op.ONNXType(like.Elem.DType)}), nil
}

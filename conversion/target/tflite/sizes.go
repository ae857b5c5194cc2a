package tflite

import (
	"encoding/json"
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// computable reports whether the sizes can be worked out, while the model runs,
// from those of the graph's inputs or of n's.
func computable(n *ir.Node, s ir.Shape) bool {
	known := func(symbol string) bool {
		return ofInputs(symbol) || slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool {
			return v != nil && !v.IsConst() && slices.ContainsFunc(v.Shape, func(x ir.Dim) bool { return x.Equal(ir.Symbol(symbol)) })
		})
	}
	return s != nil && !slices.ContainsFunc(s, func(d ir.Dim) bool { return !d.Follows(known) })
}

// sizes is a vector of int32 with the sizes of s in the given order: a constant
// where they are known, else computed from the shape of the node's operands or
// of the graph's inputs.
func (e *emitter) sizes(s ir.Shape, order layout.Perm) (int, error) {
	return e.sizeList(layout.Apply(order, slices.Clone(s)))
}

func (e *emitter) sizeList(list ir.Shape) (int, error) {
	if dims := dimsOf(list, nil); unknowns(dims) == 0 {
		return e.int32s(dims), nil
	}
	var parts []int
	for i := 0; i < len(list); {
		// Known sizes side by side are one constant.
		var known []int32
		for ; i < len(list); i++ {
			n, ok := list[i].Int()
			if !ok {
				break
			}
			known = append(known, int32(n))
		}
		if len(known) > 0 {
			parts = append(parts, e.int32s(known))
			continue
		}
		t, err := e.size(list[i])
		if err != nil {
			return 0, err
		}
		parts = append(parts, t)
		i++
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	y, err := e.tensor("", tensor.Int32, []int32{int32(len(list))}, nil)
	if err != nil {
		return 0, err
	}
	e.op(fb.Concatenation, fb.ConcatenationOptions{}, parts, y)
	return y, nil
}

// size is one size as a vector of one element. Each is computed once.
func (e *emitter) size(d ir.Dim) (int, error) {
	key := moveKey{perm: "size " + d.String()}
	if t, ok := e.moved[key]; ok {
		return t, nil
	}
	t, err := e.sizeNew(d)
	if err == nil {
		e.moved[key] = t
	}
	return t, err
}

func (e *emitter) sizeNew(d ir.Dim) (int, error) {
	if n, ok := d.Int(); ok {
		return e.int32s([]int32{int32(n)}), nil
	}
	for _, v := range append(slices.Clone(e.n.Inputs), e.g.Inputs...) {
		if v == nil || v.IsConst() {
			continue
		}
		h, ok := e.held[v]
		if !ok {
			continue
		}
		for a, x := range v.Shape {
			if x.Equal(d) {
				return e.axisSize(h, a), nil
			}
		}
	}
	terms, ok := d.Terms()
	if !ok {
		return 0, fmt.Errorf("the size %v cannot be computed", d)
	}
	one := []int32{1}
	sum := -1
	for _, t := range terms {
		p := -1
		for _, f := range t.Factors {
			var x int
			var err error
			if f.Symbol != "" {
				if d.Equal(ir.Symbol(f.Symbol)) {
					return 0, fmt.Errorf("no input has the size %s", f.Symbol)
				}
				x, err = e.size(ir.Symbol(f.Symbol))
			} else if x, err = e.size(f.Of); err == nil {
				x = e.binary(fb.FloorDiv, x, e.int32s([]int32{int32(f.By)}), one)
			}
			if err != nil {
				return 0, err
			}
			if p < 0 {
				p = x
			} else {
				p = e.binary(fb.Mul, p, x, one)
			}
		}
		switch {
		case p < 0:
			p = e.int32s([]int32{int32(t.Coef)})
		case t.Coef != 1:
			p = e.binary(fb.Mul, p, e.int32s([]int32{int32(t.Coef)}), one)
		}
		if sum < 0 {
			sum = p
		} else {
			sum = e.binary(fb.Add, sum, p, one)
		}
	}
	return sum, nil
}

// axisSize is the size of a logical axis of a value.
func (e *emitter) axisSize(h held, axis int) int {
	key := moveKey{h.t, "shape"}
	shape, ok := e.moved[key]
	if !ok {
		shape, _ = e.tensor("", tensor.Int32, []int32{int32(len(e.m.Tensors[h.t].Shape))}, nil) // int32 is always there
		e.op(fb.Shape, fb.ShapeOptions{Output: fb.Int32}, []int{h.t}, shape)
		e.moved[key] = shape
	}
	k := int32(h.order.Axis(axis))
	y, _ := e.tensor("", tensor.Int32, []int32{1}, nil)
	e.op(fb.StridedSlice, fb.StridedSliceOptions{}, []int{shape, e.int32s([]int32{k}), e.int32s([]int32{k + 1}), e.int32s([]int32{1})}, y)
	return y
}

// sizesKey names the metadata that tell what sizes which are not known before
// run time depend on: JSON, the shapes of the inputs and outputs in the
// signature's order, each size an expression as in "floor((H+1)/2)". The file
// itself has no place for that, and its runtime learns an output's size only
// when it is there.
const sizesKey = "slipway.sizes"

// openSizes is the content of that metadata, nil where all sizes are known.
func (w *writer) openSizes() []byte {
	var m struct {
		Inputs  [][]string `json:"inputs"`
		Outputs [][]string `json:"outputs"`
	}
	open := false
	list := func(vs []*ir.Value, tensors []int) [][]string {
		var out [][]string
		for i, v := range vs {
			s := v.Shape
			if turned := layout.Last(v.Rank()); w.o.Layout == "nhwc" && v.Rank() == 4 && !slices.Equal(dimsOf(s, nil), w.m.Tensors[tensors[i]].Shape) {
				s = layout.Apply(turned, slices.Clone(s))
			}
			var text []string
			for _, d := range s {
				text = append(text, d.String())
				open = open || !d.IsStatic()
			}
			out = append(out, text)
		}
		return out
	}
	m.Inputs, m.Outputs = list(w.g.Inputs, w.m.Inputs), list(w.g.Outputs, w.m.Outputs)
	if !open {
		return nil
	}
	b, _ := json.Marshal(m) // strings always marshal
	return b
}

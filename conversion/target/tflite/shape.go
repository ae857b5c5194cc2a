package tflite

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var shapeSpellings = map[string]spelling{
	"Reshape":         {legal: legalReshape, emit: emitReshape, int8: always},
	"Flatten":         {legal: legalReshape, emit: emitReshape, int8: always},
	"Squeeze":         {legal: legalReshape, emit: emitReshape, int8: always},
	"Unsqueeze":       {legal: legalReshape, emit: emitReshape, int8: always},
	"Transpose":       {legal: legalTranspose, emit: emitTranspose, int8: always},
	"Concat":          {emit: emitConcat, int8: always},
	"Split":           {legal: legalSplit, emit: emitSplit, int8: always},
	"Slice":           {legal: legalSlice, emit: emitSlice, int8: always},
	"Gather":          {legal: legalGather, emit: emitGather, int8: always},
	"GatherElements":  {legal: legalGatherElements, emit: emitGatherElements},
	"GatherND":        {legal: legalGatherND, emit: emitGatherND},
	"Pad":             {legal: legalPad, emit: emitPad, int8: int8Pad},
	"Expand":          {legal: legalExpand, emit: emitExpand, int8: always},
	"Tile":            {legal: legalTile, emit: emitTile, int8: always},
	"OneHot":          {legal: legalOneHot, emit: emitOneHot},
	"Shape":           {emit: emitShape},
	"ConstantOfShape": {legal: legalConstantOfShape, emit: emitConstantOfShape},
}

// same makes the output tensor of an operator that moves elements: an int8 one
// has its operand's parameters.
func (e *emitter) same(i int, order layout.Perm) (int, error) {
	v := e.outs[i]
	return e.tensor("", v.DType, dimsOf(v.Shape, order), e.inQuant(0))
}

// move writes an operator that moves elements, with result 0 in the given order.
func (e *emitter) move(code fb.Code, opts fb.Options, order layout.Perm, inputs ...int) error {
	y, err := e.same(0, order)
	if err != nil {
		return err
	}
	e.op(code, opts, inputs, y)
	e.set(0, y, order)
	return nil
}

// legalReshape: the new shape has at most one dimension that the model's file
// cannot tell, or can be computed.
func legalReshape(n *ir.Node) string {
	if unknowns(dimsOf(n.Out(0).Shape, nil)) <= 1 || computable(n, n.Out(0).Shape) {
		return ""
	}
	if n.Op != "Reshape" || n.In(1).Content == nil {
		return "more than one unknown dimension"
	}
	for _, d := range n.In(1).Content {
		if d.Is(0) {
			return "more than one unknown dimension, copied by a zero"
		}
	}
	return ""
}

// emitReshape writes RESHAPE. Where the plan flattens in channels-last order,
// or where only axes of size 1 are out of place, the operand is taken as it is.
func emitReshape(e *emitter) error {
	v := e.n.In(0)
	order := e.outOrder(0)
	from := e.inOrder(0)
	if h, ok := e.held[v]; ok && layout.SameBytes(v.Shape, h.order, from) {
		from = h.order
	}
	x, err := e.read(v, from, e.quant)
	if err != nil {
		return err
	}
	dims := dimsOf(e.outs[0].Shape, order)
	if slices.Equal(dims, e.m.Tensors[x].Shape) && unknowns(dims) <= 1 {
		h := held{t: x, order: order}
		if e.quant {
			h.quant = quantOf(e.m.Tensors[x].Quant)
		}
		e.held[e.outs[0]] = h
		return nil
	}
	if unknowns(dims) <= 1 {
		return e.move(fb.Reshape, nil, order, x, e.int32s(dims))
	}
	if computable(e.n, e.outs[0].Shape) {
		shape, err := e.sizes(e.outs[0].Shape, order)
		if err != nil {
			return err
		}
		return e.move(fb.Reshape, nil, order, x, shape)
	}
	if !order.IsIdentity() || e.n.Op != "Reshape" {
		return fmt.Errorf("more than one unknown dimension")
	}
	shape, err := e.read(e.n.In(1), nil, false)
	if err != nil {
		return err
	}
	return e.move(fb.Reshape, nil, nil, x, e.toInt32(shape))
}

// toInt32 is integer tensor t as int32.
func (e *emitter) toInt32(t int) int {
	in := e.m.Tensors[t]
	if in.Type == fb.Int32 {
		return t
	}
	y, _ := e.tensor("", tensor.Int32, in.Shape, nil)
	e.op(fb.Cast, fb.CastOptions{In: in.Type, Out: fb.Int32}, []int{t}, y)
	return y
}

func legalTranspose(n *ir.Node) string {
	if r := n.In(0).Rank(); r > 6 {
		return fmt.Sprintf("rank %d", r)
	}
	return ""
}

// emitTranspose composes the node's permutation with the orders in which its
// operand is stored and its result wanted.
func emitTranspose(e *emitter) error {
	v := e.n.In(0)
	rank := v.Rank()
	perm := layout.Transposition(e.n)
	order, from := e.outOrder(0), e.inOrder(0)
	x, err := e.read(v, from, e.quant)
	if err != nil {
		return err
	}
	// Stored axis k of the result holds logical axis order.At(k), which is the
	// operand's logical axis perm of that.
	p := make(layout.Perm, rank)
	for k := range p {
		p[k] = from.Axis(perm[order.At(k)])
	}
	h := held{t: e.permute(x, p), order: order}
	if p.IsIdentity() {
		if e.quant {
			h.quant = quantOf(e.m.Tensors[x].Quant)
		}
		e.held[e.outs[0]] = h
		return nil
	}
	e.set(0, h.t, order)
	return nil
}

func axisOf(n *ir.Node, def int64, rank int) int {
	a := int(n.Int("axis", def))
	if a < 0 {
		a += rank
	}
	return a
}

// emitConcat writes CONCATENATION; int8 operands get the result's parameters.
func emitConcat(e *emitter) error {
	rank := e.n.Out(0).Rank()
	order := e.outOrder(0)
	y, err := e.result(0, order)
	if err != nil {
		return err
	}
	var in []int
	for i := range e.n.Inputs {
		x, err := e.joint(i, rank, order)
		if err != nil {
			return err
		}
		in = append(in, x)
	}
	if len(in) == 1 {
		return emitIdentity(e)
	}
	if e.joinsAlike(e.n) {
		e.m.Tensors[y].Quant = e.m.Tensors[in[0]].Quant
	}
	e.join(in, order.Axis(axisOf(e.n, 0, rank)), y)
	e.set(0, y, order)
	return nil
}

// splitSizes are the parts' sizes, from their shapes.
func splitSizes(n *ir.Node) ([]int32, bool) {
	axis := axisOf(n, 0, n.In(0).Rank())
	var sizes []int32
	for _, v := range n.Outputs {
		if v == nil {
			return nil, false
		}
		d, ok := v.Shape[axis].Int()
		if !ok {
			return nil, false
		}
		sizes = append(sizes, int32(d))
	}
	return sizes, true
}

func legalSplit(n *ir.Node) string {
	if _, ok := splitSizes(n); !ok {
		return "parts of unknown size"
	}
	return ""
}

func emitSplit(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	sizes, _ := splitSizes(e.n)
	order := e.inOrder(0)
	axis, _ := e.addConst(tensor.Scalar(int32(order.Axis(axisOf(e.n, 0, e.n.In(0).Rank())))), nil, nil)
	outs := make([]int, len(sizes))
	equal := true
	for i := range sizes {
		if outs[i], err = e.same(i, order); err != nil {
			return err
		}
		equal = equal && sizes[i] == sizes[0]
	}
	switch {
	case e.fast(x) && (!equal || len(outs) > maxParts):
		begin := make([]int32, e.n.In(0).Rank())
		for _, y := range outs {
			size := e.m.Tensors[y].Shape
			e.op(fb.Slice, nil, []int{x, e.int32s(slices.Clone(begin)), e.int32s(size)}, y)
			k := order.Axis(axisOf(e.n, 0, len(begin)))
			begin[k] += size[k]
		}
	case equal:
		e.op(fb.Split, fb.SplitOptions{Num: int32(len(outs))}, []int{axis, x}, outs...)
	default:
		e.op(fb.SplitV, fb.SplitVOptions{Num: int32(len(outs))}, []int{x, e.int32s(sizes), axis}, outs...)
	}
	for i, t := range outs {
		e.set(i, t, order)
	}
	return nil
}

// cut is a Slice along one axis.
type cut struct{ axis, start, end, step int64 }

func cutsOf(n *ir.Node) ([]cut, string) {
	var list [4][]int64
	for i := range list {
		v := n.In(i + 1)
		if v == nil {
			continue
		}
		x, ok := v.ConstInts()
		if !ok {
			return nil, "bounds that are not constant"
		}
		list[i] = x
	}
	var cuts []cut
	for i, start := range list[0] {
		c := cut{int64(i), start, list[1][i], 1}
		if list[2] != nil {
			c.axis = list[2][i]
		}
		if c.axis < 0 {
			c.axis += int64(n.In(0).Rank())
		}
		if list[3] != nil {
			c.step = list[3][i]
		}
		cuts = append(cuts, c)
	}
	return cuts, ""
}

func legalSlice(n *ir.Node) string {
	if k, ok := n.Out(0).Shape.NumElements(); ok && k.Is(0) {
		return "a result without elements, for which the runtime gives others"
	}
	if r := n.In(0).Rank(); r > 5 {
		return fmt.Sprintf("rank %d", r)
	}
	if _, ok := toldCuts(n); ok {
		return ""
	}
	cuts, why := cutsOf(n)
	if why != "" {
		return why
	}
	for _, c := range cuts {
		if _, ok := n.In(0).Shape[c.axis].Int(); !ok && (c.step < 0 || c.start < 0 && c.end >= 0) {
			return "bounds on an unknown dimension"
		}
	}
	return ""
}

// emitSlice writes STRIDED_SLICE. Bounds are clamped to the dimension, which the
// kernel would do differently for negative steps.
func emitSlice(e *emitter) error {
	if cuts, ok := toldCuts(e.n); ok {
		return emitToldSlice(e, cuts)
	}
	x, err := e.in(0)
	if err != nil {
		return err
	}
	order := e.inOrder(0)
	rank := e.n.In(0).Rank()
	begin, end, step := make([]int32, rank), make([]int32, rank), make([]int32, rank)
	opts := fb.StridedSliceOptions{}
	for k := range step {
		step[k] = 1
		opts.BeginMask |= 1 << k
		opts.EndMask |= 1 << k
	}
	cuts, _ := cutsOf(e.n)
	for _, c := range cuts {
		k := order.Axis(int(c.axis))
		step[k] = int32(c.step)
		opts.BeginMask &^= 1 << k
		opts.EndMask &^= 1 << k
		d, ok := e.n.In(0).Shape[c.axis].Int()
		if !ok {
			begin[k], end[k] = clamp32(c.start), clamp32(c.end)
			if c.end >= maxInt32 {
				opts.EndMask |= 1 << k
			}
			continue
		}
		s, t := c.start, c.end
		if s < 0 {
			s += d
		}
		if t < 0 {
			t += d
		}
		if c.step > 0 {
			begin[k], end[k] = int32(min(max(s, 0), d)), int32(min(max(t, 0), d))
			continue
		}
		begin[k] = int32(min(max(s, 0), d-1))
		if t < 0 {
			opts.EndMask |= 1 << k
		} else {
			end[k] = int32(min(t, d-1))
		}
	}
	if dims := dimsOf(e.outs[0].Shape, order); slices.Max(step) > 1 {
		if y, ok := e.everyNth(x, begin, step, dims); ok {
			return e.move(fb.Reshape, nil, order, y, e.int32s(dims))
		}
	}
	return e.move(fb.StridedSlice, opts, order, x, e.int32s(begin), e.int32s(end), e.int32s(step))
}

const maxInt32 = 1<<31 - 1

func clamp32(v int64) int32 { return int32(min(max(v, -maxInt32), maxInt32)) }

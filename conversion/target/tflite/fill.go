package tflite

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// padsOf lists, one pair an axis, what a Pad adds.
func padsOf(n *ir.Node) ([][2]int32, string) {
	rank := n.In(0).Rank()
	p, ok := n.In(1).ConstInts()
	if !ok {
		return nil, "pads that are not constant"
	}
	axes := make([]int, rank)
	for i := range axes {
		axes[i] = i
	}
	if v := n.In(3); v != nil {
		list, ok := v.ConstInts()
		if !ok {
			return nil, "axes that are not constant"
		}
		axes = axes[:0]
		for _, a := range list {
			if a < 0 {
				a += int64(rank)
			}
			axes = append(axes, int(a))
		}
	}
	if len(p) != 2*len(axes) {
		return nil, fmt.Sprintf("%d pads for %d axes", len(p), len(axes))
	}
	out := make([][2]int32, rank)
	for i, a := range axes {
		out[a] = [2]int32{clamp32(p[i]), clamp32(p[len(axes)+i])}
		if out[a][0] < 0 || out[a][1] < 0 {
			return nil, "negative padding"
		}
	}
	return out, ""
}

func legalPad(n *ir.Node) string {
	if _, why := padsOf(n); why != "" {
		return why
	}
	switch mode := n.Str("mode", "constant"); mode {
	case "constant", "reflect":
	case "edge", "wrap":
		if why := legalBorders(n); why != "" {
			return why
		}
	default:
		return "mode " + mode
	}
	switch n.In(0).DType {
	case tensor.Float32, tensor.Int32, tensor.Int64, tensor.Int8, tensor.Uint8:
	default:
		return noKernel(n.In(0).DType)
	}
	limit := 5
	if n.Str("mode", "constant") == "reflect" {
		limit = 4
	}
	if r := n.In(0).Rank(); r > limit {
		return fmt.Sprintf("rank %d", r)
	}
	if v := n.In(2); v != nil && !v.IsConst() {
		return "a fill value that is not constant"
	}
	return ""
}

// int8Pad: what is filled in has the operand's parameters, which may not hold it.
func int8Pad(n *ir.Node) bool {
	q := readAs(n.In(0))
	if n.In(2) == nil || q == nil {
		return true
	}
	value := n.In(2).Const.Float64s()[0]
	return value > q.least()-float64(q.scale) && value < q.most()+float64(q.scale)
}

// emitPad writes PAD for zeros, PADV2 for other values, MIRROR_PAD for
// reflection.
func emitPad(e *emitter) error {
	pads, why := padsOf(e.n)
	if why != "" {
		return fmt.Errorf("%s", why)
	}
	x, err := e.in(0)
	if err != nil {
		return err
	}
	order := e.inOrder(0)
	if m := e.n.Str("mode", "constant"); m == "edge" || m == "wrap" {
		e.set(0, e.borders(x, layout.Apply(order, pads), m == "wrap"), order)
		return nil
	}
	flat := make([]int32, 0, 2*len(pads))
	for _, p := range layout.Apply(order, pads) {
		flat = append(flat, p[0], p[1])
	}
	table, err := e.addConst(tensor.Of(flat, len(pads), 2), nil, nil)
	if err != nil {
		return err
	}
	if e.n.Str("mode", "constant") == "reflect" {
		return e.move(fb.MirrorPad, fb.MirrorPadOptions{Mode: fb.Reflect}, order, x, table)
	}
	value := 0.0
	if v := e.n.In(2); v != nil {
		value = v.Const.Float64s()[0]
	}
	if value == 0 {
		return e.move(fb.Pad, nil, order, x, table)
	}
	var fill int
	if q := e.inQuant(0); q != nil {
		s := int8(min(max(math.RoundToEven(value/float64(q.scale))+float64(q.zero), -128), 127))
		fill, err = e.addConst(tensor.Scalar(s), nil, q.quant())
	} else {
		t, e2 := tensor.FromFloat64s(e.n.In(0).DType, []float64{value})
		if e2 != nil {
			return e2
		}
		fill, err = e.addConst(t, nil, nil)
	}
	if err != nil {
		return err
	}
	return e.move(fb.PadV2, nil, order, x, table, fill)
}

func legalExpand(n *ir.Node) string {
	if r := n.Out(0).Rank(); r > 6 {
		return fmt.Sprintf("rank %d", r)
	}
	if computable(n, n.Out(0).Shape) {
		return ""
	}
	// The shape tensor must say the result's dimensions themselves: ONNX lets it
	// hold 1 where the operand has more.
	c := n.In(1).Content
	if len(c) != n.Out(0).Rank() {
		return "a result of unknown shape"
	}
	for i, d := range c {
		if !d.Equal(n.Out(0).Shape[i]) {
			return "a result of unknown shape"
		}
	}
	return ""
}

// emitExpand writes BROADCAST_TO, of real numbers a product with ones.
func emitExpand(e *emitter) error {
	order := e.outOrder(0)
	x, err := e.operand(0, e.n.Out(0).Rank(), order)
	if err != nil {
		return err
	}
	dims := dimsOf(e.outs[0].Shape, order)
	if unknowns(dims) == 0 {
		if ones, ok := e.ones(x, dims); ok {
			return e.move(fb.Mul, fb.MulOptions{}, order, x, ones)
		}
		return e.move(fb.BroadcastTo, nil, order, x, e.int32s(dims))
	}
	var shape int
	if computable(e.n, e.outs[0].Shape) {
		shape, err = e.sizes(e.outs[0].Shape, order)
	} else {
		shape, err = e.read(e.n.In(1), nil, false)
	}
	if err != nil {
		return err
	}
	return e.move(fb.BroadcastTo, nil, order, x, shape)
}

func legalTile(n *ir.Node) string {
	if _, ok := n.In(1).ConstInts(); !ok {
		return "repeats that are not constant"
	}
	return ""
}

func emitTile(e *emitter) error {
	x, err := e.in(0)
	if err != nil {
		return err
	}
	order := e.inOrder(0)
	r, _ := e.n.In(1).ConstInts()
	m := make([]int32, len(r))
	for i, v := range r {
		m[i] = clamp32(v)
	}
	return e.move(fb.Tile, nil, order, x, e.int32s(layout.Apply(order, m)))
}

func legalConstantOfShape(n *ir.Node) string {
	if v := n.Tensor("value"); v != nil && v.Len() != 1 {
		return "a value of several elements"
	}
	return ""
}

// emitConstantOfShape writes FILL.
func emitConstantOfShape(e *emitter) error {
	value := e.n.Tensor("value")
	if value == nil {
		value = tensor.Scalar(float32(0))
	}
	value, err := value.Reshape()
	if err != nil {
		return err
	}
	fill, err := e.addConst(value, nil, nil)
	if err != nil {
		return err
	}
	var shape int
	if dims := dimsOf(e.outs[0].Shape, nil); unknowns(dims) == 0 {
		shape = e.int32s(dims)
	} else if computable(e.n, e.outs[0].Shape) {
		if shape, err = e.sizes(e.outs[0].Shape, nil); err != nil {
			return err
		}
	} else if shape, err = e.read(e.n.In(0), nil, false); err != nil {
		return err
	}
	return e.move(fb.Fill, nil, nil, shape, fill)
}

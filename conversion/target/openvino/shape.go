package openvino

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var shapeOps = map[string]spelling{
	"Identity": {nil, func(e *emitter, _ *ir.Node) { e.finish(e.in(0)) }},
	"Dropout":  {legalDropout, func(e *emitter, _ *ir.Node) { e.finish(e.in(0)) }},
	"Reshape":  {nil, emitReshape}, "Flatten": {legalFlatten, emitFlatten},
	"Transpose": {legalTranspose, emitTranspose},
	"Squeeze":   {legalSqueeze, emitSqueeze},
	"Unsqueeze": {legalSqueeze, func(e *emitter, _ *ir.Node) { e.final("Unsqueeze", "opset1", nil, e.in(0), e.in(1)) }},
	"Concat":    {nil, emitConcat}, "Split": {legalSplit, emitSplit},
	"Slice": {legalSlice, emitSlice}, "Pad": {legalPad, emitPad},
	"Shape":           {nil, emitShape},
	"Size":            {nil, emitSize},
	"ConstantOfShape": {nil, emitConstantOfShape},
	"Expand":          {nil, emitExpand},
	"Tile":            {legalTile, func(e *emitter, _ *ir.Node) { e.final("Tile", "opset1", nil, e.in(0), e.in(1)) }},
	"Range":           {nil, emitRange},
}

func legalDropout(n *ir.Node) string {
	if n.In(2) != nil {
		return "Dropout that may train has no equivalent"
	}
	if m := n.Out(1); m != nil && len(m.Uses()) > 0 {
		return "Dropout's mask has no equivalent"
	}
	return ""
}

func emitReshape(e *emitter, n *ir.Node) {
	e.final("Reshape", "opset1", []attr{{"special_zero", boolean(n.Int("allowzero", 0) == 0)}}, e.in(0), e.in(1))
}

// flattenShape is the target shape of a Flatten with at most one size left to
// the runtime; 0 copies the input's, which is right for axis 1 only.
func flattenShape(n *ir.Node) ([]int64, bool) {
	r := rank(n, 0)
	if r < 0 {
		return nil, n.Int("axis", 1) == 1
	}
	axis := int(n.Int("axis", 1))
	if axis < 0 {
		axis += r
	}
	size := func(s ir.Shape) (int64, bool) {
		d, _ := s.NumElements()
		return d.Int()
	}
	s := n.In(0).Shape
	head, okHead := size(s[:axis])
	tail, okTail := size(s[axis:])
	switch {
	case okHead && okTail:
		return []int64{head, tail}, true
	case okTail && tail > 0:
		return []int64{-1, tail}, true
	case okHead && head > 0:
		return []int64{head, -1}, true
	}
	return nil, axis == 1
}

func legalFlatten(n *ir.Node) string {
	if _, ok := flattenShape(n); !ok {
		return "Flatten needs known sizes before or after its axis"
	}
	return ""
}

func emitFlatten(e *emitter, n *ir.Node) {
	to, _ := flattenShape(n)
	if to == nil {
		e.final("Reshape", "opset1", []attr{{"special_zero", "true"}}, e.in(0), e.ints(0, -1))
		return
	}
	e.final("Reshape", "opset1", []attr{{"special_zero", "false"}}, e.in(0), e.ints(to...))
}

func legalTranspose(n *ir.Node) string {
	if n.Ints("perm") == nil {
		return needRank(n)
	}
	return ""
}

func emitTranspose(e *emitter, n *ir.Node) {
	if leftToProducts(e.g, n) {
		e.ports[n.Out(0)] = port{&layer{out: make([]outPort, 1)}, 0} // never read
		return
	}
	perm := n.Ints("perm")
	if perm == nil {
		for i := rank(n, 0) - 1; i >= 0; i-- {
			perm = append(perm, int64(i))
		}
	}
	e.final("Transpose", "opset1", nil, e.in(0), e.ints(perm...))
}

func legalSqueeze(n *ir.Node) string {
	if n.In(1) != nil && !n.In(1).IsConst() {
		return n.Op + " needs constant axes"
	}
	return ""
}

func emitSqueeze(e *emitter, n *ir.Node) {
	in := []port{e.in(0)}
	if n.In(1) != nil {
		in = append(in, e.in(1))
	}
	e.final("Squeeze", "opset1", nil, in...)
}

func emitConcat(e *emitter, n *ir.Node) {
	in := make([]port, len(n.Inputs))
	for i := range in {
		in[i] = e.in(i)
	}
	e.final("Concat", "opset1", []attr{{"axis", ints([]int64{n.Int("axis", 0)})}}, in...)
}

// splitSizes are the sizes of the parts where they must be spelled out: ONNX
// makes the last part smaller where num_outputs does not divide the axis.
func splitSizes(n *ir.Node) (sizes []int64, ok bool) {
	if n.In(1) != nil {
		return nil, true
	}
	parts := int64(len(n.Outputs))
	axis := int(n.Int("axis", 0))
	if axis < 0 {
		axis += rank(n, 0)
	}
	if n.In(0).Shape == nil || axis < 0 || axis >= len(n.In(0).Shape) {
		return nil, false
	}
	d, known := n.In(0).Shape[axis].Int()
	if !known {
		return nil, false
	}
	chunk := (d + parts - 1) / parts
	for i := range parts {
		sizes = append(sizes, max(0, min(chunk, d-i*chunk)))
	}
	return sizes, true
}

func legalSplit(n *ir.Node) string {
	if _, ok := splitSizes(n); !ok {
		return "Split into equal parts needs a known size"
	}
	return ""
}

func emitSplit(e *emitter, n *ir.Node) {
	sizes, _ := splitSizes(n)
	var lengths port
	if sizes != nil {
		lengths = e.ints(sizes...)
	} else {
		lengths = e.in(1)
	}
	p := e.opN("VariadicSplit", "opset1", len(n.Outputs), nil, e.in(0), e.int(n.Int("axis", 0)), lengths)
	for i, v := range n.Outputs {
		if v != nil {
			port{p.l, i}.typed(v.DType, v.Shape)
			e.bind(v, port{p.l, i})
		} else {
			port{p.l, i}.typed(n.In(0).DType, nil)
		}
	}
}

func legalSlice(n *ir.Node) string {
	if n.In(3) == nil || n.In(4) == nil {
		if s := n.In(1).Shape; s == nil || !s.IsStatic() {
			return "Slice without axes needs a known number of starts"
		}
	}
	return ""
}

func emitSlice(e *emitter, n *ir.Node) {
	count := func() int { s, _ := n.In(1).Shape.Ints(); return s[0] }
	d := tensor.Int64
	start, stop := e.convert(e.in(1), d), e.convert(e.in(2), d)
	var axes, step port
	if n.In(3) != nil {
		axes = e.convert(e.in(3), d)
	} else {
		axes = e.ints(axesFrom(0, count())...)
	}
	if n.In(4) != nil {
		step = e.convert(e.in(4), d)
	} else {
		step = e.ints(orDefault(nil, count(), 1)...)
	}
	e.final("Slice", "opset8", nil, e.in(0), start, stop, step, axes)
}

var padModes = map[string]string{"constant": "constant", "reflect": "reflect", "edge": "edge"}

func legalPad(n *ir.Node) string {
	if m := n.Str("mode", "constant"); padModes[m] == "" {
		return "Pad in mode " + m + " has no equivalent"
	}
	if v := n.In(2); v != nil && !v.IsConst() && n.Str("mode", "constant") == "constant" {
		return "Pad with a value that is not constant, which the CPU plugin takes for 0"
	}
	if n.In(3) != nil {
		if _, ok := n.In(1).ConstInts(); !ok {
			return "Pad along given axes needs constant pads"
		}
		if _, ok := n.In(3).ConstInts(); !ok {
			return "Pad along given axes needs constant axes"
		}
		return needRank(n)
	}
	return ""
}

func emitPad(e *emitter, n *ir.Node) {
	var begin, end port
	if pads, ok := n.In(1).ConstInts(); ok {
		b, t := pads[:len(pads)/2], pads[len(pads)/2:]
		if n.In(3) != nil {
			axes, _ := n.In(3).ConstInts()
			r := rank(n, 0)
			fb, ft := make([]int64, r), make([]int64, r)
			for i, a := range axes {
				if a < 0 {
					a += int64(r)
				}
				fb[a], ft[a] = b[i], t[i]
			}
			b, t = fb, ft
		}
		begin, end = e.ints(b...), e.ints(t...)
	} else {
		p := e.opN("Split", "opset1", 2, []attr{{"num_splits", "2"}}, e.in(1), e.int(0))
		p.typed(n.In(1).DType, nil)
		begin, end = p, port{p.l, 1}.typed(n.In(1).DType, nil)
	}
	mode := padModes[n.Str("mode", "constant")]
	in := []port{e.in(0), begin, end}
	if mode == "constant" {
		switch v := n.In(2); {
		case v == nil:
			in = append(in, e.scalar(n.In(0).DType, 0))
		case v.IsConst():
			in = append(in, e.constant(e.view(v.Const, []int{})))
		case v.Rank() == 1:
			in = append(in, e.op("Squeeze", "opset1", v.DType, ir.Shape{}, nil, e.in(2), e.ints(0)))
		default:
			in = append(in, e.in(2))
		}
	}
	e.final("Pad", "opset12", []attr{{"pad_mode", mode}}, in...)
}

func emitShape(e *emitter, n *ir.Node) {
	data := []attr{{"output_type", "i64"}}
	if !n.Has("start") && !n.Has("end") {
		e.final("ShapeOf", "opset3", data, e.in(0))
		return
	}
	p := e.op("ShapeOf", "opset3", tensor.Int64, nil, data, e.in(0))
	e.final("Slice", "opset8", nil, p, e.ints(n.Int("start", 0)), e.ints(n.Int("end", 1<<31-1)), e.ints(1), e.ints(0))
}

func emitSize(e *emitter, _ *ir.Node) {
	p := e.op("ShapeOf", "opset3", tensor.Int64, nil, []attr{{"output_type", "i64"}}, e.in(0))
	e.final("ReduceProd", "opset1", []attr{{"keep_dims", "false"}}, p, e.ints(0))
}

func emitConstantOfShape(e *emitter, n *ir.Node) {
	t := n.Tensor("value")
	if t == nil {
		t = tensor.Of([]float32{0}, 1)
	}
	e.final("Broadcast", "opset3", []attr{{"mode", "numpy"}}, e.constant(e.view(t, []int{})), e.in(0))
}

func emitExpand(e *emitter, _ *ir.Node) {
	e.final("Broadcast", "opset3", []attr{{"mode", "bidirectional"}}, e.in(0), e.in(1))
}

// legalTile: the CPU plugin copies garbage where the repeats are computed.
func legalTile(n *ir.Node) string {
	if !n.In(1).IsConst() {
		return "Tile needs constant repeats"
	}
	return ""
}

func emitRange(e *emitter, n *ir.Node) {
	scalar := func(i int) port {
		if n.In(i).Rank() == 0 {
			return e.in(i)
		}
		return e.op("Reshape", "opset1", n.In(i).DType, ir.Shape{}, []attr{{"special_zero", "false"}}, e.in(i), e.constant(tensor.New(tensor.Int64, 0)))
	}
	e.final("Range", "opset4", []attr{{"output_type", e.typeName(n.Out(0).DType)}}, scalar(0), scalar(1), scalar(2))
}

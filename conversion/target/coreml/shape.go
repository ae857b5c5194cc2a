package coreml

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var shapeOps = map[string]spelling{
	"Identity": {nil, func(e *emitter, _ *ir.Node) { e.finish(e.in(0)) }},
	"Dropout":  {legalDropout, func(e *emitter, _ *ir.Node) { e.finish(e.in(0)) }},
	"Reshape":  {nil, emitReshape}, "Flatten": {nil, emitReshape},
	"Transpose": {nil, emitTranspose},
	"Squeeze":   {needFixed(1), emitSqueeze}, "Unsqueeze": {needFixed(1), emitUnsqueeze},
	"Concat": {nil, emitConcat}, "Split": {needFixed(1), emitSplit},
	"Slice": {needFixed(1, 2, 3, 4), emitSlice}, "Pad": {legalPad, emitPad},
	"Expand": {nil, func(e *emitter, n *ir.Node) { e.finish(e.spreadOpen(e.in(0), n.In(0).Shape, n.Out(0).Shape)) }},
	"Range":  {legalRange, emitRange}, "ConstantOfShape": {legalConstantOfShape, emitConstantOfShape},
	"Tile":  {needFixed(1), emitTile},
	"Shape": {nil, unknownSize}, "Size": {nil, unknownSize},
	"Trilu": {all(needFixed(1), legalTrilu), emitTrilu},
}

// unknownSize: sizes that are known are constants and never come here.
func unknownSize(e *emitter, _ *ir.Node) { e.fail("a size that is not known has no equivalent") }

func legalDropout(n *ir.Node) string {
	if n.In(2) != nil {
		return "Dropout that may train has no equivalent"
	}
	if m := n.Out(1); m != nil && len(m.Uses()) > 0 {
		return "Dropout's mask has no equivalent"
	}
	return ""
}

// emitReshape: sizes that are open are looked up in the input, but for one, which
// follows from the others.
func emitReshape(e *emitter, n *ir.Node) {
	x, from, to := e.in(0), n.In(0).Shape, n.Out(0).Shape
	open := 0
	for _, d := range to {
		if !d.IsStatic() {
			open++
		}
	}
	if open <= 1 || e.err != nil {
		e.finish(e.reshape(x, shapeOf(n.Out(0))))
		return
	}
	if to.Equal(from) {
		e.finish(x)
		return
	}
	axes, _ := reshaping(e.g, from, to)
	var sizes val
	var parts []val
	for i, d := range to {
		switch k, static := d.Int(); {
		case static:
			parts = append(parts, e.literal(n.Name+"_size", tensor.Of([]int32{int32(k)}, 1)))
		case axes[i] == fromInputs:
			parts = append(parts, e.size(d))
		case axes[i] == fromRest:
			parts = append(parts, e.literal(n.Name+"_rest", tensor.Of([]int32{-1}, 1)))
		default:
			if sizes.name == "" {
				sizes = e.op("shape", tensor.Int32, []int{len(from)}, in("x", x))
			}
			parts = append(parts, e.op("slice_by_index", tensor.Int32, []int{1}, in("x", sizes), ints("begin", axes[i]), ints("end", axes[i]+1), ints("stride", 1),
				flags("begin_mask", false), flags("end_mask", false), flags("squeeze_mask", false)))
		}
	}
	shape := e.op("concat", tensor.Int32, []int{len(to)}, in("values", parts...), num("axis", 0), flag("interleave", false))
	e.final("reshape", in("x", x), in("shape", shape))
}

func emitTranspose(e *emitter, n *ir.Node) {
	x := e.in(0)
	if len(x.shape) == 0 {
		e.finish(x)
		return
	}
	perm := list64(n.Ints("perm"))
	if perm == nil || n.Ints("perm") == nil {
		perm = nil
		for i := len(x.shape) - 1; i >= 0; i-- {
			perm = append(perm, i)
		}
	}
	e.final("transpose", in("x", x), ints("perm", perm...))
}

func emitSqueeze(e *emitter, n *ir.Node) {
	x := e.in(0)
	var axes []int
	if n.In(1) != nil {
		for _, a := range e.ints(1) {
			axes = append(axes, axis(a, len(x.shape)))
		}
	} else {
		for i, d := range x.shape {
			if d == 1 {
				axes = append(axes, i)
			}
		}
	}
	if len(axes) == 0 {
		e.finish(x)
		return
	}
	e.final("squeeze", in("x", x), ints("axes", axes...))
}

func emitUnsqueeze(e *emitter, n *ir.Node) {
	x, r := e.in(0), rank2(n.Out(0))
	var axes []int
	for _, a := range e.ints(1) {
		axes = append(axes, axis(a, r))
	}
	if len(axes) == 0 {
		e.finish(x)
		return
	}
	e.final("expand_dims", in("x", x), ints("axes", axes...))
}

func rank2(v *ir.Value) int { return len(v.Shape) }

func emitConcat(e *emitter, n *ir.Node) {
	var list []val
	a := axis(n.Int("axis", 0), rank(n, 0))
	for i := range n.Inputs {
		if p := e.in(i); e.err == nil && p.shape[a] != 0 {
			list = append(list, p)
		}
	}
	switch len(list) {
	case 0:
		e.fail("nothing to concatenate")
	case 1:
		e.finish(list[0])
	default:
		e.final("concat", in("values", list...), num("axis", a), flag("interleave", false))
	}
}

func emitSplit(e *emitter, n *ir.Node) {
	x, a := e.in(0), axis(n.Int("axis", 0), rank(n, 0))
	if len(n.Outputs) == 1 {
		e.finish(x)
		return
	}
	outs := make([]val, len(n.Outputs))
	sizes := make([]int, len(n.Outputs))
	given := e.ints(1)
	chunk := 0
	if given == nil {
		chunk = (x.shape[a] + len(outs) - 1) / len(outs)
	}
	for i, v := range n.Outputs {
		if given != nil {
			sizes[i] = int(given[i])
		} else {
			sizes[i] = max(0, min(chunk, x.shape[a]-i*chunk))
		}
		s := append([]int{}, x.shape...)
		s[a] = sizes[i]
		outs[i] = val{dtype: x.dtype, shape: s}
		if v != nil {
			outs[i].name = e.nameOf(v)
			e.vals[v] = outs[i]
		} else {
			outs[i].name = e.unique(n.Name + "_unused")
		}
	}
	e.append("split", outs, in("x", x), ints("split_sizes", sizes...), num("axis", a))
}

var padModes = map[string]string{"constant": "constant", "reflect": "reflect", "edge": "replicate"}

func legalPad(n *ir.Node) string {
	if why := all(floats, needFixed(1, 2, 3))(n); why != "" {
		return why
	}
	if m := n.Str("mode", "constant"); padModes[m] == "" {
		return "Pad in mode " + m + " has no equivalent"
	}
	pads, ok := n.In(1).ConstInts()
	if !ok {
		return "Pad needs constant amounts"
	}
	for i, p := range pads {
		switch {
		case p < 0:
			return "Pad that crops has no equivalent"
		case p > 0 && n.Str("mode", "constant") != "constant" && (n.In(3) != nil || i%(len(pads)/2) < len(pads)/2-2):
			return "Pad in mode " + n.Str("mode", "") + " has an equivalent for the last two axes only"
		}
	}
	return ""
}

func emitPad(e *emitter, n *ir.Node) {
	x, given, axes := e.in(0), e.ints(1), e.ints(3)
	r := len(x.shape)
	pad := make([]int, 2*r)
	for i := range len(given) / 2 {
		a := i
		if axes != nil {
			a = axis(axes[i], r)
		}
		pad[2*a], pad[2*a+1] = int(given[i]), int(given[i+len(given)/2])
	}
	mode := padModes[n.Str("mode", "constant")]
	if mode != "constant" {
		pad = pad[max(0, 2*r-4):]
	}
	value := 0.0
	if n.In(2) != nil {
		if t := e.constantOf(n.In(2)); t != nil && t.Len() == 1 {
			value = t.Float64s()[0]
		}
	}
	e.final("pad", in("x", x), ints("pad", pad...), word("mode", mode), real("constant_val", x.dtype, value))
}

func emitTile(e *emitter, n *ir.Node) {
	if openSizes(n.In(1)) {
		e.final("tile", in("x", e.in(0)), e.bounds("reps", n.In(1).Content))
		return
	}
	e.final("tile", in("x", e.in(0)), ints("reps", list64(e.ints(1))...))
}

func legalTrilu(n *ir.Node) string {
	if rank(n, 0) < 2 {
		return "Trilu needs a matrix"
	}
	return ""
}

// emitTrilu selects by a mask, so that what it leaves out is zero even where it
// was not a number. Of a matrix of open size it is computed from the places.
func emitTrilu(e *emitter, n *ir.Node) {
	x, shape := e.in(0), n.In(0).Shape
	k := int64(0)
	if v := e.ints(1); len(v) == 1 {
		k = v[0]
	}
	matrix := shape[len(shape)-2:]
	upper := n.Int("upper", 1) != 0
	var mask val
	if s, known := matrix.Ints(); known {
		t := tensor.New(tensor.Bool, s...)
		for i := range s[0] {
			for j := range s[1] {
				if upper && int64(j) >= int64(i)+k || !upper && int64(j) <= int64(i)+k {
					t.Bytes()[i*s[1]+j] = 1
				}
			}
		}
		mask = e.literal(n.Name+"_mask", t)
	} else {
		mask = e.triangle(matrix, k, upper)
	}
	cond := e.spreadOpen(mask, matrix, shape)
	if x.dtype == tensor.Bool {
		e.final("logical_and", in("x", x), in("y", cond))
		return
	}
	zero := e.spreadOpen(e.scalar(x.dtype, 0), nil, shape)
	e.final("select", in("cond", cond), in("a", x), in("b", zero))
}

// triangle is true where column - row is at least k, or at most.
func (e *emitter) triangle(matrix ir.Shape, k int64, upper bool) val {
	rows, columns := e.counted(matrix[0]), e.counted(matrix[1])
	of := func(p val, axis int, shape ...int) val {
		return e.op("expand_dims", tensor.Int32, shape, in("x", p), ints("axes", axis))
	}
	s := []int{rows.shape[0], columns.shape[0]}
	d := e.op("sub", tensor.Int32, s, in("x", of(columns, 0, 1, s[1])), in("y", of(rows, 1, s[0], 1)))
	op := "less_equal"
	if upper {
		op = "greater_equal"
	}
	k = max(-1<<30, min(k, 1<<30)) // beyond every size it is all or nothing
	return e.op(op, tensor.Bool, s, in("x", d), num("y", int(k)))
}

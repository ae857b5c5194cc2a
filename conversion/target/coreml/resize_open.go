package coreml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Along an axis of open size a Resize is written out: place o of the result reads
// the input at (a*o+b)/c, where a, b and c are whole numbers that the program
// computes from the sizes while it runs, so that nothing is lost to rounding.

// boundResize says why n needs its sizes; "" where it does not.
func boundResize(g *ir.Graph, n *ir.Node) string {
	if keepsScale(n) {
		return ""
	}
	from, to := n.In(0).Shape, n.Out(0).Shape
	for a := range to {
		if !resizes(n, a) || from[a].IsStatic() && to[a].IsStatic() {
			continue
		}
		switch mode, c := n.Str("mode", "nearest"), n.Str("coordinate_transformation_mode", "half_pixel"); {
		case mode != "nearest" && mode != "linear":
			return "Resize in mode " + mode + " is written for one size"
		case mode == "linear" && n.Int("antialias", 0) != 0:
			return "Resize with antialias is written for one size"
		case c == "half_pixel_symmetric" && scaleAlong(n, a) != nil:
			return "Resize by half_pixel_symmetric scales is written for one size"
		case n.Str("keep_aspect_ratio_policy", "stretch") != "stretch":
			return "Resize that keeps the aspect ratio is written for one size"
		case !computable(g, from[a]) || !computable(g, to[a]):
			return "it is resized to or from a size that does not follow from the inputs'"
		}
		if s := scaleAlong(n, a); s != nil {
			if _, _, ok := fraction(*s); !ok {
				return "Resize by a scale that is no simple fraction is written for one size"
			}
		}
	}
	return ""
}

// scaleAlong is the constant factor by which n resizes an axis; nil where it goes by
// sizes.
func scaleAlong(n *ir.Node, a int) *float32 {
	v := n.In(2)
	if v == nil || !v.IsConst() || v.Const.Len() == 0 {
		return nil
	}
	at := a
	one := float32(1)
	if axes := n.Ints("axes"); axes != nil {
		if at = slices.IndexFunc(axes, func(x int64) bool { return axis(x, rank(n, 0)) == a }); at < 0 {
			return &one
		}
	}
	s := v.Const.Float32s()[at]
	return &s
}

// resizes reports whether n changes anything along an axis.
func resizes(n *ir.Node, a int) bool {
	if s := scaleAlong(n, a); s != nil {
		return *s != 1
	}
	return !n.In(0).Shape[a].Equal(n.Out(0).Shape[a])
}

// resizesOpen reports whether an axis that n resizes is of open size in v.
func resizesOpen(n *ir.Node, v *ir.Value) bool {
	for a, d := range v.Shape {
		if !d.IsStatic() && resizes(n, a) {
			return true
		}
	}
	return false
}

// fraction is s as p/q, q a power of two.
func fraction(s float32) (p, q int, ok bool) {
	for q = 1; q <= 64; q *= 2 {
		if x := s * float32(q); x == float32(int(x)) && x >= 1 && x < 1<<15 {
			return int(x), q, true
		}
	}
	return 0, 0, false
}

// openResize writes n one axis after the other.
func (e *emitter) openResize(n *ir.Node, p val) {
	nearest := n.Str("mode", "nearest") == "nearest"
	from, to := n.In(0).Shape, n.Out(0).Shape
	for a := range to {
		if !resizes(n, a) {
			continue
		}
		shape := slices.Clone(p.shape)
		shape[a] = shapeOf(n.Out(0))[a]
		pick := func(at val) val {
			return e.op("gather", p.dtype, shape, in("x", p), in("indices", at), num("axis", a), num("batch_dims", 0))
		}
		over, under := e.coordinates(n, a)
		last := e.whole("sub", e.size(from[a]), e.integer(1))
		inside := func(at val) val { return e.whole("minimum", e.whole("maximum", at, e.integer(0)), last) }
		if nearest {
			p = pick(inside(e.nearestOf(n, over, under)))
			continue
		}
		first := e.floored(over, under)
		part := e.whole("sub", over, e.whole("mul", first, under))
		w := e.op("real_div", tensor.Float32, part.shape, in("x", e.convert(part, tensor.Float32)), in("y", e.convert(under, tensor.Float32)))
		w = e.convert(w, p.dtype)
		if behind := len(to) - 1 - a; behind > 0 {
			axes := make([]int, behind)
			wide := []int{w.shape[0]}
			for i := range axes {
				axes[i], wide = i+1, append(wide, 1)
			}
			w = e.op("expand_dims", w.dtype, wide, in("x", w), ints("axes", axes...))
		}
		rest := e.op("sub", w.dtype, w.shape, in("x", e.scalar(w.dtype, 1)), in("y", w))
		x, y := pick(inside(first)), pick(inside(e.whole("add", first, e.integer(1))))
		x = e.op("mul", p.dtype, shape, in("x", x), in("y", rest))
		y = e.op("mul", p.dtype, shape, in("x", y), in("y", w))
		p = e.op("add", p.dtype, shape, in("x", x), in("y", y))
	}
	e.finish(p)
}

// coordinates gives, as 32-bit integers, what the coordinates that n reads along an axis
// are quotients of: one dividend for each place of the result, and one divisor.
func (e *emitter) coordinates(n *ir.Node, a int) (over, under val) {
	size, out := e.size(n.In(0).Shape[a]), e.size(n.Out(0).Shape[a])
	o := e.counted(n.Out(0).Shape[a])
	p, q := out, size // the quotient by which it is larger
	if s := scaleAlong(n, a); s != nil {
		pp, qq, _ := fraction(*s)
		p, q = e.integer(pp), e.integer(qq)
	}
	switch n.Str("coordinate_transformation_mode", "half_pixel") {
	case "asymmetric":
		return e.whole("mul", o, q), p
	case "align_corners":
		last := e.whole("sub", out, e.integer(1))
		return e.whole("mul", o, e.whole("sub", size, e.integer(1))), e.whole("maximum", last, e.integer(1))
	case "tf_half_pixel_for_nn":
		return e.whole("mul", e.odd(o), q), e.whole("mul", p, e.integer(2))
	case "pytorch_half_pixel":
		over := e.whole("sub", e.whole("mul", e.odd(o), q), p)
		several := e.whole("minimum", e.whole("sub", out, e.integer(1)), e.integer(1)) // else it reads the first
		return e.whole("mul", over, several), e.whole("mul", p, e.integer(2))
	}
	return e.whole("sub", e.whole("mul", e.odd(o), q), p), e.whole("mul", p, e.integer(2))
}

// odd is 2*o+1.
func (e *emitter) odd(o val) val {
	return e.whole("add", e.whole("mul", o, e.integer(2)), e.integer(1))
}

// nearestOf rounds over/under as n does: ceil(x) is floor of (over+under-1)/under,
// and half of the divisor less or more makes it rounding.
func (e *emitter) nearestOf(n *ir.Node, over, under val) val {
	two := e.integer(2)
	switch n.Str("nearest_mode", "round_prefer_floor") {
	case "floor":
		return e.floored(over, under)
	case "ceil":
		return e.floored(e.whole("sub", e.whole("add", over, under), e.integer(1)), under)
	case "round_prefer_ceil":
		return e.floored(e.whole("add", e.whole("mul", over, two), under), e.whole("mul", under, two))
	}
	twice := e.whole("mul", under, two)
	return e.floored(e.whole("sub", e.whole("add", e.whole("mul", over, two), under), e.integer(1)), twice)
}

// floored is floor(over/under) of what is more than -2: the quotient is taken of
// positive numbers, which every kind of integer division rounds alike.
func (e *emitter) floored(over, under val) val {
	up := e.whole("add", over, e.whole("mul", under, e.integer(2)))
	return e.whole("sub", e.whole("floor_div", up, under), e.integer(2))
}

// whole is arithmetic of vectors of 32-bit integers, of which one may have a single
// element.
func (e *emitter) whole(op string, x, y val) val {
	shape := x.shape
	if len(shape) == 1 && shape[0] == 1 {
		shape = y.shape
	}
	return e.op(op, tensor.Int32, shape, in("x", x), in("y", y))
}

// integer is a vector of one 32-bit integer.
func (e *emitter) integer(n int) val {
	return e.literal(e.cur.Name+"_number", tensor.Of([]int32{int32(n)}, 1))
}

// counted is 0, 1, 2 … of a size.
func (e *emitter) counted(d ir.Dim) val {
	if n, ok := d.Int(); ok {
		t := tensor.New(tensor.Int32, int(n))
		for i := range tensor.View[int32](t) {
			tensor.View[int32](t)[i] = int32(i)
		}
		return e.literal(e.cur.Name+"_places", t)
	}
	end := e.reshape(e.size(d), []int{})
	return e.op("range_1d", tensor.Int32, []int{-1}, in("end", end), in("start", e.scalar(tensor.Int32, 0)), in("step", e.scalar(tensor.Int32, 1)))
}

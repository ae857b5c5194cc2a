package ncnn

import (
	"slices"

	"slipway/conversion/ir"
)

var poolOps = map[string]spelling{
	"MaxPool": pool, "AveragePool": pool, "GlobalMaxPool": globalPool(0), "GlobalAveragePool": globalPool(1),
}

// pool writes explicit padding, so that the window count is the model's: where
// rounding up adds a last window, the padding behind grows by what it lacks.
func pool(e *emitter, n *ir.Node) string {
	if n.Out(1) != nil {
		return "gives no indices"
	}
	if slices.ContainsFunc(n.Ints("dilations"), func(d int64) bool { return d != 1 }) {
		return "has no dilations"
	}
	var kernel []int
	for _, k := range n.Ints("kernel_shape") {
		kernel = append(kernel, int(k))
	}
	if len(kernel) == 3 {
		return pool3(e, n, kernel)
	}
	p, why := planeOf(n, n.In(0), n.Out(0), kernel)
	if why != "" {
		return why
	}
	typ, include := 0, n.Int("count_include_pad", 0) != 0
	if n.Op == "AveragePool" {
		typ = 1
	}
	for d := range 2 {
		more := (p.out[d]-1)*p.stride[d] + p.kernel[d] - p.in[d] - p.before[d] - p.after[d]
		if more > 0 && include && typ == 1 {
			return "does not round up and count padding"
		}
		p.after[d] += max(more, 0)
	}
	in := full(n.In(0))[1]
	b := e.add("Pooling", []*blob{e.as(n.In(0), in, p.in[0], p.in[1])}, []int{in, p.out[0], p.out[1]},
		num(0, typ), num(1, p.kernel[1]), num(11, p.kernel[0]), num(2, p.stride[1]), num(12, p.stride[0]),
		num(3, p.before[1]), num(13, p.before[0]), num(14, p.after[1]), num(15, p.after[0]), num(5, 1), num(6, flag(include)))
	e.set(n.Out(0), b)
	return ""
}

func globalPool(typ int) spelling {
	return func(e *emitter, n *ir.Node) string {
		d := full(n.In(0))
		if len(d) < 3 || d[0] != 1 {
			return "works on one picture"
		}
		b := e.add("Pooling", []*blob{e.planes(n.In(0))}, []int{d[1]}, num(0, typ), num(4, 1))
		e.set(n.Out(0), b)
		return ""
	}
}

// planes is v (1, channels, spatial…) as channels of two dimensions.
func (e *emitter) planes(v *ir.Value) *blob {
	d := full(v)
	switch len(d) {
	case 3:
		return e.as(v, d[1], 1, d[2])
	case 4:
		return e.as(v, d[1], d[2], d[3])
	}
	return e.as(v, d[1], d[2], count(d[3:]))
}

package ncnn

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var normOps = map[string]spelling{
	"BatchNormalization": batchNorm, "InstanceNormalization": instanceNorm, "LayerNormalization": layerNorm, "RMSNormalization": rmsNorm,
	"GroupNormalization": groupNorm, "LRN": lrn, "Softmax": softmax,
}

func plain(v []float32) *constant { return &constant{t: tensor.Of(v, len(v))} }

func (e *emitter) normal(typ string, n *ir.Node, in *blob, params []param, data ...*constant) string {
	l := e.addN(typ, []*blob{in}, [][]int{in.dims}, params...)
	for _, c := range data {
		l.data = append(l.data, raw(c.floats))
	}
	e.set(n.Out(0), l.out[0])
	return ""
}

func batchNorm(e *emitter, n *ir.Node) string {
	d := full(n.In(0))
	if len(d) < 2 || d[0] != 1 || len(d) > 5 {
		return "works on one picture"
	}
	var c []*constant
	for _, k := range []int{1, 3, 4, 2} { // slope, mean, variance, bias
		v := packed(n.In(k))
		if v == nil {
			return "needs constant statistics"
		}
		c = append(c, v)
	}
	return e.normal("BatchNorm", n, e.as(n.In(0), d[1:]...), []param{num(0, d[1]), flt(1, n.Float("epsilon", 1e-5))}, c...)
}

func affine(n *ir.Node, size int) ([]*constant, string) {
	var c []*constant
	for k := 1; k <= 2; k++ {
		v := n.In(k)
		if v == nil {
			fill := make([]float32, size)
			for j := range fill {
				fill[j] = float32(2 - k)
			}
			c = append(c, plain(fill))
			continue
		}
		p := packed(v)
		if p == nil || p.t.Len() != size {
			return nil, fmt.Sprintf("needs %d constant scales and biases", size)
		}
		c = append(c, p)
	}
	return c, ""
}

func instanceNorm(e *emitter, n *ir.Node) string {
	d := full(n.In(0))
	if len(d) < 3 || d[0] != 1 {
		return "works on one picture"
	}
	c, why := affine(n, d[1])
	if why != "" {
		return why
	}
	return e.normal("InstanceNorm", n, e.planes(n.In(0)), []param{num(0, d[1]), flt(1, n.Float("epsilon", 1e-5)), num(2, 1)}, c...)
}

// rows is v as rows that are normalized, from axis a on.
func (e *emitter) rows(v *ir.Value, a int) (*blob, int) {
	d := full(v)
	a = axis(a, len(d))
	size := count(d[a:])
	if outer := count(d[:a]); outer > 1 {
		return e.as(v, outer, size), size
	}
	return e.as(v, size), size
}

func layerNorm(e *emitter, n *ir.Node) string {
	if n.Out(1) != nil || n.Out(2) != nil {
		return "has one output"
	}
	b, size := e.rows(n.In(0), int(n.Int("axis", -1)))
	c, why := affine(n, size)
	if why != "" {
		return why
	}
	return e.normal("LayerNorm", n, b, []param{num(0, size), flt(1, n.Float("epsilon", 1e-5)), num(2, 1)}, c...)
}

func rmsNorm(e *emitter, n *ir.Node) string {
	b, size := e.rows(n.In(0), int(n.Int("axis", -1)))
	c := packed(n.In(1))
	if c == nil || c.t.Len() != size {
		return fmt.Sprintf("needs %d constant scales", size)
	}
	return e.normal("RMSNorm", n, b, []param{num(0, size), flt(1, n.Float("epsilon", 1e-5)), num(2, 1)}, c)
}

func groupNorm(e *emitter, n *ir.Node) string {
	d := full(n.In(0))
	if len(d) < 3 || d[0] != 1 {
		return "works on one picture"
	}
	c, why := affine(n, d[1])
	if why != "" {
		return why
	}
	return e.normal("GroupNorm", n, e.planes(n.In(0)), []param{num(0, int(n.Int("num_groups", 1))), num(1, d[1]), flt(2, n.Float("epsilon", 1e-5)), num(3, 1)}, c...)
}

func lrn(e *emitter, n *ir.Node) string {
	d, size := full(n.In(0)), n.Int("size", 1)
	if len(d) < 3 || d[0] != 1 || size%2 == 0 {
		return "works on one picture and an odd number of channels"
	}
	return e.normal("LRN", n, e.planes(n.In(0)), []param{
		num(0, 0), num(1, int(size)), flt(2, n.Float("alpha", 1e-4)), flt(3, n.Float("beta", 0.75)), flt(4, n.Float("bias", 1)),
	})
}

func softmax(e *emitter, n *ir.Node) string {
	d := full(n.In(0))
	a := axis(int(n.Int("axis", -1)), len(d))
	in, at, ok := e.along(n.In(0), a)
	if !ok {
		return "cannot see its axis in four dimensions"
	}
	e.set(n.Out(0), e.add("Softmax", []*blob{in}, in.dims, num(0, at), num(1, 1)))
	return ""
}

// along is v as a blob in which the axis a stands at position at.
func (e *emitter) along(v *ir.Value, a int) (in *blob, at int, ok bool) {
	d := full(v)
	if len(d) == 0 {
		return nil, 0, false
	}
	if at := places(d)[a]; at >= 0 {
		return e.as(v, natural(d)...), at, true
	}
	outer, inner := count(d[:a]), count(d[a+1:])
	return e.as(v, outer, d[a], inner), 1, true
}

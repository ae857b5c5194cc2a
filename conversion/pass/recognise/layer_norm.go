package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// LayerNorm is the pass recognise_layer_norm.
var LayerNorm = &pass.Pass{
	Name:  "recognise_layer_norm",
	About: "Finds LayerNormalization and InstanceNormalization written out as means, squares and roots",
	After: []string{"fold_constants", "remove_identity", "remove_duplicates"},
	Run:   each(layerNorm),
}

// standardized is (x - mean)/sqrt(variance + epsilon); the second form is how
// TensorFlow's batch_normalization spells it: x*i + (bias - mean*i), i being the
// inverse root times the scale; in the third, Keras's, the mean is made negative
// first.
var standardized = func() form {
	inverse := as("inverse", or(swap("Mul", overRoot(variance), constant("scale")), overRoot(variance)))
	moved := swap("Mul", mean, inverse)
	scaled := swap("Mul", x, inverse)
	lowered := swap("Mul", expr("Neg", mean), inverse)
	return or(divided(centred, variance), swap("Add", scaled, expr("Sub", constant("bias"), moved)), expr("Sub", scaled, moved),
		swap("Add", scaled, swap("Add", lowered, constant("bias"))), swap("Add", scaled, lowered))
}()

func layerNorm(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	switch n.Op {
	case "Div", "Mul", "Add", "Sub":
	default:
		return false
	}
	m := newMatch(g)
	if !n.Out(0).DType.IsFloat() || !m.finds(standardized, n.Out(0)) {
		return false
	}
	x := m.value["x"]
	rank := x.Rank()
	axes := m.axes("axes", rank)
	if axes == nil || !slices.Equal(axes, m.axes("axes of variance", rank)) || !x.Shape.Equal(n.Out(0).Shape) {
		return false
	}
	epsilon, _ := m.value["epsilon"].ConstScalar()
	if !m.closed(c, n, "LayerNormalization") {
		return false
	}
	from, last := trailing(axes, rank)
	spatial := rank >= 3 && last && from == 2
	one := rank == 4 && slices.Equal(axes, []int{1})
	fits := func(axes []int) func(*ir.Value) bool {
		return func(v *ir.Value) bool { _, _, ok := spread(v, x.Shape, axes); return ok }
	}
	save := slices.Clone(m.nodes)
	over := axes
	a := m.follow(n, fits(axes))
	if spatial && (rank > 3 || a.last == n) {
		m.nodes = save
		if b := m.follow(n, fits([]int{1})); b.last != n || rank > 3 {
			a, over = b, []int{1}
		} else {
			m.nodes = save
		}
	}
	switch {
	case over[0] == 1 && spatial:
		scale, bias := m.parameters(p, a, x, over)
		if scale == nil {
			c.Miss(n, "the channels of InstanceNormalization are not known")
			return false
		}
		m.rewrite(p, a.last, "InstanceNormalization", ir.Attrs{"epsilon": epsilon}, x, scale, bias)
	case last || one:
		scale, bias := m.parameters(p, a, x, over)
		if scale == nil {
			c.Miss(n, "the sizes of the axes that LayerNormalization works on are not known")
			return false
		}
		if last {
			m.rewrite(p, a.last, "LayerNormalization", ir.Attrs{"axis": int64(from), "epsilon": epsilon}, x, scale, bias)
			break
		}
		y := m.add(p, a.last, "Transpose", ir.Attrs{"perm": []int64{0, 2, 3, 1}}, x)
		y = m.add(p, a.last, "LayerNormalization", ir.Attrs{"axis": int64(3), "epsilon": epsilon}, y, scale, bias)
		m.rewrite(p, a.last, "Transpose", ir.Attrs{"perm": []int64{0, 3, 1, 2}}, y)
	case m.lastGroups(p, n, x, axes, epsilon):
	default:
		c.Miss(n, "LayerNormalization over the axes %v has no operator", axes)
		return false
	}
	return true
}

// parameters are the scale and bias of a, or ones and zeros, laid out along axes
// of x; nil where these do not fit.
func (m *match) parameters(p *ir.Patch, a affine, x *ir.Value, axes []int) (scale, bias *ir.Value) {
	make := func(v *ir.Value, name string, none float64) *ir.Value {
		if v == nil {
			dims, ok := sizes(x.Shape, axes)
			if !ok {
				return nil
			}
			return filled(p, a.last.Name+name, x.DType, none, dims...)
		}
		e, dims, ok := spread(v, x.Shape, axes)
		if !ok {
			return nil
		}
		if v.DType == x.DType && slices.Equal(v.Const.Shape(), dims) {
			return v
		}
		return vector(p, v.Name, x.DType, e, dims...)
	}
	if scale = make(a.scale, "_scale", 1); scale == nil {
		return nil, nil
	}
	if bias = make(a.bias, "_bias", 0); bias == nil {
		return nil, nil
	}
	return scale, bias
}

func sizes(s ir.Shape, axes []int) ([]int, bool) {
	var dims []int
	for _, a := range axes {
		n, ok := s[a].Int()
		if !ok {
			return nil, false
		}
		dims = append(dims, int(n))
	}
	return dims, true
}

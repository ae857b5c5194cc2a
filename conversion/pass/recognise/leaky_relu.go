package recognise

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
)

// LeakyRelu is the pass recognise_leaky_relu.
var LeakyRelu = &pass.Pass{
	Name:  "recognise_leaky_relu",
	About: "Finds LeakyRelu written with Max or Where, and PRelu written with two Relus",
	After: []string{"fold_constants", "remove_identity", "remove_duplicates"},
	Run:   each(leakyRelu),
}

var (
	sloped   = or(swap("Mul", x, scalar("slope")), expr("Div", x, scalar("divisor")))
	maxForm  = swap("Max", x, sloped)
	positive = or(expr("Greater", x, number(0)), expr("GreaterOrEqual", x, number(0)), expr("Less", number(0), x), expr("LessOrEqual", number(0), x))
	negative = or(expr("Less", x, number(0)), expr("LessOrEqual", x, number(0)), expr("Greater", number(0), x), expr("GreaterOrEqual", number(0), x))
	caseForm = or(expr("Where", positive, x, sloped), expr("Where", negative, sloped, x))
	// TensorFlow's and Keras's: relu(x) + slope*-relu(-x).
	belowForm = expr("Relu", or(expr("Neg", x), swap("Mul", x, number(-1))))
	preluForm = or(
		swap("Add", expr("Relu", x), or(swap("Mul", constant("slopes"), expr("Neg", belowForm)), expr("Neg", swap("Mul", constant("slopes"), belowForm)))),
		swap("Add", expr("Relu", x), swap("Mul", constant("minus slopes"), belowForm)),
		expr("Sub", expr("Relu", x), swap("Mul", constant("slopes"), belowForm)),
		swap("Add", expr("Relu", x), swap("Mul", constant("slopes"), where(expr("Min", x, number(0)), floats))),
	)
)

func floats(n *ir.Node) bool { return n.Out(0).DType.IsFloat() }

func leakyRelu(g *ir.Graph, c *pass.Ctx, p *ir.Patch, n *ir.Node) bool {
	if !n.Out(0).DType.IsFloat() {
		return false
	}
	m := newMatch(g)
	switch n.Op {
	case "Max", "Where":
		form := maxForm
		if n.Op == "Where" {
			form = caseForm
		}
		if !m.finds(form, n.Out(0)) || !m.value["x"].Shape.Equal(n.Out(0).Shape) {
			return false
		}
		slope := 0.0
		if v := m.value["slope"]; v != nil {
			slope, _ = v.ConstScalar()
		} else if s, _ := m.value["divisor"].ConstScalar(); s != 0 {
			slope = 1 / s
		}
		// The larger of x and slope*x is the leaky form for slopes up to 1 only.
		if !finite(slope) || n.Op == "Max" && (slope < 0 || slope > 1) {
			c.Miss(n, "a slope of %v", slope)
			return false
		}
		if !m.closed(c, n, "LeakyRelu") {
			return false
		}
		m.rewrite(p, n, "LeakyRelu", ir.Attrs{"alpha": slope}, m.value["x"])
		return true
	case "Add", "Sub":
		if !m.finds(preluForm, n.Out(0)) || !m.closed(c, n, "PRelu") {
			return false
		}
		x, slopes := m.value["x"], m.value["slopes"]
		if v := m.value["minus slopes"]; v != nil {
			e := v.Const.Float64s()
			e = slices.Clone(e)
			for i := range e {
				e[i] = -e[i]
			}
			slopes = vector(p, v.Name+"_negative", v.DType, e, v.Const.Shape()...)
		}
		if !x.Shape.Equal(n.Out(0).Shape) || slopes.Rank() > x.Rank() {
			return false
		}
		m.rewrite(p, n, "PRelu", nil, x, slopes)
		return true
	}
	return false
}

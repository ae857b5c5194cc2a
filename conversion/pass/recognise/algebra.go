package recognise

import (
	"math"

	"slipway/conversion/ir"
)

// product is a chain of Mul and Div taken apart: the factors that are no
// constants of one element, and the product of those that are.
type product struct {
	factors []*ir.Value
	scale   float64
	nodes   []*ir.Node
}

// factorise takes the product that n ends apart. Products inside it belong to it
// where nothing else reads them. At most three factors are told apart; a
// division by anything but a number makes it fail.
func factorise(g *ir.Graph, n *ir.Node) (product, bool) {
	pr := product{scale: 1}
	var take func(n *ir.Node, depth int) bool
	take = func(n *ir.Node, depth int) bool {
		if len(n.Inputs) != 2 || depth > 4 {
			return false
		}
		pr.nodes = append(pr.nodes, n)
		for i, v := range n.Inputs {
			if v == nil || n.Op == "Div" && i == 0 && v.IsConst() {
				return false
			}
			if s, ok := v.ConstScalar(); ok {
				if n.Op == "Div" {
					if s == 0 {
						return false
					}
					s = 1 / s
				}
				pr.scale *= s
				continue
			}
			if n.Op == "Div" && i == 1 {
				return false
			}
			if m := v.Node(); m != nil && (m.Op == "Mul" || m.Op == "Div") && g.SingleUse(v) && m.Out(0).Shape.Equal(n.Out(0).Shape) {
				before := pr
				if take(m, depth+1) {
					continue
				}
				pr = before
			}
			pr.factors = append(pr.factors, v)
		}
		return len(pr.factors) <= 3
	}
	return pr, take(n, 0) && pr.scale != 0
}

// polynomial is c[0] + c[1]*x + c[2]*x^2 + c[3]*x^3.
type polynomial [4]float64

// polynomialOf sees v as a polynomial of x. nodes are those between.
func polynomialOf(v, x *ir.Value, nodes *[]*ir.Node) (polynomial, bool) { return poly(v, x, nodes, 0) }

func poly(v, x *ir.Value, nodes *[]*ir.Node, depth int) (c polynomial, ok bool) {
	if v == nil || depth > 8 {
		return c, false
	}
	if v == x {
		return polynomial{0, 1}, true
	}
	if s, ok := v.ConstScalar(); ok {
		return polynomial{s}, true
	}
	n := v.Node()
	if n == nil || v.Rank() != x.Rank() {
		return c, false
	}
	operand := func(i int) (polynomial, bool) { return poly(n.In(i), x, nodes, depth+1) }
	a, ok := operand(0)
	if !ok {
		return c, false
	}
	switch n.Op {
	case "Neg":
		for i := range a {
			c[i] = -a[i]
		}
	case "Add", "Sub", "Mul":
		b, ok := operand(1)
		if !ok || len(n.Inputs) != 2 {
			return c, false
		}
		if c, ok = combine(n.Op, a, b); !ok {
			return c, false
		}
	case "Div":
		s, ok := n.In(1).ConstScalar()
		if !ok || s == 0 {
			return c, false
		}
		for i := range a {
			c[i] = a[i] / s
		}
	case "Pow":
		e, ok := n.In(1).ConstScalar()
		if !ok || e != 2 && e != 3 {
			return c, false
		}
		c = a
		for range int(e) - 1 {
			if c, ok = combine("Mul", c, a); !ok {
				return c, false
			}
		}
	default:
		return c, false
	}
	*nodes = append(*nodes, n)
	return c, true
}

func combine(op string, a, b polynomial) (c polynomial, ok bool) {
	for i := range a {
		switch op {
		case "Add":
			c[i] = a[i] + b[i]
		case "Sub":
			c[i] = a[i] - b[i]
		case "Mul":
			for j := range b {
				if a[i] != 0 && b[j] != 0 {
					if i+j >= len(c) {
						return c, false
					}
					c[i+j] += a[i] * b[j]
				}
			}
		}
	}
	return c, true
}

// odd reports whether c is c1*x + c3*x^3.
func (c polynomial) odd() bool { return c[0] == 0 && c[2] == 0 }

// linear reports whether c is c0 + c1*x.
func (c polynomial) linear() bool { return c[2] == 0 && c[3] == 0 }

// stripped walks from v through multiplications and divisions by numbers and
// gives the value at their start.
func stripped(v *ir.Value) *ir.Value {
	for n := v.Node(); n != nil && (n.Op == "Mul" || n.Op == "Div") && len(n.Inputs) == 2; n = v.Node() {
		_, left := n.In(0).ConstScalar()
		_, right := n.In(1).ConstScalar()
		switch {
		case right:
			v = n.In(0)
		case left && n.Op == "Mul":
			v = n.In(1)
		default:
			return v
		}
	}
	return v
}

// finite reports whether all are ordinary numbers.
func finite(v ...float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

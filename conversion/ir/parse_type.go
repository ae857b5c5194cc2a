package ir

import (
	"strconv"

	"slipway/conversion/tensor"
)

// maxTypeNest is far more than ONNX can express: optional(sequence(tensor)).
const maxTypeNest = 4

func (p *parser) typ(depth int) (t Type) {
	if !p.accept("?") {
		var err error
		if t.DType, err = tensor.ParseDType(p.next()); err != nil {
			p.fail("%v", err)
		}
	}
	if t.DType.IsContainer() {
		if depth >= maxTypeNest {
			p.fail("a type is nested more than %d deep", maxTypeNest)
			return t
		}
		p.expect("<")
		if e := p.typ(depth + 1); e.DType != tensor.Invalid {
			t.Elem = &e
		}
		p.expect(">")
	}
	p.expect("[")
	if p.accept("?") {
		p.expect("]")
		return t
	}
	t.Shape = Shape{}
	for p.err == nil && !p.accept("]") {
		if len(t.Shape) > 0 {
			p.expect(",")
		}
		t.Shape = append(t.Shape, p.dim())
	}
	return t
}

// dim parses a sum of products.
func (p *parser) dim() Dim {
	d := Dim{}
	sign := int64(1)
	if p.accept("-") {
		sign = -1
	}
	for p.err == nil {
		t := p.dimFactor()
		for p.accept("*") {
			t = t.Mul(p.dimFactor())
		}
		d = d.Add(t.Mul(Static(sign)))
		switch {
		case p.accept("+"):
			sign = 1
		case p.accept("-"):
			sign = -1
		default:
			return d
		}
	}
	return d
}

func (p *parser) dimFactor() Dim {
	t := p.nextSimple()
	if t == "floor" && p.ahead("((") {
		p.expect("(")
		p.expect("(")
		d := p.dim()
		p.expect(")")
		p.expect("/")
		k, err := strconv.ParseInt(p.nextSimple(), 10, 64)
		if err != nil {
			p.fail("%v", err)
		}
		p.expect(")")
		return d.FloorDiv(k)
	}
	if t != "" && p.accept("(") { // a function that has no arithmetic here: min(A,B)
		return Symbol(t + "(" + p.enclosed() + ")")
	}
	if n, err := strconv.ParseInt(t, 10, 64); err == nil {
		return Static(n)
	}
	if t == "" {
		p.fail("a dimension is missing")
	}
	return Symbol(t)
}

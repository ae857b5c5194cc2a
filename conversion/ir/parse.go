package ir

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slipway/conversion/tensor"
)

// Parse reads the text form of a graph. Errors name the line.
func Parse(text string) (*Graph, error) {
	p := &parser{lexer: lexer{text: text, line: 1}}
	g := p.graph()
	if p.err == nil && p.peek() != "" {
		p.fail("%q after the graph", p.peek())
	}
	if p.err != nil {
		return nil, p.err
	}
	if err := Check(g); err != nil {
		return nil, err
	}
	return g, nil
}

type parser struct {
	lexer
	depth int // graphs around the present one
}

func (p *parser) graph() *Graph {
	p.expect("graph")
	if p.depth++; p.depth > MaxBodyNest+1 {
		p.fail("graphs are nested more than %d deep", MaxBodyNest)
	}
	defer func() { p.depth-- }()
	g := New(p.word())
	values := map[string]*Value{}
	p.expect("{")
	for p.err == nil && p.peek() != "}" {
		switch {
		case p.accept("meta"):
			k := p.word()
			p.expect("=")
			g.Meta[k] = p.quoted()
		case p.accept("input"):
			name, t, layers := p.typed()
			v := g.AddInput(name, t.DType, t.Shape)
			v.Elem, v.Layers = t.Elem, layers
			p.define(values, name, v)
		case p.accept("const"):
			p.expect("%")
			name := p.word()
			p.expect(":")
			if t := p.tensor(); t != nil {
				p.define(values, name, g.AddConst(name, t))
			}
		case p.accept("output"):
			if v := p.use(values); v != nil {
				g.Outputs = append(g.Outputs, v)
			}
		default:
			p.node(g, values)
		}
	}
	p.expect("}")
	return g
}

func (p *parser) define(values map[string]*Value, name string, v *Value) {
	if values[name] != nil {
		p.fail("%%%s is defined twice", name)
	}
	values[name] = v
}

func (p *parser) use(values map[string]*Value) *Value {
	p.expect("%")
	name := p.word()
	v := values[name]
	if v == nil {
		p.fail("%%%s is not defined", name)
	}
	return v
}

func (p *parser) typed() (name string, t Type, layers []string) {
	p.expect("%")
	name = p.word()
	p.expect(":")
	t = p.typ(0)
	if p.accept("holds") {
		layers = append(layers, p.word())
		for p.accept("+") {
			layers = append(layers, p.word())
		}
	}
	return name, t, layers
}

func (p *parser) node(g *Graph, values map[string]*Value) {
	type result struct {
		name   string
		t      Type
		layers []string
		none   bool
	}
	var outs []result
	for {
		if p.accept("_") {
			outs = append(outs, result{none: true})
		} else {
			name, t, layers := p.typed()
			outs = append(outs, result{name, t, layers, false})
		}
		if p.err != nil || !p.accept(",") {
			break
		}
	}
	p.expect("=")
	op := p.word()
	p.expect("(")
	var in []*Value
	for p.err == nil && !p.accept(")") {
		if len(in) > 0 {
			p.expect(",")
		}
		if p.accept("_") {
			in = append(in, nil)
		} else {
			in = append(in, p.use(values))
		}
	}
	attrs := Attrs{}
	if p.accept("{") {
		for p.err == nil && !p.accept("}") {
			if len(attrs) > 0 {
				p.expect(",")
			}
			k := p.word()
			p.expect("=")
			attrs[k] = p.attr()
		}
	}
	p.expect("@")
	name := p.word()
	if p.err != nil {
		return
	}
	n := g.AddNode(op, name, attrs, in)
	for i, o := range outs {
		if o.none {
			n.Outputs = append(n.Outputs, nil)
			continue
		}
		v := g.newOutput(n, i, o.name)
		v.DType, v.Shape, v.Elem, v.Layers = o.t.DType, o.t.Shape, o.t.Elem, o.layers
		n.Outputs = append(n.Outputs, v)
		p.define(values, o.name, v)
	}
	n.Origin = []string{n.Name}
	if p.accept("from") {
		n.Origin = nil
		if !p.accept("none") {
			n.Origin = append(n.Origin, p.word())
			for p.accept(",") {
				n.Origin = append(n.Origin, p.word())
			}
		}
	}
	if p.accept("by") {
		n.By = p.word()
	}
}

func (p *parser) attr() any {
	switch t := p.peek(); {
	case t == "graph":
		return p.graph()
	case t == "graphs":
		p.next()
		p.expect("[")
		list := []*Graph{}
		for p.err == nil && !p.accept("]") {
			if len(list) > 0 {
				p.expect(",")
			}
			list = append(list, p.graph())
		}
		return list
	case t == "tensor":
		p.next()
		return p.tensor()
	case t == "type":
		p.next()
		x := p.typ(0)
		return &x
	case t == "ints" || t == "floats" || t == "strings":
		p.next()
		p.expect("[")
		p.expect("]")
		return map[string]any{"ints": []int64{}, "floats": []float64{}, "strings": []string{}}[t]
	case t == "[":
		return p.list()
	case strings.HasPrefix(t, `"`):
		return p.quoted()
	}
	return p.number()
}

func (p *parser) number() any {
	t := p.next()
	if n, err := strconv.ParseInt(t, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil {
		p.fail("%q is no number", t)
	}
	return f
}

func (p *parser) list() any {
	p.expect("[")
	var ints []int64
	var floats []float64
	var strs []string
	for i := 0; p.err == nil && !p.accept("]"); i++ {
		if i > 0 {
			p.expect(",")
		}
		if strings.HasPrefix(p.peek(), `"`) {
			strs = append(strs, p.quoted())
			continue
		}
		switch v := p.number().(type) {
		case int64:
			ints = append(ints, v)
		case float64:
			floats = append(floats, v)
		}
	}
	switch {
	case len(ints) > 0 && len(floats)+len(strs) == 0:
		return ints
	case len(floats) > 0 && len(ints)+len(strs) == 0:
		return floats
	case len(strs) > 0 && len(ints)+len(floats) == 0:
		return strs
	}
	p.fail("a list must hold values of one kind")
	return nil
}

func (p *parser) tensor() *tensor.Tensor {
	typ := p.typ(0)
	d, s := typ.DType, typ.Shape
	p.expect("=")
	if p.err != nil {
		return nil
	}
	shape, ok := s.Ints()
	n, err := tensor.NumElements(shape)
	if !ok || err != nil || d == tensor.Invalid || d.IsContainer() {
		p.fail("a constant of type %v%v", d, s)
		return nil
	}
	const most = 1 << 28
	if n > most {
		p.fail("a constant of %d elements", n)
		return nil
	}
	t, err := p.elements(d, n, shape)
	if err != nil {
		p.fail("%v", err)
	}
	return t
}

func (p *parser) elements(d tensor.DType, n int, shape []int) (*tensor.Tensor, error) {
	switch t := p.peek(); {
	case d == tensor.String:
		if n == 0 {
			p.expect("strings")
			p.expect("[")
			p.expect("]")
			return tensor.FromStrings(shape, nil)
		}
		list, _ := p.list().([]string)
		return tensor.FromStrings(shape, list)
	case t == "splat" || t == "noise" || t == "hex" || t == "elided":
		p.next()
		p.expect("(")
		arg := p.next()
		p.expect(")")
		return p.generated(t, arg, d, n, shape)
	}
	p.expect("[")
	var texts []string
	for p.err == nil && !p.accept("]") {
		if len(texts) > 0 {
			p.expect(",")
		}
		texts = append(texts, p.next())
	}
	if p.err != nil {
		return nil, p.err
	}
	return fromTexts(d, texts, shape)
}

func (p *parser) generated(kind, arg string, d tensor.DType, n int, shape []int) (*tensor.Tensor, error) {
	switch kind {
	case "splat":
		return fromTexts(d, slices.Repeat([]string{arg}, n), shape)
	case "noise":
		seed, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			return nil, err
		}
		return Noise(d, seed, shape...)
	case "hex":
		b, err := hex.DecodeString(arg)
		if err != nil {
			return nil, err
		}
		return tensor.FromBytes(d, shape, b)
	}
	return nil, fmt.Errorf("the constant's elements were left out when it was printed")
}

func fromTexts(d tensor.DType, texts []string, shape []int) (*tensor.Tensor, error) {
	if d.IsInt() {
		v := make([]int64, len(texts))
		for i, t := range texts {
			x, err := strconv.ParseInt(t, 10, 64)
			if err != nil {
				return nil, err
			}
			v[i] = x
		}
		return tensor.FromInt64s(d, v, shape...)
	}
	bits := 32
	if d == tensor.Float64 {
		bits = 64
	}
	v := make([]float64, len(texts))
	for i, t := range texts {
		switch t {
		case "true":
			v[i] = 1
		case "false":
		default:
			x, err := strconv.ParseFloat(t, bits)
			if err != nil {
				return nil, err
			}
			v[i] = x
		}
	}
	return tensor.FromFloat64s(d, v, shape...)
}

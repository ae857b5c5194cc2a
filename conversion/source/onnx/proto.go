package onnx

import (
	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/diag"
)

// The messages of onnx.proto, as far as the importer reads them. Slices of
// bytes are views of the file.

type modelProto struct {
	irVersion                         int64
	producer, producerVersion, domain string
	modelVersion                      int64
	doc                               string
	graph                             *graphProto
	opsets                            []opset
	props                             [][2]string
	functions                         []*functionProto
	training                          bool
}

type opset struct {
	domain  string
	version int64
}

type graphProto struct {
	name            string
	nodes           []*nodeProto
	inits           []*tensorProto
	inputs, outputs []valueInfo
	values          []valueInfo
	sparse          int
	quant           int
}

type nodeProto struct {
	inputs, outputs            []string
	name, op, domain, overload string
	attrs                      []*attrProto
}

type functionProto struct {
	name, domain, overload string
	inputs, outputs        []string
	attrs                  []string
	defaults               []*attrProto
	nodes                  []*nodeProto
	opsets                 []opset
	values                 []valueInfo
}

// Attribute types of AttributeProto.AttributeType.
const (
	attrUndefined = iota
	attrFloat
	attrInt
	attrString
	attrTensor
	attrGraph
	attrFloats
	attrInts
	attrStrings
	attrTensors
	attrGraphs
	attrSparse
	attrSparses
	attrType
)

type attrProto struct {
	name, ref string
	typ       int64
	f         float64
	i         int64
	s         []byte
	t         *tensorProto
	g         *graphProto
	floats    []byte // fixed32 elements
	ints      []int64
	strings   []string
	tensors   int
	graphs    []*graphProto
	tp        *valueInfo // a type
	other     bool       // sparse tensor or list of types
}

type valueInfo struct {
	name string
	// elem is the element type, 0 while unknown; kind tells what is not a tensor,
	// of the sequences and optional values among them inner tells what they hold.
	elem   int64
	kind   string
	inner  *valueInfo
	shaped bool
	dims   []dimProto
}

type dimProto struct {
	value int64
	param string
	set   bool // value is present
}

func (d *decoder) model(b []byte) (*modelProto, error) {
	m := &modelProto{}
	c := d.cursor(b, "ModelProto")
	for c.next() {
		switch c.num {
		case 1:
			m.irVersion = c.int()
		case 2:
			m.producer = c.str()
		case 3:
			m.producerVersion = c.str()
		case 4:
			m.domain = c.str()
		case 5:
			m.modelVersion = c.int()
		case 6:
			m.doc = c.str()
		case 7:
			if m.graph == nil {
				m.graph = &graphProto{}
			}
			c.sub(func(b []byte) error { return d.graph(m.graph, b) })
		case 8:
			c.sub(func(b []byte) error { return d.opset(&m.opsets, b) })
		case 14:
			c.sub(func(b []byte) error {
				k, v, err := d.pair(b)
				m.props = append(m.props, [2]string{k, v})
				return err
			})
		case 20:
			m.training = true
		case 25:
			c.sub(func(b []byte) error {
				f, err := d.function(b)
				m.functions = append(m.functions, f)
				return err
			})
		}
	}
	return m, c.err
}

func (d *decoder) opset(dst *[]opset, b []byte) error {
	var o opset
	c := d.cursor(b, "OperatorSetIdProto")
	for c.next() {
		switch c.num {
		case 1:
			o.domain = c.str()
		case 2:
			o.version = c.int()
		}
	}
	*dst = append(*dst, o)
	return c.err
}

func (d *decoder) pair(b []byte) (k, v string, err error) {
	c := d.cursor(b, "StringStringEntryProto")
	for c.next() {
		switch c.num {
		case 1:
			k = c.str()
		case 2:
			v = c.str()
		}
	}
	return k, v, c.err
}

func (d *decoder) graph(g *graphProto, b []byte) error {
	if d.depth++; d.depth > maxGraphNest {
		return diag.Errorf("onnx.too-deep", "subgraphs are nested more than %d deep", maxGraphNest)
	}
	defer func() { d.depth-- }()
	c := d.cursor(b, "GraphProto")
	info := func(dst *[]valueInfo) {
		c.sub(func(b []byte) error {
			v, err := d.valueInfo(b)
			*dst = append(*dst, v)
			return err
		})
	}
	for c.next() {
		switch c.num {
		case 1:
			c.sub(func(b []byte) error {
				n, err := d.node(b)
				g.nodes = append(g.nodes, n)
				return err
			})
		case 2:
			g.name = c.str()
		case 5:
			c.sub(func(b []byte) error {
				t, err := d.tensor(b)
				g.inits = append(g.inits, t)
				return err
			})
		case 11:
			info(&g.inputs)
		case 12:
			info(&g.outputs)
		case 13:
			info(&g.values)
		case 14:
			g.quant++
		case 15:
			g.sparse++
		}
	}
	return c.err
}

func (d *decoder) node(b []byte) (*nodeProto, error) {
	n := &nodeProto{}
	if d.nodes++; d.nodes > maxNodes {
		return n, diag.Errorf("onnx.too-many-nodes", "the model has more than %d nodes", maxNodes)
	}
	c := d.cursor(b, "NodeProto")
	for c.next() {
		switch c.num {
		case 1:
			n.inputs = append(n.inputs, c.str())
		case 2:
			n.outputs = append(n.outputs, c.str())
		case 3:
			n.name = c.str()
		case 4:
			n.op = c.str()
		case 5:
			c.sub(func(b []byte) error {
				a, err := d.attr(b)
				n.attrs = append(n.attrs, a)
				return err
			})
		case 7:
			n.domain = c.str()
		case 8:
			n.overload = c.str()
		}
	}
	return n, c.err
}

func (d *decoder) attr(b []byte) (*attrProto, error) {
	a := &attrProto{}
	guess := int64(attrUndefined)
	c := d.cursor(b, "AttributeProto")
	graph := func() *graphProto {
		g := &graphProto{}
		c.sub(func(b []byte) error { return d.graph(g, b) })
		return g
	}
	for c.next() {
		switch c.num {
		case 1:
			a.name = c.str()
		case 2:
			a.f, guess = c.float(), attrFloat
		case 3:
			a.i, guess = c.int(), attrInt
		case 4:
			a.s, guess = c.bytes(), attrString
		case 5:
			c.sub(func(b []byte) (err error) { a.t, err = d.tensor(b); return err })
			guess = attrTensor
		case 6:
			a.g, guess = graph(), attrGraph
		case 7:
			a.floats, guess = c.fixed(a.floats, protowire.Fixed32Type, 4), attrFloats
		case 8:
			a.ints, guess = c.ints(a.ints), attrInts
		case 9:
			a.strings, guess = append(a.strings, c.str()), attrStrings
		case 10:
			a.tensors++
			guess = attrTensors
		case 11:
			a.graphs, guess = append(a.graphs, graph()), attrGraphs
		case 14:
			a.tp, guess = &valueInfo{}, attrType
			c.sub(func(b []byte) error { return d.typeProto(a.tp, b, 0) })
		case 15, 22, 23:
			a.other = true
		case 20:
			a.typ = c.int()
		case 21:
			a.ref = c.str()
		}
	}
	if a.typ == attrUndefined {
		a.typ = guess
	}
	return a, c.err
}

func (d *decoder) function(b []byte) (*functionProto, error) {
	f := &functionProto{}
	c := d.cursor(b, "FunctionProto")
	for c.next() {
		switch c.num {
		case 1:
			f.name = c.str()
		case 4:
			f.inputs = append(f.inputs, c.str())
		case 5:
			f.outputs = append(f.outputs, c.str())
		case 6:
			f.attrs = append(f.attrs, c.str())
		case 7:
			c.sub(func(b []byte) error {
				n, err := d.node(b)
				f.nodes = append(f.nodes, n)
				return err
			})
		case 9:
			c.sub(func(b []byte) error { return d.opset(&f.opsets, b) })
		case 10:
			f.domain = c.str()
		case 11:
			c.sub(func(b []byte) error {
				a, err := d.attr(b)
				f.defaults = append(f.defaults, a)
				return err
			})
		case 12:
			c.sub(func(b []byte) error {
				v, err := d.valueInfo(b)
				f.values = append(f.values, v)
				return err
			})
		case 13:
			f.overload = c.str()
		}
	}
	return f, c.err
}

func (d *decoder) valueInfo(b []byte) (valueInfo, error) {
	var v valueInfo
	c := d.cursor(b, "ValueInfoProto")
	for c.next() {
		switch c.num {
		case 1:
			v.name = c.str()
		case 2:
			c.sub(func(b []byte) error { return d.typeProto(&v, b, 0) })
		}
	}
	return v, c.err
}

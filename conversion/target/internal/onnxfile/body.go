package onnxfile

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// encoded is an attribute's value as the bytes of its message.
type encoded struct {
	field int // of AttributeProto
	kind  int64
	bytes []byte
}

// open takes the captured values out of a node's form: a body in ONNX reads them
// by their names. It says why a body cannot be written in an operator set.
func open(n *ir.Node, f *form, opset int) (why string) {
	bodies := n.Bodies()
	if len(bodies) == 0 {
		return ""
	}
	f.in = f.in[:len(f.in)-n.Captured()]
	delete(f.attrs, ir.CapturedAttr)
	for _, g := range bodies {
		for _, m := range g.Nodes {
			if _, why := spell(m, opset); why != "" {
				return fmt.Sprintf("its body: %s", why)
			}
		}
	}
	return ""
}

// bodies writes the bodies among a form's attributes and gives the node as many
// outputs as its bodies have.
func (b *builder) bodies(g *ir.Graph, n *ir.Node, f *form) error {
	list := n.Bodies()
	if len(list) == 0 {
		return nil
	}
	captured := map[int]string{}
	first := len(n.Inputs) - n.Captured()
	for i := first; i < len(n.Inputs); i++ {
		captured[i-first] = b.operand(g, n, i, operand{v: n.Inputs[i]})
	}
	for _, k := range f.attrs.Keys() {
		switch x := f.attrs[k].(type) {
		case *ir.Graph:
			p, err := b.body(n, x, captured)
			if err != nil {
				return err
			}
			f.attrs[k] = encoded{6, 5, p}
		case []*ir.Graph:
			return fmt.Errorf("node %q (%s): a list of bodies cannot be written", n.Name, n.Op)
		}
	}
	want := len(list[0].Outputs)
	if n.Op == "Loop" {
		want-- // the condition
	}
	f.out = slices.Clone(f.out)
	for len(f.out) < want {
		f.out = append(f.out, nil)
	}
	return nil
}

// body is a GraphProto. Its constants stand among those of the whole model, and
// its names are used nowhere else, so that it may read both by name.
func (b *builder) body(n *ir.Node, g *ir.Graph, captured map[int]string) ([]byte, error) {
	formal := len(g.Inputs) - len(captured)
	if formal < 0 {
		return nil, fmt.Errorf("node %q (%s): its body has %d inputs and captures %d", n.Name, n.Op, len(g.Inputs), len(captured))
	}
	var inputs []byte
	for i, v := range g.Inputs {
		if i >= formal {
			b.scoped[v] = captured[i-formal]
			continue
		}
		b.scoped[v] = b.fresh(v.Name)
		inputs = appendBytes(inputs, 11, valueInfo(b.scoped[v], v.Type()))
	}
	for _, m := range g.Nodes {
		for _, v := range m.Outputs {
			if v != nil {
				b.scoped[v] = b.fresh(v.Name)
			}
		}
	}
	var out []byte
	for _, m := range g.Nodes {
		p, err := b.node(g, m)
		if err != nil {
			return nil, err
		}
		out = appendBytes(out, 1, p)
	}
	var outputs []byte
	seen := map[*ir.Value]bool{}
	for i, v := range g.Outputs {
		name := b.operand(g, n, i, operand{v: v})
		if v.Node() == nil || seen[v] {
			// What a body gives must be made in it.
			made := b.fresh(name + "_out")
			out = appendBytes(out, 1, identity(b.fresh(n.Name+"/Identity"), name, made))
			name = made
		}
		seen[v] = true
		// Readers infer shapes themselves; those of a branch that is not taken need
		// not even fit.
		t := v.Type()
		if !t.DType.IsContainer() {
			t.Shape = nil
		}
		outputs = appendBytes(outputs, 12, valueInfo(name, t))
	}
	title := g.Name
	if title == "" {
		title = "body"
	}
	out = appendString(out, 2, title)
	return append(append(out, inputs...), outputs...), nil
}

func identity(node, in, out string) []byte {
	p := appendString(nil, 1, in)
	p = appendString(p, 2, out)
	p = appendString(p, 3, node)
	return appendString(p, 4, "Identity")
}

// typeProto is a TypeProto; an unknown shape is left out. The dimensions of
// tensors in a sequence are written only where they are numbers, as a name would
// claim that all of them are the same.
func typeProto(t ir.Type, inside bool) []byte {
	switch t.DType {
	case tensor.Sequence, tensor.Optional:
		elem := ir.Type{DType: tensor.Float32}
		if t.Elem != nil {
			elem = *t.Elem
		}
		field := map[tensor.DType]int{tensor.Sequence: 4, tensor.Optional: 9}[t.DType]
		return appendBytes(nil, num(field), appendBytes(nil, 1, typeProto(elem, true)))
	}
	b := appendInt(nil, 1, op.ONNXType(t.DType))
	if t.Shape != nil {
		var shape []byte
		for _, dim := range t.Shape {
			var x []byte
			if n, ok := dim.Int(); ok {
				x = appendInt(x, 1, n)
			} else if !inside {
				x = appendString(x, 2, dim.String())
			}
			shape = appendBytes(shape, 1, x)
		}
		b = appendBytes(b, 2, shape)
	}
	return appendBytes(nil, 1, b)
}

// valueInfo is a ValueInfoProto.
func valueInfo(name string, t ir.Type) []byte {
	return appendBytes(appendString(nil, 1, name), 2, typeProto(t, false))
}

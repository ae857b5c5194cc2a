package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Msg builds protobuf messages by hand, so that tests can make what no library
// would.
type Msg []byte

func (m Msg) I(num protowire.Number, v int64) Msg {
	return protowire.AppendVarint(protowire.AppendTag(m, num, protowire.VarintType), uint64(v))
}

func (m Msg) S(num protowire.Number, v string) Msg {
	return protowire.AppendString(protowire.AppendTag(m, num, protowire.BytesType), v)
}

func (m Msg) B(num protowire.Number, v []byte) Msg {
	return protowire.AppendBytes(protowire.AppendTag(m, num, protowire.BytesType), v)
}

// InfoMsg is a ValueInfoProto; a dim is a number, a name or, for nil, absent.
func InfoMsg(name string, elem int64, dims ...any) Msg {
	var shape Msg
	for _, d := range dims {
		var x Msg
		switch d := d.(type) {
		case int:
			x = x.I(1, int64(d))
		case string:
			x = x.S(2, d)
		}
		shape = shape.B(1, x)
	}
	return Msg{}.S(1, name).B(2, Msg{}.B(1, Msg{}.I(1, elem).B(2, shape)))
}

func NodeMsg(op, name string, in, out []string, attrs ...Msg) Msg {
	var n Msg
	for _, s := range in {
		n = n.S(1, s)
	}
	for _, s := range out {
		n = n.S(2, s)
	}
	n = n.S(3, name).S(4, op)
	for _, a := range attrs {
		n = n.B(5, a)
	}
	return n
}

func IntsAttr(name string, v ...int64) Msg {
	m := Msg{}.S(1, name).I(20, 7)
	for _, x := range v {
		m = m.I(8, x)
	}
	return m
}

func IntAttr(name string, v int64) Msg { return Msg{}.S(1, name).I(3, v).I(20, 2) }

func WeightMsg(name string, dtype int64, dims []int64, raw []byte) Msg {
	m := Msg{}
	for _, d := range dims {
		m = m.I(1, d)
	}
	m = m.I(2, dtype).S(8, name)
	if raw != nil {
		m = m.B(9, raw)
	}
	return m
}

type Parts struct {
	Nodes, Inits, Inputs, Outputs []Msg
	Extra                         Msg
}

func (g Parts) bytes() Msg {
	var m Msg
	for _, n := range g.Nodes {
		m = m.B(1, n)
	}
	m = m.S(2, "g")
	for _, x := range g.Inits {
		m = m.B(5, x)
	}
	for _, x := range g.Inputs {
		m = m.B(11, x)
	}
	for _, x := range g.Outputs {
		m = m.B(12, x)
	}
	return append(m, g.Extra...)
}

func ModelMsg(graph Msg, opset int64, more ...Msg) Msg {
	m := Msg{}.I(1, 8).S(2, "test").B(7, graph).B(8, Msg{}.S(1, "").I(2, opset))
	for _, x := range more {
		m = append(m, x...)
	}
	return m
}

// ConvModel is a small valid model: y = Conv(x, w).
func ConvModel(edit func(*Parts)) Msg {
	g := Parts{
		Nodes:   []Msg{NodeMsg("Conv", "conv1", []string{"x", "w"}, []string{"y"})},
		Inits:   []Msg{WeightMsg("w", 1, []int64{4, 3, 3, 3}, make([]byte, 432))},
		Inputs:  []Msg{InfoMsg("x", 1, 1, 3, 8, 8)},
		Outputs: []Msg{InfoMsg("y", 1, 1, 4, 6, 6)},
	}
	if edit != nil {
		edit(&g)
	}
	return ModelMsg(g.bytes(), 17)
}

// ConvGraph is the graph of ConvModel.
func ConvGraph() Msg {
	var out Msg
	ConvModel(func(g *Parts) { out = g.bytes() })
	return out
}

// ExternalMsg is a tensor whose data lie in another file.
func ExternalMsg(kv ...string) Msg {
	m := WeightMsg("w", 1, []int64{4, 3, 3, 3}, nil)
	for i := 0; i < len(kv); i += 2 {
		m = m.B(13, Msg{}.S(1, kv[i]).S(2, kv[i+1]))
	}
	return m.I(14, 1)
}

// F is a float field.
func (m Msg) F(num protowire.Number, v float32) Msg {
	return protowire.AppendFixed32(protowire.AppendTag(m, num, protowire.Fixed32Type), math.Float32bits(v))
}

// Tag starts a length-delimited field whose size bytes follow.
func (m Msg) Tag(num protowire.Number, size int) Msg {
	return protowire.AppendVarint(protowire.AppendTag(m, num, protowire.BytesType), uint64(size))
}

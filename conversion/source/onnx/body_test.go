package onnx

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// pick is the function Pick(c, v): Relu(v) where c holds, else Neg(v): a body in
// a function, which captures the function's input.
func pick() Msg {
	branch := func(name, op string) Msg {
		return Msg{}.S(1, name).I(20, 5).B(6, Parts{
			Nodes:   []Msg{NodeMsg(op, "n", []string{"v"}, []string{"o"})},
			Outputs: []Msg{InfoMsg("o", 1)},
		}.bytes())
	}
	return Msg{}.S(1, "Pick").S(4, "c").S(4, "v").S(5, "out").
		B(7, NodeMsg("If", "choose", []string{"c"}, []string{"out"}, branch("then_branch", "Relu"), branch("else_branch", "Neg"))).
		B(9, Msg{}.I(2, 17)).S(10, "me")
}

// TestFunctionInBody: a loop's body calls a function that has bodies itself.
func TestFunctionInBody(t *testing.T) {
	body := Parts{
		Nodes: []Msg{
			NodeMsg("Pick", "call", []string{"flag", "s"}, []string{"p"}).S(7, "me"),
			NodeMsg("Add", "add", []string{"p", "x"}, []string{"s1"}),
			NodeMsg("Identity", "go", []string{"go"}, []string{"go1"}),
		},
		Inputs:  []Msg{InfoMsg("i", 7), InfoMsg("go", 9), InfoMsg("s", 1, 2)},
		Outputs: []Msg{InfoMsg("go1", 9), InfoMsg("s1", 1, 2)},
	}
	g := Parts{
		Nodes:   []Msg{NodeMsg("Loop", "loop", []string{"m", "", "x"}, []string{"y"}, Msg{}.S(1, "body").I(20, 5).B(6, body.bytes()))},
		Inputs:  []Msg{InfoMsg("m", 7), InfoMsg("x", 1, 2), InfoMsg("flag", 9)},
		Outputs: []Msg{InfoMsg("y", 1, 2)},
	}
	m := mustOpen(t, ModelMsg(g.bytes(), 17, Msg{}.B(25, pick())), source.Options{Registry: ops.Registry()})
	for _, c := range []struct {
		flag bool
		want []float32
	}{{true, []float32{3, -2}}, {false, []float32{1, -2}}} {
		out, err := testkit.Eval(ops.Registry(), m.Graph, map[string]*tensor.Tensor{
			"m": tensor.Scalar(int64(2)), "x": tensor.Of([]float32{1, -2}, 2), "flag": tensor.Scalar(c.flag),
		})
		if err != nil {
			t.Fatalf("%v in\n%s", err, ir.Text(m.Graph))
		}
		testkit.Close(t, out[0], tensor.Of(c.want, 2), op.Exact)
	}
}

// typed is a ValueInfoProto of a container of f32 tensors.
func typed(name string, fields ...protowire.Number) Msg {
	t := Msg{}.B(1, Msg{}.I(1, 1).B(2, Msg{}.B(1, Msg{}).B(1, Msg{}.I(1, 3))))
	for _, f := range fields {
		t = Msg{}.B(f, Msg{}.B(1, t))
	}
	return Msg{}.S(1, name).B(2, t)
}

func TestContainerTypes(t *testing.T) {
	const sequence, optional = 4, 9
	g := Parts{
		Nodes:   []Msg{NodeMsg("OptionalGetElement", "get", []string{"o"}, []string{"s"}), NodeMsg("SequenceLength", "n", []string{"s"}, []string{"n"})},
		Inputs:  []Msg{typed("o", sequence, optional)},
		Outputs: []Msg{InfoMsg("n", 7), typed("s", sequence)},
	}
	m := mustOpen(t, ModelMsg(g.bytes(), 18), source.Options{Registry: ops.Registry()})
	if got := m.Graph.Inputs[0].Type().String(); got != "optional<seq<f32[each.o_d0,3]>[?]>[?]" {
		t.Errorf("the input is %s", got)
	}
	if got := m.Graph.Outputs[1].Type().String(); got != "seq<f32[each.o_d0,3]>[?]" {
		t.Errorf("the output is %s", got)
	}
	list := tensor.NewSequence(tensor.New(tensor.Float32, 1, 3), tensor.New(tensor.Float32, 2, 3))
	out, err := testkit.Eval(ops.Registry(), m.Graph, map[string]*tensor.Tensor{"o": tensor.NewOptional(list)})
	if err != nil || !tensor.Equal(out[0], tensor.Scalar(int64(2))) || !tensor.Equal(out[1], list) {
		t.Errorf("got %v, %v", out, err)
	}
	g.Inputs = []Msg{typed("o", 5)}
	if _, err := openBytes(t, ModelMsg(g.bytes(), 18), source.Options{Registry: ops.Registry()}); err == nil || diag.FromError("", err)[0].Code != "onnx.input-type" {
		t.Errorf("a map: %v", err)
	}
	g.Inputs = []Msg{typed("o", 4, 4, 4, 4, 4, 4)}
	if _, err := openBytes(t, ModelMsg(g.bytes(), 18), source.Options{Registry: ops.Registry()}); err == nil || diag.FromError("", err)[0].Code != "onnx.too-deep" {
		t.Errorf("sequences of sequences: %v", err)
	}
}

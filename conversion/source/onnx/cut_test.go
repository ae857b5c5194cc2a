package onnx

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	ops "slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/tensor"
)

// chainOf writes x -Relu-> y -Cast-> i -Neg-> z.
func chainOf(t *testing.T) string {
	t.Helper()
	to := Msg{}.S(1, "to").I(3, 7).I(20, 2)
	g := Msg{}.B(1, NodeMsg("Relu", "a", []string{"x"}, []string{"y"})).B(1, NodeMsg("Cast", "b", []string{"y"}, []string{"i"}, to)).
		B(1, NodeMsg("Neg", "c", []string{"i"}, []string{"z"})).S(2, "g").B(11, InfoMsg("x", 1, 2, "n")).B(12, InfoMsg("z", 7, 2, "n"))
	path := filepath.Join(t.TempDir(), "chain.onnx")
	if err := os.WriteFile(path, Msg{}.I(1, 8).B(7, g).B(8, Msg{}.S(1, "").I(2, 17)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMakers(t *testing.T) {
	got, err := Makers(chainOf(t))
	want := map[string]Maker{
		"y": {"a", "Relu", []string{"x"}, tensor.Invalid}, "i": {"b", "Cast", []string{"y"}, tensor.Int64}, "z": {"c", "Neg", []string{"i"}, tensor.Invalid},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
}

// The copy takes the tensor as an input, and what reads it reads that.
func TestWithInputs(t *testing.T) {
	from := chainOf(t)
	to := from + ".cut.onnx"
	values := []*tensor.Tensor{tensor.New(tensor.Int64, 2, 3), tensor.New(tensor.Float32, 2, 3)}
	if err := WithInputs(from, to, []string{"i", "y"}, values); err != nil {
		t.Fatal(err)
	}
	m, err := Source{}.Open(context.Background(), to, source.Options{Registry: ops.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var inputs []string
	for _, v := range m.Graph.Inputs {
		inputs = append(inputs, v.Name+" "+v.DType.String())
	}
	if want := []string{"x f32", "i i64", "y f32"}; !reflect.DeepEqual(inputs, want) {
		t.Errorf("inputs %v, want %v", inputs, want)
	}
	if n := m.Graph.Outputs[0].Node(); n.Op != "Neg" || n.In(0) != m.Graph.Inputs[1] || n.In(0).Shape.String() != "[2,3]" {
		t.Errorf("%s reads %v", n.Op, n.In(0))
	}
	for name, given := range map[string][]string{"an input": {"x"}, "nothing": {"nowhere"}} {
		if err := WithInputs(from, to, given, values[:1]); err == nil {
			t.Errorf("%s was given", name)
		}
	}
}

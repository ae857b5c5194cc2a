package plan_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/plan"
	targetall "slipway/conversion/target/all"
)

const small = `graph g {
  input %x : f32[1,4,8,8]
  const %w : f32[4,2,1,1] = [1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0]
  const %i : i64[2] = [1,0]
  %a : f32[1,4,8,8] = Conv(%x, %w) {group=2} @conv
  %b : f32[1,4,8,8] = Relu(%a) @relu
  %c : f32[1,2,8,8] = Gather(%b, %i) {axis=1} @pick
  %d : f32[1,2,8,8] = Erf(%c) @erf
  output %d
}
`

func inspect(t *testing.T, name string, q plan.Wanted) *plan.Support {
	t.Helper()
	return inspectText(t, name, small, q)
}

func inspectText(t *testing.T, name, text string, q plan.Wanted) *plan.Support {
	t.Helper()
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := opsall.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	tg, err := targetall.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	i, err := plan.Inspect(context.Background(), g, opsall.Registry())
	if err != nil {
		t.Fatal(err)
	}
	s, err := i.Target(context.Background(), tg, q)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInspectSlow(t *testing.T) {
	s := inspect(t, "tflite", plan.Wanted{})
	if !s.OK || !slices.ContainsFunc(s.Decomposed, func(d plan.Decomposition) bool { return d.Layer == "erf" }) {
		t.Errorf("Erf is not decomposed: %+v", s)
	}
	if len(s.Slow) != 1 || s.Slow[0].Layer != "erf" || s.Slow[0].Op != "SIGN" {
		t.Errorf("slow %+v", s.Slow)
	}
	if !strings.Contains(s.Remark, "in 2 parts") {
		t.Error(s.Remark)
	}
}

// One plan, side by side: ncnn computes a convolution of two groups in float,
// Core ML stores weights alone.
func TestSideBySide(t *testing.T) {
	var all []plan.Support
	for _, name := range []string{"onnx", "ncnn", "coreml"} {
		all = append(all, *inspect(t, name, plan.Wanted{Precision: "int8"}))
	}
	table := plan.SideBySide(all)
	row := func(layer string) []string {
		for _, r := range table.Rows {
			if r.Layer == layer {
				return r.In
			}
		}
		return nil
	}
	if got := row("conv"); !slices.Equal(got, []string{"int8", "float", "float"}) {
		t.Errorf("conv: %v", got)
	}
	if got := row("erf"); !slices.Equal(got, []string{"float", "float", "float"}) {
		t.Errorf("erf: %v", got)
	}
	if !slices.ContainsFunc(table.Notes, func(n plan.Note) bool {
		return slices.Equal(n.Targets, []string{"ncnn"}) && strings.Contains(n.Text, "in float: ") && strings.Contains(n.Text, "integer convolutions have one group")
	}) {
		t.Errorf("notes %+v", table.Notes)
	}
	same := plan.SideBySide([]plan.Support{all[0], all[2], {Target: "other", Layers: all[0].Layers}})
	if n := same.Notes; len(n) != 2 || !slices.Equal(n[0].Targets, []string{"onnx", "other"}) || !slices.Equal(n[1].Targets, []string{"coreml"}) {
		t.Errorf("notes %+v", n)
	}
	kept := inspect(t, "onnx", plan.Wanted{Precision: "int8", KeepFloat: []string{"conv"}})
	if r := kept.Layers[0]; r.In != "float" || r.Why != "it is kept in float" {
		t.Errorf("kept: %+v", r)
	}
}

package plan_test

import (
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/target"
)

func TestBriefAndRemarks(t *testing.T) {
	s := &plan.Support{
		OK: true, Precision: "int8", Findings: diag.List{diag.Infof("target.remark", "a remark")},
		Decomposed: []plan.Decomposition{{Layer: "a", Op: "HardSwish", Into: []string{"HardSigmoid", "Mul"}}, {Layer: "b", Op: "HardSwish", Into: []string{"HardSigmoid", "Mul"}}},
		Slow:       []target.Slow{{Layer: "c", Op: "GATHER", Why: "is not among XNNPACK's operators"}, {Layer: "d", Op: "SLICE", Why: "its size is open"}, {Layer: "d", Op: "SLICE", Why: "its size is open"}},
		Layers: []plan.Runs{
			{Layer: "a", In: "float", Why: "a part"}, {Layer: "a", In: "int8"}, {Layer: "b", In: "float", Why: "no kernel for it"}, {Layer: "b", In: "float", Why: "no kernel for it"}, {Layer: "c", In: "fused"}, {Layer: "d", In: "float", Why: "no kernel for it"},
		},
	}
	want := "2 layers written in simpler operators · 2 off the fast path · 1 layer in 8 bits, 1 fused, 2 in float"
	if got := s.Brief(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (&plan.Support{OK: true}).Brief(); got != "all layers can be converted" {
		t.Errorf("nothing to remark: %q", got)
	}
	l := s.Remarks()
	if len(l) != 5 || len(l[1].Layers) != 2 || l[4].Text != "stays in float: no kernel for it" || len(l[4].Layers) != 2 || l[3].Text != "SLICE leaves the fast path: its size is open" || !strings.Contains(l[2].Text, "GATHER leaves the fast path: it is not among") {
		t.Errorf("findings %v", l)
	}
	s.OK, s.Findings = false, diag.List{diag.Errorf("target.unsupported-op", "no layer for Loop"), diag.Errorf("target.unsupported-op", "nor for If")}
	if got := s.Brief(); got != "cannot be converted: no layer for Loop, and 1 more reason" {
		t.Errorf("refused: %q", got)
	}
}

// TestDecompositionsAreToldApart where one layer's name begins another's.
func TestDecompositionsAreToldApart(t *testing.T) {
	s := inspectText(t, "coreml", `graph g {
  input %x : f32[1,4,8,8]
  %b : f32[1,4,8,8] = HardSwish(%x) @n0
  %c : f32[1,4,8,8] = HardSwish(%b) @n0_10
  %d : f32[1,4,8,8] = HardSwish(%c) @n0_2
  output %d
}
`, plan.Wanted{})
	var got []string
	for _, d := range s.Decomposed {
		got = append(got, d.Layer+" "+strings.Join(d.Into, " "))
	}
	if want := "n0 HardSigmoid Mul, n0_10 HardSigmoid Mul, n0_2 HardSigmoid Mul"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if l := s.Remarks(); len(l) != 1 || l[0].Text != "HardSwish becomes HardSigmoid, Mul" || len(l[0].Layers) != 3 {
		t.Errorf("remarks %v", l)
	}
}

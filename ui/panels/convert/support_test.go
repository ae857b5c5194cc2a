package convert

import (
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/target"
)

func TestSupportText(t *testing.T) {
	s := &plan.Support{
		Precision: "int8", Findings: diag.List{diag.Errorf("target.unsupported-op", "no")},
		Decomposed: []plan.Decomposition{{Layer: "a", Op: "HardSwish", Into: []string{"HardSigmoid", "Mul"}}, {Layer: "b", Op: "HardSwish", Into: []string{"HardSigmoid", "Mul"}}},
		Slow:       []target.Slow{{Layer: "c", Op: "GATHER", Why: "is not among XNNPACK's operators"}},
		Layers: []plan.Runs{
			{Layer: "a", In: "int8"}, {Layer: "b", In: "float", Why: "no kernel for it"}, {Layer: "c", In: "fused"}, {Layer: "d", In: "float", Why: "no kernel for it"},
		},
	}
	want := "2 layers written in simpler operators · 1 off the fast path · 1 layer in 8 bits, 1 fused, 2 in float"
	if got := supportText(s); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := supportText(&plan.Support{}); got != "all layers can be converted" {
		t.Errorf("nothing to remark: %q", got)
	}
	l := supportFindings(s)
	if len(l) != 4 || len(l[1].Layers) != 2 || l[3].Text != "stays in float: no kernel for it" || len(l[3].Layers) != 2 || !strings.Contains(l[2].Text, "GATHER leaves the fast path: it is not among") {
		t.Errorf("findings %v", l)
	}
}

package ui

import (
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/profiler/measure"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/pipeline"
)

func TestNoteTellsTheLastResult(t *testing.T) {
	v := func(id int64, verdict string) *project.Variant {
		return &project.Variant{ID: id, Title: "t" + string(rune('0'+id)), Result: &pipeline.Result{Verify: &verify.Verdict{Verdict: verdict}}}
	}
	source := &project.Variant{Title: "source"}
	fast := []project.BenchRow{{Variant: 0, Result: measure.Result{P50MS: 9}}, {Variant: 2, Result: measure.Result{P50MS: 4.5}}}
	for _, c := range []struct {
		variants []*project.Variant
		bench    []project.BenchRow
		want     string
	}{
		{[]*project.Variant{source}, fast, ""},
		{[]*project.Variant{source, v(1, "match")}, nil, "1 artefact: match"},
		{[]*project.Variant{source, v(1, "match"), v(2, "match")}, fast, "2 artefacts: match · fastest t2, 4.5 ms"},
		{[]*project.Variant{source, v(1, "match"), v(2, "mismatch"), v(3, "not-run")}, nil, "3 artefacts: 1 mismatch, 1 not run, 1 match"},
	} {
		if got := Note(c.variants, c.bench); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

func TestDetailsHoldAllThatCanBeCopied(t *testing.T) {
	f := diag.Errorf("op.unknown", "Frob is not known").In("net.onnx").Suggest("export without it")
	f.Layers = []string{"a", "b", "c", "d", "e", "f", "g"}
	got := Details("Cannot open", diag.List{f})
	for _, want := range []string{"Cannot open", "op.unknown", "Frob is not known", "net.onnx", "layer g", "export without it"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

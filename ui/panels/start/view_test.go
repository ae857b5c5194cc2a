package start

import (
	"testing"

	"slipway/project"
	"slipway/project/settings"
)

func TestRuntimeText(t *testing.T) {
	for want, r := range map[string]project.RuntimeStatus{
		"always there: checks everything, slowly":  {Name: "reference", OK: true, Version: "1"},
		"1.31.1 · CPU and 1 more":                  {Name: "ort", OK: true, Version: "1.31.1", Devices: []string{"CPU", "GPU"}},
		"2.3.0":                                    {Name: "litert", OK: true, Version: "2.3.0"},
		"not here: TFLite artefacts cannot be run": {Name: "litert", Loses: "TFLite artefacts cannot be run.", Cure: "run `x` first."},
		"not here":                                 {Name: "litert"},
	} {
		if got := runtimeText(&r); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestRecentTextPutsTheResultFirst(t *testing.T) {
	r := settings.Recent{Path: "/models/net.onnx", Format: "ONNX opset 17", Bytes: 9_560_000}
	if got := recentText(r); got != "ONNX opset 17 · 9.56 MB · /models" {
		t.Errorf("%q", got)
	}
	r.Note = "2 artefacts: match"
	if got := recentText(r); got != "2 artefacts: match · ONNX opset 17 · 9.56 MB · /models" {
		t.Errorf("with a note: %q", got)
	}
}

func TestLongNamesKeepBothEnds(t *testing.T) {
	for s, want := range map[string]string{"net.onnx": "net.onnx", "a_very_long_name_v12.onnx": "a_very_l…12.onnx"} {
		if got := shorten(s, 16); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}

func TestAbsenceSaysWhyAndHow(t *testing.T) {
	l := absence(&project.RuntimeStatus{Title: "ncnn", Reason: "no usable library found", Cure: "build it"})
	if len(l) != 1 || l[0].Text != "no usable library found" || l[0].Suggestion != "build it" {
		t.Errorf("%v", l)
	}
	if l := absence(&project.RuntimeStatus{Title: "ncnn"}); l[0].Text != "ncnn was not found" || l[0].Suggestion != "" {
		t.Errorf("nothing known: %v", l)
	}
}

func TestCut(t *testing.T) {
	if got := cut("a short one", 20); got != "a short one" {
		t.Error(got)
	}
	if got := cut("a text that is too long", 11); got != "a text that… (all of it: Convert, Jobs, Details)" {
		t.Error(got)
	}
}

package test

import (
	"errors"
	"strings"
	"testing"

	"slipway/project"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

func TestFitShortensAtAWord(t *testing.T) {
	upTo := func(n int) func(string) bool { return func(s string) bool { return len([]rune(s)) <= n } }
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"alp", 3, "alp"}, {"cliff, drop, drop-off", 21, "cliff, drop, drop-off"}, {"cliff, drop, drop-off", 13, "cliff, drop…"}, {"Kätzchen", 4, "Kät…"}, {"x", 0, "…"},
	} {
		if got := fit(c.in, upTo(c.n)); got != c.want {
			t.Errorf("%q in %d: %q, not %q", c.in, c.n, got, c.want)
		}
	}
}

func TestDiffersComparesTheBestAnswer(t *testing.T) {
	a, b := []task.Prediction{{Index: 1}, {Index: 2}}, []task.Prediction{{Index: 2}, {Index: 1}}
	if differs(a, a) || !differs(a, b) || differs(nil, b) || differs(a, nil) {
		t.Error("differs is wrong")
	}
}

func TestRowStateChangesWithAllThatIsShown(t *testing.T) {
	title := "onnx fp32"
	variant := func(id int64) *project.Variant {
		if id == 9 {
			return nil
		}
		return &project.Variant{ID: id, Title: title}
	}
	called := "ort"
	runtime := func(string) string { return called }
	base := project.Picture{Path: "a.jpg", Cells: []project.Cell{{Variant: 1, Runtime: "ort", Predictions: []task.Prediction{{Index: 3, Score: 0.5}}}}}
	was := rowState(&base, true, false, variant, runtime)
	if rowState(&base, true, false, variant, runtime) != was {
		t.Fatal("equal pictures differ")
	}
	for name, change := range map[string]func(*project.Picture) (thumb, dark bool){
		"done":  func(p *project.Picture) (bool, bool) { p.Done = true; return true, false },
		"error": func(p *project.Picture) (bool, bool) { p.Err = errors.New("cut short"); return true, false },
		"cell": func(p *project.Picture) (bool, bool) {
			p.Cells = append(p.Cells, project.Cell{Variant: 2})
			return true, false
		},
		"gone":      func(p *project.Picture) (bool, bool) { p.Cells[0].Variant = 9; return true, false },
		"score":     func(p *project.Picture) (bool, bool) { p.Cells[0].Predictions[0].Score = 0.6; return true, false },
		"thumbnail": func(*project.Picture) (bool, bool) { return false, false },
		"theme":     func(*project.Picture) (bool, bool) { return true, true },
	} {
		p := base
		p.Cells = []project.Cell{base.Cells[0]}
		p.Cells[0].Predictions = []task.Prediction{base.Cells[0].Predictions[0]}
		thumb, dark := change(&p)
		if rowState(&p, thumb, dark, variant, runtime) == was {
			t.Errorf("%s does not change the row", name)
		}
	}
	called = "ONNX Runtime"
	if rowState(&base, true, false, variant, runtime) == was {
		t.Error("what a runtime is called, once it is known, does not change the row")
	}
	called, title = "ort", "renamed"
	if rowState(&base, true, false, variant, runtime) == was {
		t.Error("a variant's new title does not change the row")
	}
}

func TestScoreText(t *testing.T) {
	if got := scoreText(0.7431); got != "74.3 %" {
		t.Errorf("share: %q", got)
	}
	if got := scoreText(12.34); strings.Contains(got, "%") {
		t.Errorf("a raw score is no share: %q", got)
	}
}

func TestAbsent(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&runtimes.NotAvailableError{Runtime: "ncnn"}, true},
		{errors.New("ncnn is not available: no usable library found"), true},
		{errors.New("shape mismatch"), false},
	} {
		if got := absent(c.err); got != c.want {
			t.Errorf("%v: %t", c.err, got)
		}
	}
}

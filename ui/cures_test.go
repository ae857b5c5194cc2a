package ui

import (
	"context"
	"image/color"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/project"
	"slipway/project/local"
	"slipway/project/projecttest"
)

// heard waits for the next event of a kind.
func heard(s *project.Studio, k project.EventKind) func(t *testing.T) {
	c := make(chan struct{}, 100)
	s.Listen(func(e project.Event) {
		if e.Kind == k {
			c <- struct{}{}
		}
	})
	return func(t *testing.T) {
		t.Helper()
		select {
		case <-c:
		case <-t.Context().Done():
		}
	}
}

// TestDroppedFolderCalibratesWhereThatIsMissing: on the pages that say so, while
// it is missing; elsewhere and else it is a dataset.
func TestDroppedFolderCalibratesWhereThatIsMissing(t *testing.T) {
	u, _ := newUIWith(t, project.Env{Open: local.Open})
	s := u.o.Studio
	if err := s.OpenModel(context.Background(), projecttest.Write(t, t.TempDir(), "net", projecttest.Net), ""); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	projecttest.Picture(t, filepath.Join(dir, "a.png"), color.NRGBA{200, 120, 80, 255})
	list := diag.List{diag.Errorf("verify.mismatch", "no"), diag.Warnf(plan.UncalibratedCode, "random")}
	if u.cure(list[1], list) != nil || u.calibrates() {
		t.Error("an fp32 recipe lacks calibration inputs")
	}
	r := s.Recipe()
	r.Precision = "int8"
	if err := s.SetRecipe(r); err != nil {
		t.Fatal(err)
	}
	if u.cure(list[0], list[:1]) != nil || u.cure(list[0], list) == nil || u.cure(list[1], list) == nil {
		t.Error("the cure is not that of random calibration")
	}
	u.show("graph")
	if u.calibrates() {
		t.Error("a folder on the graph is not a dataset")
	}
	u.show("convert")
	set := heard(s, project.RecipeChanged)
	u.HandleDrop(fyne.NewPos(0, 0), []string{dir})
	set(t)
	if r := s.Recipe(); r.Quantize.Calibration != dir || u.Front() != "convert" {
		t.Errorf("calibrated on %q, front %s", r.Quantize.Calibration, u.Front())
	}
	if u.cure(list[0], list) != nil || u.calibrates() {
		t.Error("the cure is offered again")
	}
}

func TestCalibratedCountsWhatIsUsed(t *testing.T) {
	for _, c := range []struct {
		n    int
		want string
	}{{24, "on 24 inputs of photos"}, {250, "on 100 of 250 inputs of photos"}} {
		if got := Calibrated("/a/photos", c.n, 100); !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

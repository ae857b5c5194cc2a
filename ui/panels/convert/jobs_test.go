package convert

import (
	"context"
	"testing"

	"fyne.io/fyne/v2/test"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/project/jobs"
	"slipway/ui/panel"
)

// TestFailedJobSaysWhatToDoAndCanBeTriedAgain in place, as often as one likes.
func TestFailedJobSaysWhatToDoAndCanBeTriedAgain(t *testing.T) {
	f := newFake(t)
	full := true
	id := f.queue.Submit("install", "net", func(context.Context, *jobs.Handle) error {
		if full {
			return diag.Errorf("convert.disk-full", "the disk is full").Suggest("free some space")
		}
		return nil
	})
	if _, err := f.queue.Wait(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	p := shown(t, f)
	p.reloadJobs()
	r := p.jobRows[id]
	if l := p.now.rows.Objects; len(l) != 1 || l[0] != r.box || !p.now.content.Visible() || p.earlier.content.Visible() {
		t.Fatal("a failure does not stand above the artefacts")
	}
	if r.stage.Text != "failed: the disk is full" || r.cure.Text != "→ free some space" || !r.cure.Visible() || !r.again.Visible() || r.cancel.Visible() {
		t.Fatalf("%q, %q", r.stage.Text, r.cure.Text)
	}
	full = false
	test.Tap(r.again)
	list := f.queue.List()
	if len(list) != 1 || list[0].ID == id {
		t.Fatalf("the queue holds %+v", list)
	}
	if _, err := f.queue.Wait(context.Background(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	p.reloadJobs()
	r = p.jobRows[list[0].ID]
	if l := p.earlier.rows.Objects; len(l) != 1 || l[0] != r.box || r.again.Visible() || r.cure.Visible() || len(p.jobRows) != 1 || p.now.content.Visible() {
		t.Errorf("%d rows, %d kept: %q", len(l), len(p.jobRows), r.stage.Text)
	}
	test.Tap(r.away)
	if len(f.queue.List()) != 0 || p.earlier.content.Visible() {
		t.Error("the job is still on the list")
	}
}

// TestMismatchOffersItsCure, in place of trying the same again; it goes when
// there is nothing to cure any more.
func TestMismatchOffersItsCure(t *testing.T) {
	f := newFake(t)
	id := f.queue.Submit("convert", "ONNX int8", func(context.Context, *jobs.Handle) error {
		return diag.Errorf("verify.mismatch", "it computes something else").Suggest("calibrate")
	})
	if _, err := f.queue.Wait(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	cured, lacks := 0, true
	p := shownIn(t, f, panel.Env{Cure: func(f *diag.Finding, _ diag.List) *panel.Cure {
		if !lacks || f.Code != "verify.mismatch" && f.Code != plan.UncalibratedCode {
			return nil
		}
		return &panel.Cure{Title: "Choose…", Do: func() { cured++ }}
	}})
	p.reloadJobs()
	r := p.jobRows[id]
	if !r.mend.Visible() || r.mend.Text != "Choose…" || r.again.Visible() {
		t.Fatalf("cure %t %q, again %t", r.mend.Visible(), r.mend.Text, r.again.Visible())
	}
	test.Tap(r.mend)
	lacks = false
	p.reloadJobs()
	if cured != 1 || r.mend.Visible() || !r.again.Visible() {
		t.Errorf("cured %d times, cure %t, again %t", cured, r.mend.Visible(), r.again.Visible())
	}
}

// TestWhatInt8LacksIsSaidBeforeConverting, for the picked targets that measure
// ranges.
func TestWhatInt8LacksIsSaidBeforeConverting(t *testing.T) {
	f := newFake(t)
	cured := 0
	p := shownIn(t, f, panel.Env{Cure: func(*diag.Finding, diag.List) *panel.Cure {
		return &panel.Cure{Title: "Choose…", Do: func() { cured++ }}
	}})
	if p.lacks.Content.Visible() {
		t.Error("fp32 lacks something")
	}
	f.recipe.Precision = "int8"
	p.reloadTargets()
	if !p.lacks.Content.Visible() {
		t.Fatal("nothing is said of int8 without calibration inputs")
	}
	test.Tap(p.lacks.Button)
	p.picked = map[string]bool{"coreml": true}
	p.enableStart()
	if cured != 1 || p.lacks.Content.Visible() {
		t.Errorf("cured %d times; Core ML alone lacks something: %t", cured, p.lacks.Content.Visible())
	}
	p.picked["onnx"] = true
	p.enableStart()
	f.recipe.Quantize.Calibration = "/a/photos"
	p.reloadTargets()
	if p.lacks.Content.Visible() || p.recipe.Text != "Recipe: int8, static (auto), calibrated on photos" {
		t.Errorf("lacks %t, %q", p.lacks.Content.Visible(), p.recipe.Text)
	}
}

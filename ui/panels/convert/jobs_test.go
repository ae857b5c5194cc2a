package convert

import (
	"context"
	"testing"

	"fyne.io/fyne/v2/test"

	"slipway/conversion/diag"
	"slipway/project/jobs"
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

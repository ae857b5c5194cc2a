package ui

import (
	"context"
	"testing"

	"fyne.io/fyne/v2/test"

	"slipway/conversion/diag"
	"slipway/project/jobs"
)

// TestFailureIsToldUntilItWasSeen wherever one is in the window.
func TestFailureIsToldUntilItWasSeen(t *testing.T) {
	u, _ := newUI(t)
	fail := func(title string) {
		t.Helper()
		q := u.o.Studio.Jobs()
		id := q.Submit("install", title, func(context.Context, *jobs.Handle) error { return diag.Errorf("e", "no") })
		if _, err := q.Wait(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		u.status.refresh()
	}
	u.show("graph")
	u.status.refresh()
	if u.status.failed.Visible() {
		t.Error("nothing failed")
	}
	fail("ONNX fp32")
	if !u.status.failed.Visible() || u.status.failed.Text != "ONNX fp32 failed" {
		t.Errorf("%t %q", u.status.failed.Visible(), u.status.failed.Text)
	}
	fail("OpenVINO fp32")
	if u.status.failed.Text != "2 jobs failed" {
		t.Errorf("%q", u.status.failed.Text)
	}
	test.Tap(u.status.failed)
	u.status.refresh()
	if u.Front() != "convert" || u.status.failed.Visible() {
		t.Errorf("front %s, told %t", u.Front(), u.status.failed.Visible())
	}
	u.show("graph")
	u.status.refresh()
	if u.status.failed.Visible() {
		t.Error("it is told again after it was seen")
	}
	fail("Core ML fp32")
	if u.status.failed.Text != "Core ML fp32 failed" || !u.status.failed.Visible() {
		t.Errorf("%q", u.status.failed.Text)
	}
}

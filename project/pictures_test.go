package project_test

import (
	"context"
	"image/color"
	"path/filepath"
	"testing"

	"slipway/project"
	"slipway/project/jobs"
	"slipway/project/projecttest"
)

// TestPicturesKeepTheirAnswers: what comes asks what is new alone; what goes
// takes its own answers with it; a new title asks nobody.
func TestPicturesKeepTheirAnswers(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s, _ := begin(t, projecttest.Write(t, dir, "net", projecttest.Net))
	id, err := s.TestPictures([]string{
		projecttest.Picture(t, filepath.Join(dir, "a.png"), color.NRGBA{200, 10, 10, 255}), projecttest.Picture(t, filepath.Join(dir, "b.png"), color.NRGBA{10, 10, 200, 255}),
	})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, s, id, jobs.Done)
	before := s.Pictures()
	tests := func() (n int) {
		for _, j := range s.Jobs().List() {
			if j.Kind == "test" {
				n++
				if _, err := s.Jobs().Wait(ctx, j.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		return n
	}
	made := convert(t, s, "onnx", "coreml")
	s.CompletePictures()
	if n := tests(); n != 2 {
		t.Errorf("%d tests, want one more", n)
	}
	check := func(want ...*project.Variant) {
		t.Helper()
		for i, p := range s.Pictures() {
			if !p.Done || len(p.Cells) != len(want) {
				t.Fatalf("picture %d: done %t, %d answers, want %d", i, p.Done, len(p.Cells), len(want))
			}
			for k, c := range p.Cells {
				if c.Variant != want[k].ID || c.Err != nil || len(c.Predictions) == 0 {
					t.Errorf("picture %d, answer %d: variant %d, %v", i, k, c.Variant, c.Err)
				}
			}
			if p.Cells[0].Took != before[i].Cells[0].Took {
				t.Errorf("picture %d: the source was asked again", i)
			}
		}
	}
	check(made...)
	if err := s.RenameVariant(made[1].ID, "mine"); err != nil {
		t.Fatal(err)
	}
	s.CompletePictures()
	if err := s.DeleteVariant(made[1].ID); err != nil {
		t.Fatal(err)
	}
	s.CompletePictures()
	if n := tests(); n != 2 {
		t.Errorf("%d tests: nothing new was there to be asked", n)
	}
	check(made[0], made[2])
}

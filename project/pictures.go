package project

import (
	"context"
	"fmt"
	"image"
	"slices"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/profiler/verify"
	"slipway/project/jobs"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// topK is the number of classes shown for a picture.
const topK = 5

// TestPictures queues a job that runs every usable variant on the pictures;
// cells fill as answers come. Pictures tested before are tested again.
func (s *Studio) TestPictures(paths []string) (int64, error) {
	s.mu.Lock()
	if s.model == nil {
		s.mu.Unlock()
		return 0, ErrNoModel
	}
	var batch []*Picture
	for _, p := range paths {
		pic := &Picture{Path: p}
		s.pictures = append(slices.DeleteFunc(s.pictures, func(o *Picture) bool { return o.Path == p }), pic)
		batch = append(batch, pic)
	}
	s.mu.Unlock()
	s.tell(Event{Kind: PicturesChanged})
	return s.submitTest(batch), nil
}

// submitTest queues the job that gets the answers that pictures lack.
func (s *Studio) submitTest(batch []*Picture) int64 {
	name := fmt.Sprintf("test %d pictures", len(batch))
	if len(batch) == 1 {
		name = "test " + baseName(batch[0].Path)
	}
	return s.queue.Submit("test", name, func(ctx context.Context, h *jobs.Handle) error {
		for i := range batch {
			p := batch[len(batch)-1-i] // the newest stands first before a person's eyes
			h.Progress(baseName(p.Path), float64(i)/float64(len(batch)))
			if err := s.testPicture(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// CompletePictures gives the tested pictures the answers of variants that came
// since, and takes away those of variants that are gone. What was answered
// stays: nothing runs twice.
func (s *Studio) CompletePictures() {
	s.mu.Lock()
	changed := false
	var batch []*Picture
	for _, p := range s.pictures {
		if p.Err != nil {
			continue
		}
		n := len(p.Cells)
		p.Cells = slices.DeleteFunc(p.Cells, func(c Cell) bool {
			return !slices.ContainsFunc(s.variants, func(v *Variant) bool { return v.ID == c.Variant && v.Usable() })
		})
		changed = changed || len(p.Cells) < n
		if slices.ContainsFunc(s.variants, func(v *Variant) bool { return v.Usable() && !p.answered(v.ID) }) {
			p.Done = false
			batch = append(batch, p)
		}
	}
	s.mu.Unlock()
	if len(batch) > 0 {
		s.submitTest(batch)
	} else if changed {
		_ = s.rememberPictures() // where this cannot be stored it is done again after a restart
	}
	if changed || len(batch) > 0 {
		s.tell(Event{Kind: PicturesChanged})
	}
}

// answered reports whether a variant has said something about the picture.
func (p *Picture) answered(variant int64) bool {
	return slices.ContainsFunc(p.Cells, func(c Cell) bool { return c.Variant == variant })
}

// RetestPictures tests all pictures again on all variants.
func (s *Studio) RetestPictures() {
	var paths []string
	for _, p := range s.Pictures() {
		paths = append(paths, p.Path)
	}
	if len(paths) > 0 {
		_, _ = s.TestPictures(paths) // without a model there is nothing to test
	}
}

// Pictures lists the tested pictures, oldest first; the values are copies.
func (s *Studio) Pictures() []Picture {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Picture
	for _, p := range s.pictures {
		c := *p
		c.Cells = slices.Clone(p.Cells)
		out = append(out, c)
	}
	return out
}

// ClearPictures forgets all pictures.
func (s *Studio) ClearPictures() {
	s.mu.Lock()
	s.pictures = nil
	s.mu.Unlock()
	// Where this cannot be stored the pictures are back after a restart: no loss.
	_ = s.rememberPictures()
	s.tell(Event{Kind: PicturesChanged})
}

func (s *Studio) testPicture(ctx context.Context, p *Picture) error {
	t, _ := s.Task()
	if t == nil {
		return ErrNoModel
	}
	if t.Kind != task.Classify && t.Kind != task.Detect {
		return diag.Errorf("task.no-pictures", "this model's task (%q) says nothing about pictures", t.Kind).
			Suggest("set the task in the test panel")
	}
	img, err := task.DecodeFile(p.Path)
	if err != nil {
		s.setPicture(p, func() { p.Err, p.Done = err, true })
		return s.rememberPictures()
	}
	x, geo, err := t.Prepare(img)
	if err != nil {
		return err
	}
	// A variant that comes meanwhile is asked, too.
	for v := s.unasked(p); v != nil; v = s.unasked(p) {
		rt := s.preferred(v)
		c := Cell{Variant: v.ID, Runtime: rt}
		if rt == "" {
			c.Err = notHere(v)
		} else {
			c.Predictions, c.Took, c.Err = s.predict(ctx, t, v, rt, x, geo)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.setPicture(p, func() {
			if !p.answered(v.ID) {
				p.Cells = append(p.Cells, c)
			}
		})
	}
	s.setPicture(p, func() { p.Done = true })
	return s.rememberPictures()
}

// unasked is the next variant that has not answered about a picture, nil where
// all have, or where the picture was taken away or put in anew.
func (s *Studio) unasked(p *Picture) *Variant {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.pictures, p) {
		return nil
	}
	for _, v := range s.variants {
		if v.Usable() && !p.answered(v.ID) {
			return v
		}
	}
	return nil
}

func (s *Studio) setPicture(_ *Picture, change func()) {
	s.mu.Lock()
	change()
	s.mu.Unlock()
	s.tell(Event{Kind: PicturesChanged})
}

func (s *Studio) predict(ctx context.Context, t *task.Task, v *Variant, rt string, x *tensor.Tensor, geo task.Geometry) (p []task.Prediction, took time.Duration, err error) {
	err = s.sessions.with(ctx, v, rt, func(ses runtimes.Session) error {
		in, err := verify.Fit([]*tensor.Tensor{x}, ses.Inputs())
		if err != nil {
			return err
		}
		start := time.Now()
		out, err := ses.Run(ctx, in)
		took = time.Since(start)
		if err != nil {
			return err
		}
		p, err = t.Predict(out, geo, topK)
		return err
	})
	return
}

// Predict runs one variant on an upright picture held in memory: the same road
// as the test pane, for serving and tests.
func (s *Studio) Predict(ctx context.Context, variant int64, img *image.NRGBA) ([]task.Prediction, error) {
	v := s.Variant(variant)
	t, _ := s.Task()
	if v == nil || t == nil {
		return nil, ErrNoModel
	}
	x, geo, err := t.Prepare(img)
	if err != nil {
		return nil, err
	}
	rt := s.preferred(v)
	if rt == "" {
		return nil, notHere(v)
	}
	p, _, err := s.predict(ctx, t, v, rt, x, geo)
	return p, err
}

// preferred is the runtime that a variant is tested on: the first of its
// target's that works here, or the first that would; for the source, ONNX
// Runtime or the reference. "" where the target has none.
func (s *Studio) preferred(v *Variant) string {
	names := []string{"ort", "reference"}
	for _, t := range s.env.Targets {
		if v.ID != 0 && t.Info().Name == v.Target {
			names = t.Info().Runtimes
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range names {
		for _, r := range s.status {
			if r.Name == n && r.OK {
				return n
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// notHere says that no runtime of this machine runs a variant.
func notHere(v *Variant) *diag.Finding {
	return diag.Infof("runtime.none", "%s: nothing on this machine runs %s artefacts", v.Title, v.Target)
}

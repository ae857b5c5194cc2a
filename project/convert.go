package project

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/project/jobs"
	"slipway/project/pipeline"
	"slipway/project/store"
)

// Convert queues one job for each target and returns their numbers. A job whose
// model, recipe, target and program version are those of a stored variant ends
// at once with that variant.
func (s *Studio) Convert(targets []string) ([]int64, error) {
	s.mu.Lock()
	model := s.model
	s.mu.Unlock()
	if model == nil {
		return nil, ErrNoModel
	}
	recipe := s.Recipe()
	var ids []int64
	for _, t := range targets {
		id := s.queue.Submit("convert", s.titleOf(t, &recipe), func(ctx context.Context, h *jobs.Handle) error {
			return s.convert(ctx, h, t, recipe)
		})
		ids = append(ids, id)
	}
	return ids, nil
}

// titleOf names a variant: "OpenVINO int8, 30 % pruned".
func (s *Studio) titleOf(target string, r *plan.Recipe) string {
	name := target
	for _, t := range s.env.Targets {
		if i := t.Info(); i.Name == target {
			name = i.Brief()
		}
	}
	return name + " " + how(target, r)
}

// how says in a few words what a recipe does for a target.
func how(target string, r *plan.Recipe) string {
	s := r.Precision
	if r.Precision == "int8" && r.Quantize.Scheme != "static" {
		s += " " + r.Quantize.Scheme
	}
	if r.Compresses(target) {
		s += ", " + r.CoreML.Stored() + " weights"
	}
	switch r.Prune.Method {
	case "magnitude":
		s += fmt.Sprintf(", %.0f %% pruned", r.Prune.Ratio*100)
	case "2:4":
		s += ", 2:4 pruned"
	}
	return s
}

func (s *Studio) convert(ctx context.Context, h *jobs.Handle, target string, recipe plan.Recipe) error {
	s.mu.Lock()
	model, st, tk, hash := s.model, s.store, s.task, s.hash
	s.mu.Unlock()
	if model == nil {
		return ErrNoModel
	}
	h.Progress("reading the model", 0)
	sum, err := hash()
	if err != nil {
		return diag.Errorf("source.unreadable", "%v", err).In(model.Path)
	}
	key, before, err := s.keyOf(ctx, sum, &recipe, target, tk)
	if err != nil {
		return err
	}
	if v := s.madeBefore(key, before, &recipe, target); v != nil {
		h.Log("this conversion was made before: %s", v.Title)
		return nil
	}
	private, err := st.Private()
	if err != nil {
		return err
	}
	defer os.RemoveAll(private)
	q := pipeline.Request{Model: model.Path, Name: model.Name, Target: target, Recipe: recipe, Task: tk, Private: private, Pictures: s.somePictures(4)}
	stage := ""
	res, err := s.env.Pipeline.Run(ctx, q, func(e plan.Event) {
		h.Progress(e.Stage, e.Fraction)
		if line := e.Stage + ": " + e.Text; e.Text != "" && line != stage {
			stage = line
			h.Log("%s", line)
		}
	})
	if err != nil {
		return err
	}
	if !res.OK && res.Verify.Verdict != verify.Mismatch {
		return res.Findings
	}
	if res.OK {
		h.Find(res.Findings...)
	}
	report, err := json.Marshal(res)
	if err != nil {
		return err
	}
	yaml, err := recipe.YAML()
	if err != nil {
		return err
	}
	s.mu.Lock()
	earlier := s.sameFiles(key, target)
	name := ""
	if earlier != nil {
		name = earlier.Title
	} else {
		name = s.ownTitle(s.titleOf(target, &recipe))
	}
	s.mu.Unlock()
	v := store.Variant{Key: key, Target: target, Title: name, Recipe: string(yaml), Report: report}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := st.Publish(private, &v); err != nil {
		return err
	}
	s.mu.Lock()
	open := s.store == st
	if open {
		s.variants = append(s.variants, s.variantOf(v))
	}
	s.mu.Unlock()
	if open && earlier != nil { // its files are those of the new one by now
		if err := s.deleteVariant(earlier.ID); err != nil {
			return err
		}
	}
	h.Log("%s: %s", v.Title, res.Verify.Verdict)
	s.tell(Event{Kind: VariantsChanged})
	if !res.OK {
		return append(slices.Clone(res.Findings), diag.Infof("verify.kept", "the artefact is kept to be looked at; no copy of it can be saved"))
	}
	return nil
}

// somePictures are up to n pictures that were tested, for verification.
func (s *Studio) somePictures(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, p := range s.pictures {
		if p.Err == nil && len(out) < n {
			out = append(out, p.Path)
		}
	}
	return out
}

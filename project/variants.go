package project

import (
	"path/filepath"
	"slices"

	"slipway/conversion/target"
	"slipway/project/store"
)

// Variants lists the source and all artefacts, oldest first.
func (s *Studio) Variants() []*Variant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.variants)
}

// Variant finds one by its number.
func (s *Studio) Variant(id int64) *Variant {
	for _, v := range s.Variants() {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// DeleteVariant removes an artefact and its results.
func (s *Studio) DeleteVariant(id int64) error {
	s.sessions.drop(id)
	s.mu.Lock()
	i := slices.IndexFunc(s.variants, func(v *Variant) bool { return v.ID == id && id != 0 })
	if i < 0 || s.store == nil {
		s.mu.Unlock()
		return nil
	}
	v := s.variants[i]
	rel, err := filepath.Rel(s.store.Dir(), filepath.Dir(v.Path))
	if err == nil {
		err = s.store.Delete(store.Variant{ID: v.ID, Dir: rel})
	}
	if err == nil {
		s.variants = slices.Delete(s.variants, i, i+1)
		s.bench = slices.DeleteFunc(s.bench, func(b BenchRow) bool { return b.Variant == id })
		s.eval = slices.DeleteFunc(s.eval, func(e EvalRow) bool { return e.Variant == id })
	}
	s.mu.Unlock()
	s.tell(Event{Kind: VariantsChanged})
	return err
}

// Targets lists all targets with whether they can be chosen and what about them
// a person should know now.
func (s *Studio) Targets() []TargetChoice {
	s.mu.Lock()
	status, model := s.status, s.model
	precision := s.recipe.Current().Precision
	s.mu.Unlock()
	var out []TargetChoice
	for _, t := range s.env.Targets {
		out = append(out, choiceOf(t.Info(), model, precision, status))
	}
	return out
}

func choiceOf(info target.Info, m *Model, precision string, status []RuntimeStatus) TargetChoice {
	c := TargetChoice{Info: info}
	switch {
	case m == nil:
		c.Reason = "open a model first"
		return c
	case !slices.Contains(info.Precisions, precision):
		c.Reason = info.Title + " is not written in " + precision
		return c
	}
	if e := m.Summary.Findings.Errors(); len(e) > 0 {
		c.Reason = e[0].Text
		return c
	}
	c.Enabled = true
	if status == nil {
		return c
	}
	for _, r := range status {
		if slices.Contains(info.Runtimes, r.Name) && r.OK {
			return c
		}
	}
	c.Reason = "will not be verified: none of its runtimes is installed here"
	return c
}

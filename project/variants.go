package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"slipway/conversion/diag"
	"slipway/conversion/target"
	"slipway/project/atomicfile"
	"slipway/project/store"
	"slipway/scratch"
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
	err := s.deleteVariant(id)
	s.tell(Event{Kind: VariantsChanged})
	return err
}

// deleteVariant tells nobody.
func (s *Studio) deleteVariant(id int64) error {
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
	return err
}

// RenameVariant gives an artefact another title, by which all panels and the
// report call it.
func (s *Studio) RenameVariant(id int64, title string) error {
	title = strings.Join(strings.Fields(title), " ")
	if title == "" || utf8.RuneCountInString(title) > maxTitle {
		return diag.Errorf("variant.title", "a title has 1 to %d characters", maxTitle)
	}
	s.mu.Lock()
	i := slices.IndexFunc(s.variants, func(v *Variant) bool { return v.ID == id && id != 0 })
	if i < 0 || s.store == nil {
		s.mu.Unlock()
		return diag.Errorf("variant.missing", "there is no such artefact any more")
	}
	if slices.ContainsFunc(s.variants, func(v *Variant) bool { return v.ID != id && v.Title == title }) {
		s.mu.Unlock()
		return diag.Errorf("variant.title", "another artefact is called %q", title).Suggest("choose a title of its own: charts tell artefacts apart by it")
	}
	err := s.store.Rename(id, title)
	if err == nil {
		renamed := *s.variants[i] // others may be reading the old one
		renamed.Title = title
		s.variants = slices.Clone(s.variants)
		s.variants[i] = &renamed
	}
	s.mu.Unlock()
	if err == nil {
		s.tell(Event{Kind: VariantsChanged})
	}
	return err
}

// maxTitle bounds a variant's title, in characters.
const maxTitle = 60

// ownTitle is title, with a number where a variant is called that already: two
// recipes may differ in what the title does not say. Called with the lock held.
func (s *Studio) ownTitle(title string) string {
	own := title
	for n := 2; slices.ContainsFunc(s.variants, func(v *Variant) bool { return v.Title == own }); n++ {
		own = fmt.Sprintf("%s (%d)", title, n)
	}
	return own
}

// CopyVariant copies the files of an artefact into a folder of its target's
// name below dir and returns that folder. An artefact that does not compute what
// the source computes is not handed out, and a file that is there already is a
// finding: nothing is changed then.
func (s *Studio) CopyVariant(ctx context.Context, id int64, dir string) (string, error) {
	v := s.Variant(id)
	if v == nil || v.ID == 0 || v.Result == nil {
		return "", diag.Errorf("variant.missing", "there is no such artefact any more")
	}
	if !v.Usable() {
		return "", diag.Errorf("export.mismatch", "%s does not compute what the source computes", v.Title)
	}
	from, to := filepath.Dir(v.Path), filepath.Join(dir, v.Target)
	for _, a := range v.Result.Artefacts {
		if _, err := os.Lstat(filepath.Join(to, a.Path)); err == nil {
			return "", diag.Errorf("export.exists", "is there already").In(filepath.Join(to, a.Path)).Suggest("choose another folder: nothing is overwritten")
		}
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return "", unexported(v, to, err)
	}
	// A folder of its own first: what has its final name is whole.
	private, remove, err := scratch.In(to, ".private-")
	if err != nil {
		return "", unexported(v, to, err)
	}
	defer remove()
	for _, a := range v.Result.Artefacts {
		if err := copyAll(ctx, filepath.Join(private, a.Path), filepath.Join(from, a.Path)); err != nil {
			return "", unexported(v, to, err)
		}
	}
	for _, a := range slices.Backward(v.Result.Artefacts) { // the main file last
		if err := os.Rename(filepath.Join(private, a.Path), filepath.Join(to, a.Path)); err != nil {
			return "", unexported(v, to, err)
		}
	}
	return to, nil
}

// unexported says why an artefact could not be copied into a folder.
func unexported(v *Variant, to string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if f := atomicfile.Unwritten("export.failed", v.Title, to, err); f != nil {
		return f
	}
	return diag.Errorf("export.failed", "%v", err).In(to)
}

// copyAll copies a file, or a folder with all that is in it.
func copyAll(ctx context.Context, to, from string) error {
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !st.IsDir() {
		return copyFile(to, from)
	}
	return filepath.WalkDir(from, func(p string, e fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		return copyFile(filepath.Join(to, rel), p)
	})
}

func copyFile(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return atomicfile.Copy(to, from)
}

// RuntimeTitle is what people call a runtime.
func (s *Studio) RuntimeTitle(name string) string {
	for _, r := range s.RuntimeStatus() {
		if r.Name == name {
			title, _, _ := strings.Cut(r.Title, " (")
			return title
		}
	}
	return name
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
		if n := len(e) - 1; n > 0 {
			c.Reason += fmt.Sprintf(", and %d more; the graph panel lists them", n)
		}
		return c
	}
	c.Enabled = true
	if status == nil || runs(info, status) {
		return c
	}
	c.Reason = "will not be verified: none of its runtimes is installed here"
	return c
}

// runs reports whether a runtime that was found here runs a target's artefacts.
func runs(info target.Info, status []RuntimeStatus) bool {
	return slices.ContainsFunc(status, func(r RuntimeStatus) bool { return r.OK && slices.Contains(info.Runtimes, r.Name) })
}

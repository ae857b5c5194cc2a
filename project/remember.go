package project

import (
	"encoding/json"
	"errors"
	"time"

	"slipway/conversion/plan"
	"slipway/project/history"
	"slipway/runtimes/task"
)

// Keys of document values in the store.
const (
	keyModel    = "model"
	keyRecipes  = "recipes" // the recipe with what can be undone and redone
	keyTask     = "task"
	keyPictures = "pictures"
)

// storedUndo bounds the undo steps that outlive the program.
const storedUndo = 50

type storedRecipes struct {
	At     int
	States []plan.Recipe
}

// rememberRecipe stores the recipe and its history in one value, so that no
// kill parts them; called with the lock held.
func (s *Studio) rememberRecipe() error {
	if s.store == nil {
		return nil
	}
	states, at := s.recipe.States()
	if over := at + 1 - storedUndo; over > 0 {
		states, at = states[over:], at-over
	}
	b, err := json.Marshal(storedRecipes{at, states})
	if err != nil {
		return err
	}
	return s.store.Set(keyRecipes, string(b))
}

// restoreRecipe is its inverse; a history that cannot be used starts anew.
func (s *Studio) restoreRecipe() error {
	saved, err := s.store.Get(keyRecipes)
	if err != nil || saved == "" {
		return err
	}
	var doc storedRecipes
	if json.Unmarshal([]byte(saved), &doc) != nil || len(doc.States) == 0 {
		return nil
	}
	for i := range doc.States {
		if doc.States[i].Check() != nil {
			return nil
		}
	}
	s.recipe = history.Restore(doc.States, doc.At, undoSteps)
	return nil
}

type storedPicture struct {
	Path  string
	Err   string `json:",omitempty"`
	Cells []storedCell
}

type storedCell struct {
	Variant     int64
	Runtime     string
	Predictions []task.Prediction
	Took        time.Duration
	Err         string `json:",omitempty"`
}

// rememberPictures stores the pictures whose test has ended.
func (s *Studio) rememberPictures() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		return nil
	}
	doc := []storedPicture{}
	for _, p := range s.pictures {
		if !p.Done {
			continue
		}
		q := storedPicture{Path: p.Path, Err: textOf(p.Err)}
		for _, c := range p.Cells {
			q.Cells = append(q.Cells, storedCell{c.Variant, c.Runtime, c.Predictions, c.Took, textOf(c.Err)})
		}
		doc = append(doc, q)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return s.store.Set(keyPictures, string(b))
}

// restorePictures is its inverse; called with the lock held.
func (s *Studio) restorePictures() error {
	s.pictures = nil
	saved, err := s.store.Get(keyPictures)
	if err != nil || saved == "" {
		return err
	}
	var doc []storedPicture
	if json.Unmarshal([]byte(saved), &doc) != nil {
		return nil
	}
	for _, q := range doc {
		p := &Picture{Path: q.Path, Done: true, Err: errorOf(q.Err)}
		for _, c := range q.Cells {
			p.Cells = append(p.Cells, Cell{c.Variant, c.Runtime, c.Predictions, c.Took, errorOf(c.Err)})
		}
		s.pictures = append(s.pictures, p)
	}
	return nil
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func errorOf(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

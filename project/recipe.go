package project

import (
	"slipway/conversion/diag"
	"slipway/conversion/plan"
)

// Recipe is the recipe in force, a copy.
func (s *Studio) Recipe() plan.Recipe {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.recipe.Current()
	return r.Clone()
}

// SetRecipe makes r the recipe, undoably, and stores it.
func (s *Studio) SetRecipe(r plan.Recipe) error {
	if err := r.Check(); err != nil {
		return diag.Errorf("recipe.invalid", "%v", err)
	}
	return s.moveRecipe(func() bool { s.recipe.Do(r.Clone()); return true })
}

// Undo takes the last change of the recipe back.
func (s *Studio) Undo() error { return s.moveRecipe(func() bool { return s.recipe.Undo() }) }

// Redo makes it again.
func (s *Studio) Redo() error { return s.moveRecipe(func() bool { return s.recipe.Redo() }) }

// CanUndo and CanRedo say whether Undo and Redo would do something.
func (s *Studio) CanUndo() (undo, redo bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recipe.CanUndo(), s.recipe.CanRedo()
}

func (s *Studio) moveRecipe(move func() bool) error {
	s.mu.Lock()
	changed := move()
	err := s.rememberRecipe()
	s.mu.Unlock()
	if changed {
		s.tell(Event{Kind: RecipeChanged})
	}
	return err
}

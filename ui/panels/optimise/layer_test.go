package optimise

import (
	"context"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"slipway/conversion/plan"
	"slipway/conversion/summary"
	"slipway/project"
	"slipway/ui/panel"
)

// fake is an application with a model and a recipe.
type fake struct {
	recipe plan.Recipe
	set    int
	listen func(project.Event)
}

func (f *fake) Model() *project.Model           { return &project.Model{Summary: &summary.Summary{}} }
func (f *fake) Targets() []project.TargetChoice { return nil }
func (f *fake) Recipe() plan.Recipe             { return f.recipe.Clone() }
func (f *fake) Undo() error                     { return nil }
func (f *fake) Redo() error                     { return nil }
func (f *fake) CanUndo() (undo, redo bool)      { return true, false }
func (f *fake) Listen(l func(project.Event))    { f.listen = l }
func (f *fake) Support(context.Context, []string) ([]plan.Support, error) {
	return nil, nil
}

func (f *fake) SetRecipe(r plan.Recipe) error {
	f.recipe = r
	f.set++
	f.listen(project.Event{Kind: project.RecipeChanged})
	return nil
}

// TestLayerKeepsTheKeyboard: the fields of the selected layer are the same after
// a change, and show another layer's values without changing them.
func TestLayerKeepsTheKeyboard(t *testing.T) {
	test.NewTempApp(t)
	f := &fake{recipe: plan.Default()}
	selection := &panel.Selection{}
	p := New(panel.Env{Selection: selection}, f)
	w := test.NewTempWindow(t, p.content)
	w.Resize(fyne.NewSize(960, 700))
	if p.layer.fields.Visible() {
		t.Error("no layer is selected, and there are fields for it")
	}
	selection.Set("a")
	w.Canvas().Focus(p.layer.ratio)
	for range 2 {
		w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	}
	if got := f.recipe.Prune.Layers["a"]; got != 0.1 || w.Canvas().Focused() != fyne.Focusable(p.layer.ratio) {
		t.Fatalf("two steps to the right: %v, focused %T", got, w.Canvas().Focused())
	}
	test.Tap(p.layer.keep)
	set := f.set
	selection.Set("b")
	if p.layer.ratio.Value != 0 || p.layer.keep.Checked || p.layer.title.Text != "b" {
		t.Errorf("b: %v, kept %t", p.layer.ratio.Value, p.layer.keep.Checked)
	}
	selection.Set("a")
	if p.layer.ratio.Value != 0.1 || !p.layer.keep.Checked {
		t.Errorf("a: %v, kept %t", p.layer.ratio.Value, p.layer.keep.Checked)
	}
	if f.set != set {
		t.Error("to select a layer changed the recipe")
	}
}

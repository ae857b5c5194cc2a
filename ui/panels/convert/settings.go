package convert

import (
	"reflect"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/conversion/options"
	"slipway/conversion/plan"
	"slipway/ui/forms"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/rows"
)

// targetSettings are the settings of one target, which its recipe has under the
// target's name.
type targetSettings struct {
	recipe plan.Recipe // what the form edits
	form   *forms.Form
	title  string // of the target
	fold   *hint.Button
	body   *fyne.Container // around the form
	box    *fyne.Container
}

// hasSettings reports whether the recipe has settings for a target alone.
func hasSettings(r *plan.Recipe, target string) bool {
	return slices.ContainsFunc(options.Of(r), func(f options.Field) bool { return strings.HasPrefix(f.Key, target+".") })
}

// newSettings makes the form of a target's own settings below a button that
// folds it; nil where it has none.
func (p *Panel) newSettings(target, title string) *targetSettings {
	r := p.needs.Recipe()
	if !hasSettings(&r, target) {
		return nil
	}
	s := &targetSettings{recipe: r, title: title}
	s.form = forms.New(&s.recipe, func(key string) bool { return !strings.HasPrefix(key, target+".") }, nil)
	s.form.OnChange = func() {
		if err := p.needs.SetRecipe(s.recipe.Clone()); err != nil {
			p.env.Window.Report("That cannot be set", diag.FromError("recipe.invalid", err))
		}
	}
	s.fold = hint.NewButton("Settings", nil, "", func() { s.toggle(); rows.Arrange(p.targets) })
	s.fold.Importance = widget.LowImportance
	s.body = container.NewPadded(s.form.Content)
	s.body.Hide()
	s.box = container.NewVBox(container.NewHBox(s.fold), s.body)
	s.folded()
	return s
}

// show brings the form up to date with a recipe. What a person types, and what
// was refused of it, stays where the recipe is the same.
func (s *targetSettings) show(r plan.Recipe) {
	if !reflect.DeepEqual(s.recipe, r) {
		s.recipe = r
		s.form.Refresh()
	}
}

func (s *targetSettings) toggle() {
	if s.body.Visible() {
		s.body.Hide()
	} else {
		s.body.Show()
	}
	s.folded()
	s.box.Refresh()
}

// folded makes the button say which way it goes.
func (s *targetSettings) folded() {
	icon, what := base.MenuExpandIcon(), "Show what can be set about "
	if s.body.Visible() {
		icon, what = base.MenuDropDownIcon(), "Hide what can be set about "
	}
	s.fold.SetIcon(icon)
	s.fold.SetHint(what + s.title)
}

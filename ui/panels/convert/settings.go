package convert

import (
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
)

// targetSettings are the settings of one target, which its recipe has under the
// target's name.
type targetSettings struct {
	recipe plan.Recipe // what the form edits
	form   *forms.Form
	open   bool
}

// hasSettings reports whether the recipe has settings for a target alone.
func hasSettings(r *plan.Recipe, target string) bool {
	return slices.ContainsFunc(options.Of(r), func(f options.Field) bool { return strings.HasPrefix(f.Key, target+".") })
}

// settings is the form of a target's own settings below a button that folds it;
// nil where it has none. The form lives as long as the panel, so that what is
// being typed stays.
func (p *Panel) settings(target, title string) fyne.CanvasObject {
	r := p.needs.Recipe()
	if !hasSettings(&r, target) {
		return nil
	}
	s := p.forms[target]
	if s == nil {
		s = &targetSettings{recipe: r}
		s.form = forms.New(&s.recipe, func(key string) bool { return !strings.HasPrefix(key, target+".") }, nil)
		s.form.OnChange = func() {
			if err := p.needs.SetRecipe(s.recipe.Clone()); err != nil {
				p.env.Window.Report("That cannot be set", diag.FromError("recipe.invalid", err))
			}
		}
		p.forms[target] = s
	}
	s.recipe = r
	s.form.Refresh()
	icon, what := base.MenuExpandIcon(), "Show what can be set about "
	if s.open {
		icon, what = base.MenuDropDownIcon(), "Hide what can be set about "
	}
	fold := hint.NewButton("Settings", icon, what+title, func() { s.open = !s.open; p.reloadTargets() })
	fold.Importance = widget.LowImportance
	box := container.NewVBox(container.NewHBox(fold))
	if s.open {
		box.Add(container.NewPadded(s.form.Content))
	}
	return box
}

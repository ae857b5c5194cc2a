// Package optimise is the panel that sets the recipe: precision, quantization,
// pruning. Its forms are drawn from the recipe's declaration; each change is a
// step that can be undone.
package optimise

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/project"
	"slipway/ui/forms"
	"slipway/ui/panel"
	"slipway/ui/widgets/finding"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/rows"
	"slipway/ui/widgets/split"
	"slipway/ui/widgets/words"
)

// Needs is what the panel asks of the application.
type Needs interface {
	Model() *project.Model
	Targets() []project.TargetChoice
	Support(ctx context.Context, targets []string) ([]plan.Support, error)
	Recipe() plan.Recipe
	SetRecipe(plan.Recipe) error
	Undo() error
	Redo() error
	CanUndo() (undo, redo bool)
	Listen(func(project.Event))
}

// Panel edits the recipe.
type Panel struct {
	env     panel.Env
	needs   Needs
	recipe  plan.Recipe // what the forms edit
	form    *forms.Form
	content fyne.CanvasObject
	right   *fyne.Container // what the recipe will do
	undo    *hint.Button
	redo    *hint.Button
	convert *hint.Button
	effect  *widget.Label
	warn    *finding.Notice // what about the recipe will hurt
	yaml    *widget.Label
	layer   *layerBox // settings of the selected layer
	runs    *sideBySide
	looking chan struct{}
	own     bool // the panel itself sets the recipe
}

var _ panel.Panel = (*Panel)(nil)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs) *Panel {
	p := &Panel{env: env, needs: needs, recipe: needs.Recipe(), looking: make(chan struct{}, 1)}
	p.build()
	go p.lookAgain()
	needs.Listen(func(e project.Event) {
		if e.Kind == project.RecipeChanged || e.Kind == project.ModelChanged {
			fyne.Do(p.reload)
			p.look()
		}
	})
	env.Selection.Listen(func(string) { fyne.Do(p.reloadLayer) })
	return p
}

// ID implements panel.Panel.
func (p *Panel) ID() string { return "optimise" }

// Title implements panel.Panel.
func (p *Panel) Title() string { return "Optimise" }

// Icon implements panel.Panel.
func (p *Panel) Icon() fyne.Resource { return base.SettingsIcon() }

// Content implements panel.Panel.
func (p *Panel) Content() fyne.CanvasObject { return p.content }

// Shown implements panel.Panel.
func (p *Panel) Shown() { p.look() }

func (p *Panel) build() {
	p.form = forms.New(&p.recipe, p.ofTarget, func(title string, done func(string)) { p.env.Window.OpenFolder(title, done) }, "quantize.calibrate")
	p.form.OnChange = p.changed
	p.undo = hint.NewButton("Undo", base.ContentUndoIcon(), "Take the last change back (Ctrl+Z)", func() { p.try(p.needs.Undo()) })
	p.redo = hint.NewButton("Redo", base.ContentRedoIcon(), "Make it again (Ctrl+Y)", func() { p.try(p.needs.Redo()) })
	reset := hint.NewButton("Defaults", nil, "Forget all settings; can be undone", func() { p.try(p.needs.SetRecipe(plan.Default())) })
	p.convert = hint.NewButton("Convert…", base.NavigateNextIcon(), "Go on to the targets", func() { p.env.Window.Show("convert") })
	p.convert.Importance = widget.HighImportance
	bar := container.NewBorder(nil, nil, container.NewHBox(p.undo, p.redo, reset), p.convert)
	p.effect = widget.NewLabel("")
	p.effect.Wrapping = fyne.TextWrapWord
	p.warn = finding.NewNotice("or drop a folder")
	p.yaml = widget.NewLabel("")
	p.yaml.TextStyle.Monospace, p.yaml.SizeName = true, base.SizeNameCaptionText
	p.layer = p.newLayer()
	p.runs = newSideBySide()
	p.runs.names = map[string]string{}
	for _, c := range p.needs.Targets() {
		p.runs.names[c.Info.Name] = c.Info.Brief()
	}
	var fold *hint.Button
	fold = hint.NewButton("Recipe", base.MenuExpandIcon(), "All settings as the command line's --recipe reads them", func() {
		if p.yaml.Visible() {
			p.yaml.Hide()
			fold.SetIcon(base.MenuExpandIcon())
		} else {
			p.yaml.Show()
			fold.SetIcon(base.MenuDropDownIcon())
		}
		rows.Arrange(p.right)
	})
	fold.Importance = widget.LowImportance
	p.yaml.Hide()
	copyRecipe := hint.NewIcon(base.ContentCopyIcon(), "Copy the recipe", func() {
		fyne.CurrentApp().Clipboard().SetContent(p.yaml.Text + "\n")
		p.env.Window.Notify("the recipe is copied")
	})
	recipe := container.NewVBox(container.NewHBox(fold, copyRecipe), p.yaml)
	p.right = container.NewVBox(words.Title("What it will do"), p.effect, p.warn.Content, p.runs.content, p.layer.content, recipe)
	left := container.NewVScroll(container.NewPadded(p.form.Content))
	page := container.NewVScroll(container.NewPadded(p.right))
	p.runs.room = func() float32 { return page.Size().Height }
	p.content = container.NewBorder(container.NewVBox(container.NewPadded(bar), widget.NewSeparator()), nil, nil, nil, split.New(left, page, 0.42))
	p.describe()
	p.reloadLayer()
}

// ofTarget reports whether a setting is one target's alone: the page of targets
// has those.
func (p *Panel) ofTarget(key string) bool {
	return slices.ContainsFunc(p.needs.Targets(), func(c project.TargetChoice) bool { return strings.HasPrefix(key, c.Info.Name+".") })
}

func (p *Panel) try(err error) {
	if err != nil {
		p.env.Window.Report("That cannot be set", diag.FromError("recipe.invalid", err))
	}
}

func (p *Panel) changed() {
	p.own = true
	err := p.needs.SetRecipe(p.recipe.Clone())
	p.own = false
	p.try(err)
	p.describe()
	p.reloadLayer()
}

// reload shows a recipe that somebody else changed.
func (p *Panel) reload() {
	p.recipe = p.needs.Recipe()
	p.form.Refresh()
	p.describe()
	p.reloadLayer()
}

func (p *Panel) describe() {
	undo, redo := p.needs.CanUndo()
	p.undo.Because(unless(undo, "nothing was changed"))
	p.redo.Because(unless(redo, "nothing was undone"))
	p.convert.Because(unless(p.needs.Model() != nil, "open a model first"))
	p.effect.SetText(Effect(p.needs.Model(), &p.recipe))
	if f := Warning(p.needs.Model(), &p.recipe); f != nil {
		p.warn.Show(f, p.env.CureOf(diag.List{f}))
	} else {
		p.warn.Show(nil, nil)
	}
	if b, err := p.recipe.YAML(); err == nil {
		p.yaml.SetText(strings.TrimSpace(string(b)))
	}
	rows.Arrange(p.right)
}

// unless is the reason where a thing cannot be done.
func unless(can bool, reason string) string {
	if can {
		return ""
	}
	return reason
}

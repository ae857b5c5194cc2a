package convert

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/ui/theme"
	"slipway/ui/widgets/badge"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/rows"
	"slipway/ui/widgets/words"
)

func (p *Panel) reloadResults() {
	var list []rows.Row
	for _, v := range slices.Backward(p.needs.Variants()) {
		if v.ID != 0 {
			list = append(list, rows.Row{Key: fmt.Sprint(v.ID), State: p.cardState(v), Make: func() fyne.CanvasObject { return p.card(v) }})
		}
	}
	if len(list) == 0 {
		text := p.nothingYet()
		list = append(list, rows.Row{Key: text, Make: func() fyne.CanvasObject { return words.Caption(text) }})
	}
	p.results.Show(list)
	rows.Arrange(p.right)
}

// nothingYet says why there is no artefact: nobody asked for one, or no target takes
// the model.
func (p *Panel) nothingYet() string {
	targets := p.targetsNow()
	if p.needs.Model() != nil && !anyEnabled(targets) {
		_, reason := startText(targets, p.picked)
		return "No target takes this model: " + reason
	}
	return "No artefact yet. Pick targets and press Convert: each is verified against the source on its own runtime."
}

// cardState is all that an artefact's card shows: a variant that changes is
// another one.
func (p *Panel) cardState(v *project.Variant) string {
	return fmt.Sprintf("%p %s %t", v, artefactText(v, p.needs.RuntimeTitle), theme.Dark())
}

func (p *Panel) card(v *project.Variant) fyne.CanvasObject {
	name := widget.NewLabel(v.Title)
	name.TextStyle.Bold, name.Truncation = true, fyne.TextTruncateEllipsis
	save := hint.NewButton("Save a copy…", base.DocumentSaveIcon(), "Copies the artefact's files into a folder", func() { p.saveCopy(v) })
	if !v.Usable() {
		save.Because("it does not compute what the source computes")
	}
	more := hint.NewButton("Details", nil, "Files, passes and findings", func() { p.env.Window.Report(v.Title, details(v)) })
	rename := hint.NewIcon(base.DocumentCreateIcon(), "Rename", func() {
		p.env.Window.Ask("Rename "+v.Title, "Charts, tables and the report use this name.", v.Title, "Rename", func(title string) {
			p.try("Cannot rename", p.needs.RenameVariant(v.ID, title))
		})
	})
	remove := hint.NewIcon(base.DeleteIcon(), "Delete "+v.Title, func() {
		p.env.Window.Confirm("Delete "+v.Title+"?", "The artefact is removed, and what was measured of it.", "Delete", func() {
			p.try("Cannot delete", p.needs.DeleteVariant(v.ID))
		})
	})
	head := container.NewBorder(nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 6, 0), badge.Of(v)), container.NewHBox(save, more, rename, remove), name)
	return container.NewVBox(head, container.New(layout.NewCustomPaddedLayout(-6, 0, 0, 0), words.Caption(artefactText(v, p.needs.RuntimeTitle))), widget.NewSeparator())
}

func (p *Panel) try(title string, err error) {
	if err != nil {
		p.env.Window.Report(title, diag.FromError("variant.failed", err))
	}
}

// saveCopy copies an artefact to where the person wants it, off the UI
// goroutine: it may be gigabytes.
func (p *Panel) saveCopy(v *project.Variant) {
	p.env.Window.OpenFolder("Where to copy "+v.Title, func(dir string) {
		go func() {
			to, err := p.needs.CopyVariant(context.Background(), v.ID, dir)
			if err != nil {
				p.try("Cannot copy", err)
				return
			}
			p.env.Window.Notify("copied to " + to)
		}()
	})
}

// details are what is known of an artefact, as findings.
func details(v *project.Variant) diag.List {
	f := diag.List{diag.Infof("artefact.file", "%s", v.Path)}
	if v.Result == nil {
		return f
	}
	var fired []string
	for _, r := range v.Result.Passes {
		if r.Fired > 0 {
			fired = append(fired, fmt.Sprintf("%s %d×", r.Name, r.Fired))
		}
	}
	if len(fired) > 0 {
		f = append(f, diag.Infof("artefact.passes", "passes: %s", strings.Join(fired, ", ")))
	}
	return append(f, v.Result.Findings...)
}

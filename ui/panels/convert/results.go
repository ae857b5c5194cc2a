package convert

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/ui/widgets/badge"
)

func (p *Panel) reloadResults() {
	var cards []fyne.CanvasObject
	for _, v := range slices.Backward(p.needs.Variants()) {
		if v.ID != 0 {
			cards = append(cards, p.card(v))
		}
	}
	if len(cards) == 0 {
		cards = append(cards, caption("No artefact yet. Pick targets and press Convert: each is verified against the source on its own runtime."))
	}
	p.results.Objects = cards
	p.results.Refresh()
}

func (p *Panel) card(v *project.Variant) fyne.CanvasObject {
	name := widget.NewLabel(v.Title)
	name.TextStyle.Bold = true
	remove := widget.NewButtonWithIcon("", base.DeleteIcon(), func() {
		p.env.Window.Confirm("Delete "+v.Title+"?", "The artefact and its results are removed.", func() {
			if err := p.needs.DeleteVariant(v.ID); err != nil {
				p.env.Window.Report("Cannot delete", diag.FromError("variant.delete", err))
			}
		})
	})
	remove.Importance = widget.LowImportance
	more := widget.NewButton("Details", func() {
		f := diag.List{diag.Infof("artefact.file", "%s", v.Path)}
		if v.Result != nil {
			for _, r := range v.Result.Passes {
				if r.Fired > 0 {
					f = append(f, diag.Infof("artefact.pass", "%s: %d times", r.Name, r.Fired))
				}
			}
			f = append(f, v.Result.Findings...)
		}
		p.env.Window.Report(v.Title, f)
	})
	head := container.NewBorder(nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 6, 0), container.NewHBox(badge.Of(v), name)), container.NewHBox(more, remove))
	return container.NewVBox(head, container.New(layout.NewCustomPaddedLayout(-6, 0, 0, 0), caption(artefactText(v))), widget.NewSeparator())
}

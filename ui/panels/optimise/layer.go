package optimise

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/widgets/field"
	"slipway/ui/widgets/rows"
	"slipway/ui/widgets/words"
)

// layerBox is what can be set for the selected layer alone. Its fields live as
// long as the panel, so that a change leaves the keyboard where it is.
type layerBox struct {
	content *fyne.Container // empty where no layer is selected
	fields  *fyne.Container
	name    string // of the layer; "": none
	title   *widget.Label
	keep    *field.Check
	ratio   *field.Slider
	text    *widget.Label // what the slider says
	quiet   bool          // it is not a person who changes the fields
}

func (p *Panel) newLayer() *layerBox {
	l := &layerBox{title: widget.NewLabel(""), text: widget.NewLabel(ratioText(0))}
	l.title.Truncation = fyne.TextTruncateEllipsis
	l.keep = field.NewCheck("Keep in float when quantizing", func(on bool) {
		if l.quiet {
			return
		}
		r := p.needs.Recipe()
		KeepFloat(&r, l.name, on)
		p.try(p.needs.SetRecipe(r))
	})
	l.ratio = field.NewSlider(0, 0.95)
	l.ratio.Step = 0.05
	l.ratio.OnChanged = func(v float64) { l.text.SetText(ratioText(v)) }
	l.ratio.OnChangeEnded = func(v float64) {
		if l.quiet {
			return
		}
		r := p.needs.Recipe()
		PruneLayer(&r, l.name, v)
		p.try(p.needs.SetRecipe(r))
	}
	l.fields = container.NewVBox(words.Title("Selected layer"), l.title, l.keep, container.NewBorder(nil, nil, widget.NewLabel("Prune"), l.text, l.ratio))
	l.fields.Hide()
	l.content = container.NewStack(l.fields)
	return l
}

// reloadLayer offers what can be set for the selected layer alone.
func (p *Panel) reloadLayer() {
	name, l := p.env.Selection.Get(), p.layer
	if name == "" || strings.HasPrefix(name, ":") || p.needs.Model() == nil {
		l.name = ""
		l.fields.Hide()
		rows.Arrange(p.right)
		return
	}
	l.quiet = true
	l.name = name
	l.title.SetText(name)
	l.keep.SetChecked(slices.Contains(p.recipe.Quantize.KeepFloat, name))
	l.ratio.SetValue(p.recipe.Prune.Layers[name])
	l.text.SetText(ratioText(l.ratio.Value))
	l.quiet = false
	l.fields.Show()
	l.content.Refresh()
	rows.Arrange(p.right)
}

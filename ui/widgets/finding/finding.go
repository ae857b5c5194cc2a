package finding

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/ui/theme"
)

// Row draws one finding.
func Row(f *diag.Finding) fyne.CanvasObject {
	name := theme.ColorMuted
	switch f.Severity {
	case diag.Error:
		name = theme.ColorMismatch
	case diag.Warning:
		name = theme.ColorDrift
	}
	bar := canvas.NewRectangle(theme.Current(name))
	bar.CornerRadius = 2
	bar.SetMinSize(fyne.NewSize(4, 10))
	box := container.New(layout.NewCustomPaddedVBoxLayout(-8))
	add := func(text string, style fyne.TextStyle, importance widget.Importance, size fyne.ThemeSizeName) {
		l := widget.NewLabel(text)
		l.Wrapping, l.TextStyle, l.Importance, l.SizeName = fyne.TextWrapWord, style, importance, size
		box.Add(l)
	}
	w := f.Where()
	// A remark with nothing below it is no heading.
	add(f.Text, fyne.TextStyle{Bold: f.Severity != diag.Info || w != "" || f.Suggestion != ""}, widget.MediumImportance, base.SizeNameText)
	if w != "" {
		add(w, fyne.TextStyle{}, widget.LowImportance, base.SizeNameCaptionText)
	}
	if f.Suggestion != "" {
		add("→ "+f.Suggestion, fyne.TextStyle{}, widget.MediumImportance, base.SizeNameText)
	}
	return container.New(layout.NewCustomPaddedLayout(2, 2, 0, 0), container.NewBorder(nil, nil, bar, nil, box))
}

// Brief is a long text without its advice in brackets and what follows: for
// places where the details are one click away.
func Brief(text string) string {
	const long = 80
	if i := strings.Index(text, " ("); i > 0 && len(text) > long {
		return text[:i]
	}
	return text
}

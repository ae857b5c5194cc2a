package badge

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"slipway/project"
	"slipway/ui/theme"
)

// Of is the badge of an artefact: its verdict. The source has none.
func Of(v *project.Variant) fyne.CanvasObject {
	text := v.Verdict()
	if text == "" {
		return layout.NewSpacer()
	}
	c := theme.Current(theme.ColorMuted)
	switch v.Result.Verify.Verdict {
	case "match":
		c = theme.Current(theme.ColorMatch)
	case "drift":
		c = theme.Current(theme.ColorDrift)
	case "mismatch":
		c = theme.Current(theme.ColorMismatch)
	}
	bg := canvas.NewRectangle(c)
	bg.CornerRadius = 8
	t := canvas.NewText(text, color.White)
	if theme.Dark() {
		t.Color = color.Black
	}
	t.TextSize, t.TextStyle.Bold = 11, true
	return container.NewCenter(container.NewStack(bg, container.New(layout.NewCustomPaddedLayout(1, 1, 8, 8), t)))
}

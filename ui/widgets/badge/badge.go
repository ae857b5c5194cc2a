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

// Of is the badge of a variant: its verdict, or "source".
func Of(v *project.Variant) fyne.CanvasObject {
	text, c := "source", theme.Current(theme.ColorMuted)
	if v.Result != nil && v.Result.Verify != nil {
		text = v.Result.Verify.Verdict
		switch text {
		case "match":
			c = theme.Current(theme.ColorMatch)
		case "drift":
			c = theme.Current(theme.ColorDrift)
		case "mismatch":
			c = theme.Current(theme.ColorMismatch)
		}
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

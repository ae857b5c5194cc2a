package words

import (
	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Title is a heading within a panel.
func Title(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.TextStyle.Bold, l.SizeName = true, base.SizeNameSubHeadingText
	return l
}

// Caption is a small grey text that wraps.
func Caption(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.SizeName, l.Importance, l.Wrapping = base.SizeNameCaptionText, widget.LowImportance, fyne.TextWrapWord
	return l
}

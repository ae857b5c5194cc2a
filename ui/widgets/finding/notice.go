package finding

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/ui/panel"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/words"
)

// Notice is a finding in the midst of a page with a button for its cure, gone
// where there is none to say. Use it on the UI goroutine only.
type Notice struct {
	Content *fyne.Container
	Button  *hint.Button
	text    *widget.Label
	beside  *widget.Label
	act     *fyne.Container
	cure    *panel.Cure
}

// NewNotice makes one that says nothing; beside stands next to the button.
func NewNotice(beside string) *Notice {
	n := &Notice{text: words.Caption(""), beside: words.Caption(beside)}
	n.text.Importance = widget.WarningImportance
	n.beside.Wrapping = fyne.TextWrapOff
	n.Button = hint.NewButton("", nil, "", func() {
		if n.cure != nil {
			n.cure.Do()
		}
	})
	n.act = container.NewHBox(n.Button, n.beside)
	n.Content = container.NewVBox(n.text, n.act)
	n.Content.Hide()
	return n
}

// Show says f with its cure c, which may be nil; a nil f hides all of it. It
// reports whether the place that it takes changed.
func (n *Notice) Show(f *diag.Finding, c *panel.Cure) bool {
	was, wasAct := n.Content.Visible(), n.act.Visible()
	if n.cure = c; c == nil {
		n.act.Hide()
	} else {
		n.Button.SetText(c.Title)
		n.Button.SetIcon(c.Icon)
		n.Button.SetHint(c.Hint)
		n.act.Show()
	}
	if f == nil {
		n.Content.Hide()
		return was
	}
	changed := !was || wasAct != n.act.Visible() || n.text.Text != f.Text
	if n.text.Text != f.Text {
		n.text.SetText(f.Text)
	}
	n.Content.Show()
	return changed
}

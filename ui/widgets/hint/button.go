package hint

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"slipway/ui/widgets/field"
)

// Button is a button with a hint. Use it on the UI goroutine only.
type Button struct {
	widget.Button
	hint   string
	reason string
}

var _ desktop.Hoverable = (*Button)(nil)

// NewButton makes a button. text may be "" where icon is not nil; hint, which
// may be "", says what the button does.
func NewButton(text string, icon fyne.Resource, hint string, tapped func()) *Button {
	b := &Button{hint: hint}
	b.Text, b.Icon = text, icon
	b.OnTapped = func() {
		Leave(b)
		tapped()
	}
	b.ExtendBaseWidget(b)
	return b
}

// NewIcon makes a flat button of an icon alone, which hint explains.
func NewIcon(icon fyne.Resource, hint string, tapped func()) *Button {
	b := NewButton("", icon, hint, tapped)
	b.Importance = widget.LowImportance
	return b
}

// Because greys the button and keeps the reason for the hint; "" makes it
// available again.
func (b *Button) Because(reason string) {
	if b.reason == reason && b.Disabled() == (reason != "") {
		return
	}
	b.reason = reason
	if reason == "" {
		b.Enable()
	} else {
		b.Disable()
	}
}

// Reason is why the button is grey, "" where it is not.
func (b *Button) Reason() string { return b.reason }

// Hint is what the button does, in words.
func (b *Button) Hint() string { return b.hint }

// SetHint changes what Hint says.
func (b *Button) SetHint(text string) { b.hint = text }

func (b *Button) says() string {
	switch {
	case b.reason == "":
		return b.hint
	case b.hint == "":
		return b.reason
	}
	return b.hint + " – " + b.reason
}

// TypedKey implements fyne.Focusable. Enter presses, as space does.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	switch {
	case field.Passed(b, e):
	case e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter:
		b.Button.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	default:
		b.Button.TypedKey(e)
	}
}

// MouseIn implements desktop.Hoverable.
func (b *Button) MouseIn(e *desktop.MouseEvent) {
	b.Button.MouseIn(e)
	Enter(b, b.says())
}

// MouseOut implements desktop.Hoverable.
func (b *Button) MouseOut() {
	b.Button.MouseOut()
	Leave(b)
}

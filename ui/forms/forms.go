// Package forms draws settings declared as tagged structs (package options): a
// check, a choice, a slider or an entry for each field, with its help below and
// the reason where a value is refused. A new pass or target needs no form code.
package forms

import (
	"fmt"
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/options"
	"slipway/ui/widgets/field"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/words"
)

// Form shows the fields of one struct. Use it on the UI goroutine only.
type Form struct {
	Content  *fyne.Container
	OnChange func() // after a value was changed by a person

	fields []options.Field
	rows   []*row
	quiet  bool // while the form itself changes widgets
	more   *fyne.Container
	fold   *hint.Button
}

type row struct {
	field *options.Field
	box   *fyne.Container
	note  *widget.Label
	show  func() // copies the field's value into the widget
}

// Choose asks for a folder; forms use it for settings that name one.
type Choose func(title string, done func(path string))

// New draws all fields of the struct ptr points to, except those whose keys
// skip reports. folder, where not nil, is offered for keys that are folders.
func New(ptr any, skip func(key string) bool, folder Choose, folders ...string) *Form {
	f := &Form{fields: options.Of(ptr), Content: container.NewVBox(), more: container.NewVBox()}
	f.fold = hint.NewButton("More settings", base.MenuExpandIcon(), "What few models need", f.toggle)
	f.fold.Importance = widget.LowImportance
	f.more.Hide()
	isFolder := map[string]bool{}
	for _, k := range folders {
		isFolder[k] = true
	}
	for i := range f.fields {
		fd := &f.fields[i]
		if skip != nil && skip(fd.Key) {
			continue
		}
		r := f.row(fd, folder, isFolder[fd.Key])
		f.rows = append(f.rows, r)
		if fd.More {
			f.more.Add(r.box)
		} else {
			f.Content.Add(r.box)
		}
	}
	if len(f.more.Objects) > 0 {
		f.Content.Add(container.NewHBox(f.fold))
		f.Content.Add(f.more)
	}
	f.Refresh()
	return f
}

// toggle shows or hides what stands below More settings.
func (f *Form) toggle() {
	if f.more.Visible() {
		f.more.Hide()
		f.fold.SetIcon(base.MenuExpandIcon())
	} else {
		f.more.Show()
		f.fold.SetIcon(base.MenuDropDownIcon())
	}
	f.Content.Refresh()
}

// Refresh shows the struct's present values, for example after an undo.
func (f *Form) Refresh() {
	f.quiet = true
	for _, r := range f.rows {
		r.show()
		r.note.SetText(r.field.Help)
		r.note.Importance = widget.LowImportance
		if r.field.Help == "" {
			r.note.Hide()
		}
		if options.Visible(f.fields, r.field) {
			r.box.Show()
		} else {
			r.box.Hide()
		}
	}
	f.quiet = false
	f.Content.Refresh()
}

// set stores a value that a person gave, or says why it cannot be.
func (f *Form) set(r *row, value string) {
	if f.quiet || r.field.Get() == value {
		return
	}
	if err := r.field.Set(value); err != nil {
		r.note.Importance = widget.DangerImportance
		r.note.Show()
		r.note.SetText(err.Error())
		return
	}
	f.Refresh()
	if f.OnChange != nil {
		f.OnChange()
	}
}

func (f *Form) row(fd *options.Field, folder Choose, isFolder bool) *row {
	r := &row{field: fd, note: words.Caption(fd.Help)}
	name := fd.Title
	if fd.Unit != "" {
		name += " (" + fd.Unit + ")"
	}
	title := widget.NewLabel(name)
	title.TextStyle.Bold = true
	var input fyne.CanvasObject
	switch fd.Kind {
	case options.Bool:
		c := field.NewCheck(name, func(on bool) { f.set(r, strconv.FormatBool(on)) })
		r.show = func() { c.SetChecked(fd.Get() == "true") }
		r.box = container.New(layout.NewCustomPaddedVBoxLayout(-3), c, r.note)
		return r
	case options.Choice:
		if len(fd.Choices) <= 4 {
			c := widget.NewRadioGroup(fd.Choices, func(v string) {
				if v != "" {
					f.set(r, v)
				}
			})
			c.Horizontal, c.Required = true, true
			r.show = func() { c.SetSelected(fd.Get()) }
			input = c
			break
		}
		c := field.NewSelect(fd.Choices, func(v string) { f.set(r, v) })
		r.show = func() { c.SetSelected(fd.Get()) }
		input = c
	case options.Float:
		if fd.Max > fd.Min {
			input = f.slider(r, fd)
			break
		}
		input = f.entry(r, fd, nil)
	default:
		var pick Choose
		if isFolder {
			pick = folder
		}
		input = f.entry(r, fd, pick)
	}
	r.box = container.New(layout.NewCustomPaddedVBoxLayout(-3), title, input, r.note)
	return r
}

// slider answers at once: the number follows the knob, the change is made when
// it is let go.
func (f *Form) slider(r *row, fd *options.Field) fyne.CanvasObject {
	s := field.NewSlider(fd.Min, fd.Max)
	s.Step = fd.Step
	if s.Step == 0 {
		s.Step = (fd.Max - fd.Min) / 100
	}
	value := widget.NewLabel("")
	value.TextStyle.Monospace = true
	print := func(v float64) string { return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'g', -1, 64) }
	s.OnChanged = func(v float64) { value.SetText(print(v)) }
	s.OnChangeEnded = func(v float64) { f.set(r, print(v)) }
	r.show = func() {
		if v, err := strconv.ParseFloat(fd.Get(), 64); err == nil {
			s.SetValue(v)
			value.SetText(print(v))
		}
	}
	box := container.New(layout.NewGridWrapLayout(fyne.NewSize(64, 32)), value)
	return container.NewBorder(nil, nil, nil, box, s)
}

func (f *Form) entry(r *row, fd *options.Field, pick Choose) fyne.CanvasObject {
	e := field.NewEntry()
	switch fd.Kind {
	case options.List:
		e.SetPlaceHolder("none")
	case options.Ratios:
		e.SetPlaceHolder("layer=0.5, other=0.2")
	}
	e.OnSubmitted = func(v string) { f.set(r, v) }
	e.OnChanged = func(v string) {
		if f.quiet {
			return
		}
		// Numbers are taken as they are typed; text waits for Enter or for focus
		// to leave, since a half-written path or list is no value.
		if fd.Kind == options.Int && v != "" {
			f.set(r, v)
		}
	}
	r.show = func() {
		if e.Text != fd.Get() {
			e.SetText(fd.Get())
		}
	}
	apply := hint.NewIcon(base.ConfirmIcon(), "Apply (Enter)", func() { f.set(r, e.Text) })
	right := container.NewHBox(apply)
	if pick != nil {
		right.Add(hint.NewIcon(base.FolderOpenIcon(), "Choose a folder…", func() {
			pick(fmt.Sprintf("Choose: %s", fd.Title), func(p string) { f.set(r, p) })
		}))
	}
	if fd.Kind == options.Int {
		return e
	}
	return container.NewBorder(nil, nil, nil, right, e)
}

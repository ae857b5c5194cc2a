package ui

import (
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/ui/dialogs"
	"slipway/ui/panel"
	"slipway/ui/theme"
)

// host is the window as panels see it.
type host struct{ u *UI }

var _ panel.Window = (*host)(nil)

func (h *host) Show(id string)     { fyne.Do(func() { h.u.show(id) }) }
func (h *host) Notify(text string) { h.u.notice.say(text) }
func (h *host) Fyne() fyne.Window  { return h.u.win }

func (h *host) OpenFile(title, kind string, extensions []string, done func(string)) {
	h.ask(dialogs.Request{Kind: "open", Title: title, Filter: kind, Extensions: extensions}, done)
}

func (h *host) OpenFolder(title string, done func(string)) {
	h.ask(dialogs.Request{Kind: "folder", Title: title}, done)
}

func (h *host) SaveFile(title, name string, extensions []string, done func(string)) {
	h.ask(dialogs.Request{Kind: "save", Title: title, Name: name, Extensions: extensions}, done)
}

// ask tries the system's dialog and falls back to the toolkit's.
func (h *host) ask(r dialogs.Request, done func(string)) {
	go func() {
		p, err := h.u.native.Ask(h.u.ctx, r)
		switch {
		case err == nil:
			fyne.Do(func() { done(p) })
		case errors.Is(err, dialogs.ErrCancelled):
		default:
			fyne.Do(func() { h.fallback(r, done) })
		}
	}()
}

func (h *host) fallback(r dialogs.Request, done func(string)) {
	size := h.u.win.Canvas().Size()
	size = fyne.NewSize(size.Width*0.8, size.Height*0.8)
	switch r.Kind {
	case "folder":
		d := dialog.NewFolderOpen(func(l fyne.ListableURI, err error) {
			if err == nil && l != nil {
				done(l.Path())
			}
		}, h.u.win)
		d.Resize(size)
		d.Show()
	case "save":
		d := dialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
			if err == nil && w != nil {
				p := w.URI().Path()
				w.Close()
				done(p)
			}
		}, h.u.win)
		d.SetFileName(r.Name)
		d.Resize(size)
		d.Show()
	default:
		d := dialog.NewFileOpen(func(rc fyne.URIReadCloser, err error) {
			if err == nil && rc != nil {
				p := rc.URI().Path()
				rc.Close()
				done(p)
			}
		}, h.u.win)
		if len(r.Extensions) > 0 {
			var ext []string
			for _, e := range r.Extensions {
				ext = append(ext, "."+e)
			}
			d.SetFilter(storage.NewExtensionFileFilter(ext))
		}
		d.Resize(size)
		d.Show()
	}
}

func (h *host) Confirm(title, question string, yes func()) {
	fyne.Do(func() {
		dialog.ShowConfirm(title, question, func(ok bool) {
			if ok {
				yes()
			}
		}, h.u.win)
	})
}

// Report shows findings, each with its layer and its cure, and can copy them.
func (h *host) Report(title string, findings diag.List) {
	fyne.Do(func() {
		rows := container.NewVBox()
		for _, f := range findings {
			rows.Add(FindingRow(f))
		}
		scroll := container.NewVScroll(rows)
		copyAll := widget.NewButtonWithIcon("Copy details", base.ContentCopyIcon(), func() {
			h.u.o.App.Clipboard().SetContent(Details(title, findings))
			h.u.notice.say("copied")
		})
		d := dialog.NewCustomWithoutButtons(title, container.NewPadded(scroll), h.u.win)
		closeIt := widget.NewButton("Close", d.Hide)
		closeIt.Importance = widget.HighImportance
		d.SetButtons([]fyne.CanvasObject{copyAll, closeIt})
		size := h.u.win.Canvas().Size()
		d.Resize(fyne.NewSize(min(720, size.Width*0.9), min(150+90*float32(len(findings)), size.Height*0.8)))
		d.Show()
	})
}

// Details are findings as plain text, whole: for reports of errors and notes.
func Details(title string, findings diag.List) string {
	var b strings.Builder
	b.WriteString(title + "\n")
	for _, f := range findings {
		fmt.Fprintf(&b, "\n%s [%s] %s\n", f.Severity, f.Code, f.Error())
		for _, l := range f.Layers {
			fmt.Fprintf(&b, "  layer %s\n", l)
		}
		if f.Suggestion != "" && !strings.Contains(f.Error(), f.Suggestion) {
			fmt.Fprintf(&b, "  %s\n", f.Suggestion)
		}
	}
	return b.String()
}

// FindingRow draws one finding: severity as a colour bar, where, what, cure.
func FindingRow(f *diag.Finding) fyne.CanvasObject {
	name := theme.ColorMuted
	switch f.Severity {
	case diag.Error:
		name = theme.ColorMismatch
	case diag.Warning:
		name = theme.ColorDrift
	}
	bar := canvas.NewRectangle(theme.Current(name))
	bar.SetMinSize(fyne.NewSize(4, 10))
	var where []string
	if f.File != "" {
		where = append(where, f.File)
	}
	if f.Layer != "" {
		where = append(where, "layer "+f.Layer)
	}
	if n := len(f.Layers); n > 0 {
		l := f.Layers[:min(n, 6)]
		s := "layers " + strings.Join(l, ", ")
		if n > len(l) {
			s += ", …"
		}
		where = append(where, s)
	}
	box := container.NewVBox()
	add := func(text string, style fyne.TextStyle, importance widget.Importance) {
		l := widget.NewLabel(text)
		l.Wrapping, l.TextStyle, l.Importance = fyne.TextWrapWord, style, importance
		box.Add(l)
	}
	add(f.Text, fyne.TextStyle{Bold: true}, widget.MediumImportance)
	if len(where) > 0 {
		add(strings.Join(where, " · "), fyne.TextStyle{}, widget.LowImportance)
	}
	if f.Suggestion != "" {
		add("→ "+f.Suggestion, fyne.TextStyle{}, widget.MediumImportance)
	}
	return container.NewBorder(nil, nil, bar, nil, box)
}

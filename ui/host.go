package ui

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/storage"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/ui/dialogs"
	"slipway/ui/panel"
	"slipway/ui/widgets/field"
	"slipway/ui/widgets/finding"
	"slipway/ui/widgets/hint"
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
			fyne.Do(func() { h.chosen(r, p, done) })
		case errors.Is(err, dialogs.ErrCancelled):
		default:
			fyne.Do(func() { h.fallback(r, done) })
		}
	}()
}

// chosen hands a path on. A file that got its extension here, after the dialog
// looked, is not replaced without a question.
func (h *host) chosen(r dialogs.Request, path string, done func(string)) {
	named := r.Named(path)
	if _, err := os.Lstat(named); named == path || err != nil {
		done(named)
		return
	}
	h.Confirm("Replace "+filepath.Base(named)+"?", "A file of this name is there already.", "Replace", func() { done(named) })
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
				if r.Named(p) != p {
					_ = os.Remove(p) // the dialog made it, empty
				}
				h.chosen(r, p, done)
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

func (h *host) Confirm(title, question, verb string, yes func()) {
	fyne.Do(func() {
		l := widget.NewLabel(question)
		l.Wrapping = fyne.TextWrapWord
		d := dialog.NewCustomConfirm(title, verb, "Cancel", l, func(ok bool) {
			if ok {
				yes()
			}
		}, h.u.win)
		d.SetConfirmImportance(widget.DangerImportance)
		d.Resize(fyne.NewSize(420, d.MinSize().Height))
		d.Show()
	})
}

func (h *host) Ask(title, label, value, verb string, done func(string)) {
	fyne.Do(func() {
		e := field.NewEntry()
		e.SetText(value)
		var d *dialog.CustomDialog
		give := func() {
			d.Hide()
			if t := strings.TrimSpace(e.Text); t != "" && t != value {
				done(t)
			}
		}
		e.OnSubmitted = func(string) { give() }
		l := widget.NewLabel(label)
		l.Importance = widget.LowImportance
		d = dialog.NewCustomWithoutButtons(title, container.NewVBox(e, l), h.u.win)
		ok := hint.NewButton(verb, nil, "", give)
		ok.Importance = widget.HighImportance
		d.SetButtons([]fyne.CanvasObject{hint.NewButton("Cancel", nil, "", d.Hide), ok})
		d.Resize(fyne.NewSize(460, d.MinSize().Height))
		d.Show()
		h.u.win.Canvas().Focus(e)
		e.TypedShortcut(&fyne.ShortcutSelectAll{})
	})
}

// shownAtOnce bounds the findings that a dialog draws.
const shownAtOnce = 100

// Report shows findings, the worst first, each with its layers and its cure, and
// can copy them.
func (h *host) Report(title string, findings diag.List) {
	findings = slices.Clone(findings)
	slices.SortStableFunc(findings, func(a, b *diag.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	fyne.Do(func() {
		rows := container.NewVBox()
		var d *dialog.CustomDialog
		cured := false // what can be done is offered once
		for _, f := range findings[:min(shownAtOnce, len(findings))] {
			row := finding.Row(f)
			if c := h.u.cure(f, findings); c != nil && !cured {
				cured = true
				b := hint.NewButton(c.Title, c.Icon, c.Hint, func() { d.Hide(); c.Do() })
				row = container.NewVBox(row, container.New(layout.NewCustomPaddedLayout(0, 6, 10, 0), container.NewHBox(b)))
			}
			rows.Add(row)
		}
		if n := len(findings) - shownAtOnce; n > 0 {
			rows.Add(widget.NewLabel(fmt.Sprintf("and %d more: Copy details has all of them", n)))
		}
		scroll := container.NewVScroll(rows)
		copyAll := hint.NewButton("Copy details", base.ContentCopyIcon(), "", func() {
			h.u.o.App.Clipboard().SetContent(Details(title, findings))
			h.u.notice.say("copied")
		})
		d = dialog.NewCustomWithoutButtons(title, container.NewPadded(scroll), h.u.win)
		closeIt := hint.NewButton("Close", nil, "", d.Hide)
		closeIt.Importance = widget.HighImportance
		d.SetButtons([]fyne.CanvasObject{copyAll, closeIt})
		size := h.u.win.Canvas().Size()
		width := min(720, size.Width*0.9)
		rows.Resize(fyne.NewSize(width-32, 10)) // so that it knows how high its wrapped lines are
		d.Resize(fyne.NewSize(width, min(rows.MinSize().Height+126, size.Height*0.85)))
		d.Show()
		h.u.win.Canvas().Focus(closeIt) // Enter and Escape close it
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

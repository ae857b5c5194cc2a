package graph

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"slipway/project/atomicfile"
	"slipway/project/settings"
	"slipway/ui/panel"
)

var _ panel.Commander = (*Panel)(nil)

// Commands are those of the menu Graph.
func (p *Panel) Commands() []panel.Command {
	ctrl, shift, alt := fyne.KeyModifierShortcutDefault, fyne.KeyModifierShift, fyne.KeyModifierAlt
	key := func(k fyne.KeyName, m fyne.KeyModifier) fyne.Shortcut {
		return &desktop.CustomShortcut{KeyName: k, Modifier: m}
	}
	c := []panel.Command{
		{Title: "Find a layer", Key: key(fyne.KeyF, ctrl), Do: func() {
			p.env.Window.Fyne().Canvas().Focus(p.search)
			p.search.TypedShortcut(&fyne.ShortcutSelectAll{})
		}},
		{Title: "Next result", Key: key(fyne.KeyG, ctrl), Do: func() { p.next(1) }},
		{Title: "Previous result", Key: key(fyne.KeyG, ctrl|shift), Do: func() { p.next(-1) }},
		{Title: "Zoom in", Key: key(fyne.KeyEqual, ctrl), Also: []fyne.Shortcut{key(fyne.KeyEqual, ctrl|shift), key(fyne.KeyPlus, ctrl), key(fyne.KeyPlus, ctrl|shift)}, Do: p.view.ZoomIn},
		{Title: "Zoom out", Key: key(fyne.KeyMinus, ctrl), Do: p.view.ZoomOut},
		{Title: "Actual size", Key: key(fyne.Key0, ctrl), Do: p.view.ActualSize},
		{Title: "Fit the window (Space or F)", Do: p.view.Fit},
		{Title: "Turn: downwards or to the right", Key: key(fyne.KeyK, ctrl), Do: p.turn},
		{Title: "Wheel: zoom or scroll", Key: key(fyne.KeyM, ctrl), Do: p.wheel},
		{Title: "Model properties", Key: key(fyne.KeyReturn, ctrl), Also: []fyne.Shortcut{key(fyne.KeyEnter, ctrl)}, Do: func() { p.env.Selection.Set("") }},
		{Title: "Export as PNG…", Key: key(fyne.KeyE, ctrl|shift), Do: func() { p.export("png") }},
		{Title: "Export as SVG…", Key: key(fyne.KeyE, ctrl|alt), Do: func() { p.export("svg") }},
	}
	for i := range c {
		c[i].Menu, c[i].Panel, c[i].Why = "Graph", "graph", p.why
	}
	return c
}

// why says why there is nothing to act on, "" where there is.
func (p *Panel) why() string {
	if p.needs.Model() == nil {
		return "open a model first"
	}
	return ""
}

func (p *Panel) wheel() {
	p.view.WheelScrolls = !p.view.WheelScrolls
	on := p.view.WheelScrolls
	text := "the wheel zooms"
	if on {
		text = "the wheel scrolls"
	}
	p.env.Window.Notify(text)
	p.keep(func(s *settings.Settings) { s.WheelPans = on })
}

// export writes the whole graph as a picture, off the UI goroutine.
func (p *Panel) export(kind string) {
	painter, m := p.view.Painter(), p.shown
	if painter == nil || m == nil {
		p.env.Window.Notify("there is no graph to export")
		return
	}
	other := map[string]string{"svg": "png", "png": "svg"}[kind]
	p.env.Window.SaveFile("Export the graph", m.Name+"."+kind, []string{kind, other}, func(path string) {
		marks := p.view.Marks()
		p.start(func() {
			err := atomicfile.WriteFrom(path, func(w io.Writer) error {
				if strings.EqualFold(filepath.Ext(path), ".png") {
					return painter.WritePNG(context.Background(), w, 1, marks)
				}
				return painter.WriteSVG(context.Background(), w, marks)
			})
			if err != nil {
				p.env.Window.Report("Cannot export the graph", atomicfile.Findings("graph.export", filepath.Base(path), filepath.Dir(path), err))
				return
			}
			p.env.Window.Notify("written: " + filepath.Base(path))
		})
	})
}

// searchEntry hands keys that are none of its own on, and gives the keyboard to
// the graph on Escape.
type searchEntry struct {
	widget.Entry
	back  fyne.Focusable
	other func(*fyne.KeyEvent)
}

func newSearchEntry(back fyne.Focusable, other func(*fyne.KeyEvent)) *searchEntry {
	e := &searchEntry{back: back, other: other}
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *searchEntry) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyEscape:
		e.SetText("")
		if c := fyne.CurrentApp().Driver().CanvasForObject(e); c != nil {
			c.Focus(e.back)
		}
	case fyne.KeyF5, fyne.KeyF11:
		e.other(k)
	default:
		e.Entry.TypedKey(k)
	}
}

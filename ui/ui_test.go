package ui

import (
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/project/settings"
	"slipway/ui/panel"
)

// page is a panel that only counts.
type page struct {
	id    string
	label *widget.Label
	shown int
	done  int
	why   string
}

func (p *page) ID() string                 { return p.id }
func (p *page) Title() string              { return p.id }
func (p *page) Icon() fyne.Resource        { return base.HomeIcon() }
func (p *page) Content() fyne.CanvasObject { return p.label }
func (p *page) Shown()                     { p.shown++ }
func (p *page) Commands() []panel.Command {
	return []panel.Command{{Menu: "Run", Title: "act on " + p.id, Panel: p.id, Do: func() { p.done++ }, Why: func() string { return p.why }}}
}

func newUI(t *testing.T) (*UI, []*page) {
	t.Helper()
	return newUIWith(t, project.Env{})
}

// newUIWith is newUI over an application of its own.
func newUIWith(t *testing.T, env project.Env) (*UI, []*page) {
	t.Helper()
	app := test.NewApp()
	set, err := settings.Open(filepath.Join(t.TempDir(), "settings.json"))
	if err != nil {
		t.Fatal(err)
	}
	if env.DataDir == "" {
		env.DataDir = t.TempDir()
	}
	studio := project.New(env)
	t.Cleanup(func() { studio.Close() })
	pages := []*page{}
	for _, id := range []string{"start", "graph", "test", "compare", "convert"} {
		pages = append(pages, &page{id: id, label: widget.NewLabel(id)})
	}
	u := New(Options{App: app, Studio: studio, Settings: set, Version: "1", Panels: func(panel.Env) []panel.Panel {
		var out []panel.Panel
		for _, p := range pages {
			out = append(out, p)
		}
		return out
	}})
	return u, pages
}

func TestPagesComeToFrontOneAtATime(t *testing.T) {
	u, pages := newUI(t)
	u.show("test")
	if u.Front() != "test" || pages[2].shown != 1 || !pages[2].label.Visible() || pages[0].label.Visible() {
		t.Errorf("front %s, shown %d", u.Front(), pages[2].shown)
	}
}

// TestRailByKeyboardAndByMouse: Space brings a panel to front and leaves the
// keyboard on the rail; a click leaves it to the panel.
func TestRailByKeyboardAndByMouse(t *testing.T) {
	u, _ := newUI(t)
	b := u.buttons["test"]
	u.win.Canvas().Focus(b)
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if u.Front() != "test" || u.win.Canvas().Focused() != fyne.Focusable(b) {
		t.Errorf("Space: front %s, focused %v", u.Front(), u.win.Canvas().Focused())
	}
	b = u.buttons["graph"]
	u.win.Canvas().Focus(b)
	test.Tap(b)
	if u.Front() != "graph" || u.win.Canvas().Focused() != nil {
		t.Errorf("a click: front %s, focused %v", u.Front(), u.win.Canvas().Focused())
	}
}

func TestCommandsComeWithTheirPanelOrSayWhyNot(t *testing.T) {
	u, pages := newUI(t)
	find := func(title string) *entry {
		for _, e := range u.entries {
			if e.title == title {
				return e
			}
		}
		t.Fatalf("no entry %q", title)
		return nil
	}
	e := find("act on compare")
	e.item.Action()
	if pages[3].done != 1 || u.Front() != "compare" {
		t.Errorf("done %d, front %s", pages[3].done, u.Front())
	}
	pages[3].why = "nothing is there"
	u.menuChanged()
	e.item.Action() // a key reaches a greyed item too
	if pages[3].done != 1 || !e.item.Disabled || e.item.Label != "act on compare  –  nothing is there" {
		t.Errorf("done %d, disabled %t, %q", pages[3].done, e.item.Disabled, e.item.Label)
	}
	if r := find("Reload (F5)"); !r.item.Disabled {
		t.Error("reload without a model is not greyed")
	}
}

func TestDropsWithoutAModelSaySo(t *testing.T) {
	u, pages := newUI(t)
	dir := t.TempDir()
	picture := filepath.Join(dir, "a.jpg")
	if err := os.WriteFile(picture, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]string{
		"open a model first: pictures are tested on it": picture, "open a model first: a dataset measures it": dir,
		"nothing that can be opened was dropped": filepath.Join(dir, "gone.png"),
	} {
		u.HandleDrop(fyne.NewPos(0, 0), []string{p})
		if got := u.notice.label.Text; got != want {
			t.Errorf("%s: %q, not %q", p, got, want)
		}
	}
	if pages[2].shown+pages[3].shown != 0 {
		t.Error("a refused drop changed the page")
	}
}

// TestEscapeAndEnterCloseADialog: neither may reach what lies behind it.
func TestEscapeAndEnterCloseADialog(t *testing.T) {
	u, _ := newUI(t)
	c := u.Window().Canvas()
	for _, k := range []fyne.KeyName{fyne.KeyEscape, fyne.KeyReturn} {
		u.env.Window.Report("What it would do", diag.List{diag.Infof("a", "nothing")})
		if c.Overlays().Top() == nil || c.Focused() == nil {
			t.Fatalf("%s: there is no dialog with the focus", k)
		}
		c.Focused().TypedKey(&fyne.KeyEvent{Name: k})
		if c.Overlays().Top() != nil {
			t.Errorf("%s leaves the dialog open", k)
		}
	}
}

// TestThePageInFrontFollowsTheTheme: what it draws in colours of its own is
// drawn again.
func TestThePageInFrontFollowsTheTheme(t *testing.T) {
	u, pages := newUI(t)
	u.show("graph")
	shown := pages[1].shown
	for _, mode := range []string{"dark", "light"} {
		u.setTheme(mode)
	}
	if pages[1].shown < shown+2 || pages[0].shown > 1 {
		t.Errorf("shown %d times more, the page behind it %d", pages[1].shown-shown, pages[0].shown)
	}
}

package ui

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/project/settings"
	"slipway/ui/dialogs"
	"slipway/ui/panel"
	"slipway/ui/theme"
	"slipway/ui/widgets/hint"
)

// Title is the window's name when no model is open.
const Title = "Slipway"

// Options for New.
type Options struct {
	App      fyne.App
	Studio   *project.Studio
	Settings *settings.File
	Version  string
	// LookLater leaves looking at the runtimes until Drawn is called: a model is opened at once, and its graph shall not
	// wait for libraries being loaded beside it.
	LookLater bool
	// OnShow, where not nil, is told each panel that comes to front.
	OnShow func(id string)
	// Panels builds the panels, in the order of the rail; the first is shown when
	// no model is open.
	Panels func(panel.Env) []panel.Panel
}

// UI is the window.
type UI struct {
	o      Options
	win    fyne.Window
	env    panel.Env
	native *dialogs.Native

	panels  []panel.Panel
	buttons map[string]*railButton
	root    *fyne.Container
	stack   *fyne.Container
	front   string

	railBack *canvas.Rectangle
	dark     bool            // what is seen is drawn in dark colours
	stale    map[string]bool // panels that are not drawn in the colours of now
	status   *statusBar
	notice   *notice

	ctx  context.Context
	stop context.CancelFunc
	mu   sync.Mutex
	busy bool // a model is being opened

	look    sync.Once
	entries []*entry
	recent  *fyne.MenuItem
	modes   map[string]*fyne.MenuItem // of colours, by settings.Settings.Theme
	recents int                       // length of the recent list as the menu shows it
}

// New builds the window; Show makes it visible. Call on the UI goroutine.
func New(o Options) *UI {
	ctx, stop := context.WithCancel(context.Background())
	u := &UI{o: o, native: dialogs.NewNative(), buttons: map[string]*railButton{}, stale: map[string]bool{}, modes: map[string]*fyne.MenuItem{}, ctx: ctx, stop: stop}
	s := o.Settings.Get()
	o.App.Settings().SetTheme(theme.Theme{Mode: s.Theme})
	u.win = o.App.NewWindow(Title)
	u.win.SetPadded(false)
	size := fyne.NewSize(1280, 820)
	if s.Window[0] > 300 && s.Window[1] > 200 {
		size = fyne.NewSize(s.Window[0], s.Window[1])
	}
	u.win.Resize(size)
	u.env = panel.Env{Window: &host{u}, Selection: &panel.Selection{}, Cure: u.cure}
	u.panels = o.Panels(u.env)
	u.build()
	u.win.SetMainMenu(u.menu())
	u.menuChanged()
	u.win.Canvas().SetOnTypedKey(u.onKey)
	u.win.SetOnDropped(func(pos fyne.Position, uris []fyne.URI) {
		var paths []string
		for _, uri := range uris {
			paths = append(paths, uri.Path())
		}
		u.HandleDrop(pos, paths)
	})
	u.win.SetCloseIntercept(u.close)
	o.Studio.Listen(u.onEvent)
	return u
}

func (u *UI) build() {
	var rail []fyne.CanvasObject
	u.stack = container.NewStack()
	for i, p := range u.panels {
		b := newRailButton(p.Title(), p.Icon(), fmt.Sprintf("%s (Ctrl+%d)", p.Title(), i+1), func() { u.show(p.ID()) })
		u.buttons[p.ID()] = b
		rail = append(rail, b)
		c := p.Content()
		c.Hide()
		u.stack.Add(c)
	}
	u.status = newStatusBar(u)
	u.notice = newNotice()
	u.railBack = canvas.NewRectangle(theme.Current(theme.ColorRail))
	side := container.NewStack(u.railBack, container.NewPadded(container.NewVBox(rail...)))
	// Lines touch what they part: no padding around them.
	side = container.New(layout.NewCustomPaddedHBoxLayout(0), side, widget.NewSeparator())
	below := container.New(layout.NewCustomPaddedVBoxLayout(0), widget.NewSeparator(), u.status.content)
	body := container.New(&frame{}, side, below, u.stack)
	u.root = container.NewStack(body, u.notice.content, hint.NewLayer(u.win.Canvas()).Content)
	u.win.SetContent(u.root)
	u.show(u.panels[0].ID())
	u.followColours()
}

// frame lays out the rail at the left, the status below and the panels in what
// is left, without gaps.
type frame struct{}

func (frame) Layout(o []fyne.CanvasObject, s fyne.Size) {
	side, below, middle := o[0], o[1], o[2]
	w, h := side.MinSize().Width, below.MinSize().Height
	side.Resize(fyne.NewSize(w, s.Height-h))
	below.Move(fyne.NewPos(0, s.Height-h))
	below.Resize(fyne.NewSize(s.Width, h))
	middle.Move(fyne.NewPos(w, 0))
	middle.Resize(fyne.NewSize(s.Width-w, s.Height-h))
}

func (frame) MinSize(o []fyne.CanvasObject) fyne.Size {
	side, below, middle := o[0].MinSize(), o[1].MinSize(), o[2].MinSize()
	return fyne.NewSize(side.Width+middle.Width, max(side.Height, middle.Height)+below.Height)
}

// Show makes the window visible and runs until it is closed.
func (u *UI) Show() {
	if u.o.LookLater {
		time.AfterFunc(lookAtLast, u.Drawn)
	} else {
		u.Drawn()
	}
	u.win.ShowAndRun()
}

// lookAtLast is when the runtimes are looked at where no graph was drawn.
const lookAtLast = 3 * time.Second

// Drawn says that the first thing to see is on the screen: slower work starts.
// It may be called from any goroutine, more than once.
func (u *UI) Drawn() { u.look.Do(func() { go u.o.Studio.LookAtRuntimes(u.ctx) }) }

// Window is the Fyne window, for tests.
func (u *UI) Window() fyne.Window { return u.win }

// Panels lists the panels, in the order of the rail.
func (u *UI) Panels() []panel.Panel { return u.panels }

// Key takes a key that a panel's widget did not want.
func (u *UI) Key(e *fyne.KeyEvent) { u.onKey(e) }

// Front is the ID of the panel in front.
func (u *UI) Front() string { return u.front }

// show brings a panel to front; UI goroutine only.
func (u *UI) show(id string) {
	for i, p := range u.panels {
		if p.ID() == id {
			u.stack.Objects[i].Show()
		} else {
			u.stack.Objects[i].Hide()
		}
		u.buttons[p.ID()].setSelected(p.ID() == id)
	}
	u.front = id
	u.status.changed()
	for _, p := range u.panels {
		if p.ID() == id {
			p.Shown()
			if u.stale[id] {
				delete(u.stale, id)
				u.apply(u.o.App.Settings().Theme(), p.Content())
			}
		}
	}
	if u.o.OnShow != nil {
		u.o.OnShow(id)
	}
}

func (u *UI) close() {
	size := u.win.Canvas().Size()
	// A size that is not kept is no reason to stay open.
	_ = u.o.Settings.Update(func(s *settings.Settings) { s.Window = [2]float32{size.Width, size.Height} })
	u.stop()
	u.win.SetCloseIntercept(nil)
	u.win.Close()
}

func (u *UI) onEvent(e project.Event) {
	switch e.Kind {
	case project.ModelChanged:
		fyne.Do(u.modelChanged)
	case project.RecipeChanged:
		fyne.Do(u.menuChanged)
	case project.JobChanged, project.RuntimesChanged:
		u.status.changed()
	case project.VariantsChanged, project.ResultsChanged:
		go u.noteResult()
	}
}

func (u *UI) modelChanged() {
	u.env.Selection.Set("")
	m := u.o.Studio.Model()
	u.status.changed()
	u.menuChanged()
	if m == nil {
		u.win.SetTitle(Title)
		return
	}
	u.win.SetTitle(Title + " – " + filepath.Base(m.Path))
}

// OpenModel opens a model or a project folder in the background; the graph comes
// to front when it is there, and errors are shown.
func (u *UI) OpenModel(path string) {
	u.mu.Lock()
	if u.busy {
		u.mu.Unlock()
		u.notice.say("another model is being opened")
		return
	}
	u.busy = true
	u.mu.Unlock()
	u.status.opening(filepath.Base(path))
	go func() {
		var err error
		if strings.HasSuffix(path, ".slipway") {
			err = u.o.Studio.OpenProject(u.ctx, path)
		} else {
			err = u.o.Studio.OpenModel(u.ctx, path, "")
		}
		u.mu.Lock()
		u.busy = false
		u.mu.Unlock()
		u.status.opening("")
		if err != nil {
			u.env.Window.Report("Cannot open "+filepath.Base(path), diag.FromError("source.unreadable", err))
			return
		}
		u.opened(path)
	}()
}

// opened remembers and shows what was opened from path, and says where nothing that
// is done with it will be kept.
func (u *UI) opened(path string) {
	m := u.o.Studio.Model()
	if m == nil {
		return // closed again meanwhile
	}
	r := settings.Recent{Path: path, Format: m.Source.Format + " " + m.Source.Version, Bytes: m.Bytes, Opened: time.Now(), Note: Note(u.o.Studio.Variants(), u.o.Studio.BenchRows())}
	if err := u.o.Settings.Remember(r); err != nil {
		u.notice.say("not remembered: " + diag.FromError("settings.unwritten", err)[0].Text) // no reason to stop
	}
	fyne.Do(func() { u.show("graph") })
	if f := u.o.Studio.Unkept(); f != nil {
		u.env.Window.Report(filepath.Base(path)+" is open for now only", diag.List{f})
	}
}

// HandleDrop does what a drop of files on the window means, and says so.
func (u *UI) HandleDrop(_ fyne.Position, paths []string) {
	d := Classify(paths)
	if d.Kind == DropDataset && u.calibrates() {
		u.calibrate(d.Paths[0])
		return
	}
	u.notice.say(d.Said)
	switch d.Kind {
	case DropModel, DropProject:
		u.OpenModel(d.Paths[0])
	case DropPictures:
		if u.o.Studio.Model() == nil {
			u.notice.say("open a model first: pictures are tested on it")
			return
		}
		u.show("test")
		if _, err := u.o.Studio.TestPictures(d.Paths); err != nil {
			u.env.Window.Report("Cannot test", diag.FromError("test.failed", err))
		}
	case DropDataset:
		if u.o.Studio.Model() == nil {
			u.notice.say("open a model first: a dataset measures it")
			return
		}
		u.show("compare")
		if _, err := u.o.Studio.Eval(project.EvalOptions{Dataset: d.Paths[0]}); err != nil {
			u.env.Window.Report("Cannot evaluate", diag.FromError("eval.failed", err))
		}
	}
}

// Describe is the one-line description of the open model.
func Describe(m *project.Model) string {
	if m == nil {
		return "no model open"
	}
	s := m.Summary
	return fmt.Sprintf("%s · %s · %s parameters · %s MACs · %d layers", filepath.Base(m.Path), s.Version, Count(s.Params), Count(s.MACs), len(s.Layers))
}

// Count prints a number with three significant digits and a unit: 4.65 M.
func Count(n int64) string {
	f, unit := float64(n), ""
	for _, u := range []string{" k", " M", " G", " T"} {
		if f < 1000 {
			break
		}
		f, unit = f/1000, u
	}
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.3g", f), ".0"), ".") + unit
}

package ui

import (
	"fmt"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"

	"slipway/conversion/diag"
	"slipway/project/jobs"
	"slipway/ui/panel"
)

// entry is a menu item that knows why it cannot be used at times.
type entry struct {
	item  *fyne.MenuItem
	title string
	do    func()
	why   func() string
}

// act does what the entry means, or says why not. Keys reach greyed items too.
func (u *UI) act(e *entry) {
	if reason := e.reason(); reason != "" {
		u.notice.say(e.title + ": " + reason)
		return
	}
	e.do()
}

func (e *entry) reason() string {
	if e.why == nil {
		return ""
	}
	return e.why()
}

// item adds an entry to the menu's list.
func (u *UI) item(title string, key fyne.Shortcut, why func() string, do func()) *fyne.MenuItem {
	e := &entry{title: title, do: do, why: why}
	e.item = fyne.NewMenuItem(title, func() { u.act(e) })
	e.item.Shortcut = key
	u.entries = append(u.entries, e)
	return e.item
}

// menuChanged greys what cannot be done now and writes the reason beside it.
func (u *UI) menuChanged() {
	changed := false
	for _, e := range u.entries {
		label, reason := e.title, e.reason()
		if reason != "" {
			label += "  –  " + reason
		}
		if e.item.Label != label || e.item.Disabled != (reason != "") {
			e.item.Label, e.item.Disabled, changed = label, reason != "", true
		}
	}
	if n := len(u.o.Settings.Get().Recent); n != u.recents {
		u.recents, changed = n, true
		u.fillRecent()
	}
	if changed {
		u.win.MainMenu().Refresh()
	}
}

const (
	ctrl  = fyne.KeyModifierShortcutDefault
	shift = fyne.KeyModifierShift
)

func key(name fyne.KeyName, mod fyne.KeyModifier) fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: name, Modifier: mod}
}

func (u *UI) needsModel() string {
	if u.o.Studio.Model() == nil {
		return "open a model first"
	}
	return ""
}

func (u *UI) needsJob() string {
	for _, j := range u.o.Studio.Jobs().List() {
		if !j.State.Ended() {
			return ""
		}
	}
	return "nothing is running"
}

// menu holds every shortcut of the application, because a focused entry would
// swallow those of the canvas. F5, F11 and Escape have no modifier, which the
// toolkit's menus cannot take: they come through onKey.
func (u *UI) menu() *fyne.MainMenu {
	u.recent = fyne.NewMenuItem("Open recent", nil)
	u.fillRecent()
	menus := map[string]*fyne.Menu{}
	add := func(name string, items ...*fyne.MenuItem) *fyne.Menu {
		if menus[name] == nil {
			menus[name] = fyne.NewMenu(name)
		}
		menus[name].Items = append(menus[name].Items, items...)
		return menus[name]
	}
	quit := u.item("Quit", key(fyne.KeyQ, ctrl), nil, u.close)
	quit.IsQuit = true
	add("File",
		u.item("Open model…", key(fyne.KeyO, ctrl), nil, u.askModel),
		u.item("Open project…", key(fyne.KeyO, ctrl|shift), nil, func() { u.env.Window.OpenFolder("Open a project folder", u.OpenModel) }),
		u.recent,
		fyne.NewMenuItemSeparator(),
		u.item("Save report…", key(fyne.KeyS, ctrl|shift), u.needsModel, u.saveReport),
		u.item("Reload (F5)", nil, u.needsModel, u.reload),
		u.item("Close model", key(fyne.KeyW, ctrl), u.needsModel, u.closeModel),
		quit,
	)
	add("Edit",
		u.item("Undo", &fyne.ShortcutUndo{}, func() string {
			if can, _ := u.o.Studio.CanUndo(); !can && u.focusedText() == nil {
				return "the recipe was not changed"
			}
			return ""
		}, func() { u.undo(&fyne.ShortcutUndo{}, u.o.Studio.Undo) }),
		u.item("Redo", &fyne.ShortcutRedo{}, func() string {
			if _, can := u.o.Studio.CanUndo(); !can && u.focusedText() == nil {
				return "nothing was undone"
			}
			return ""
		}, func() { u.undo(&fyne.ShortcutRedo{}, u.o.Studio.Redo) }),
	)
	u.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyZ, Modifier: ctrl | shift}, func(fyne.Shortcut) { u.undo(&fyne.ShortcutRedo{}, u.o.Studio.Redo) })
	for i, p := range u.panels {
		add("View", u.item(p.Title(), key(fyne.KeyName(fmt.Sprint(i+1)), ctrl), nil, func() { u.show(p.ID()) }))
	}
	add("View", fyne.NewMenuItemSeparator(),
		u.item("Full screen (F11)", nil, nil, u.fullScreen),
	)
	for _, t := range []struct{ title, mode string }{{"System colours", ""}, {"Light", "light"}, {"Dark", "dark"}} {
		u.modes[t.mode] = u.item(t.title, nil, nil, func() { u.setTheme(t.mode) })
		u.modes[t.mode].Checked = u.o.Settings.Get().Theme == t.mode
		add("View", u.modes[t.mode])
	}
	add("Graph")
	add("Run")
	for _, p := range u.panels {
		c, ok := p.(panel.Commander)
		if !ok {
			continue
		}
		for _, c := range c.Commands() {
			e := u.item(c.Title, c.Key, c.Why, func() {
				if c.Panel != "" && u.front != c.Panel {
					u.show(c.Panel)
				}
				c.Do()
			})
			add(c.Menu, e)
			for _, also := range c.Also {
				u.win.Canvas().AddShortcut(also, func(fyne.Shortcut) { e.Action() })
			}
		}
	}
	add("Run",
		fyne.NewMenuItemSeparator(),
		u.item("Stop the newest job (Esc)", nil, u.needsJob, u.stopJob),
		u.item("Stop all jobs", key(fyne.KeyPeriod, ctrl), u.needsJob, func() {
			for _, j := range u.o.Studio.Jobs().List() {
				if !j.State.Ended() {
					u.o.Studio.Jobs().Cancel(j.ID)
				}
			}
		}),
		u.item("Look for runtimes again", nil, nil, func() { go u.o.Studio.LookAtRuntimes(u.ctx) }),
	)
	add("Help", u.item("About", nil, nil, func() {
		dialog.ShowInformation("Slipway "+u.o.Version, "Takes a trained model to the hardware it will run on.\n\nNothing leaves this machine: no account, no telemetry,\nno network unless you ask for it.", u.win)
	}))
	return fyne.NewMainMenu(menus["File"], menus["Edit"], menus["View"], menus["Graph"], menus["Run"], menus["Help"])
}

// onKey takes the keys that no widget wanted.
func (u *UI) onKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyF5:
		u.reload()
	case fyne.KeyF11:
		u.fullScreen()
	case fyne.KeyEscape:
		if top := u.win.Canvas().Overlays().Top(); top != nil {
			top.Hide() // a dialog, or what hangs from a menu: no job is meant
		} else if u.needsJob() == "" {
			u.stopJob()
		}
	}
}

func (u *UI) reload() {
	if m := u.o.Studio.Model(); m != nil {
		u.OpenModel(m.Path)
	}
}

func (u *UI) fullScreen() { u.win.SetFullScreen(!u.win.FullScreen()) }

// closeModel closes the model in the background: jobs of its project end first.
func (u *UI) closeModel() {
	go func() {
		if err := u.o.Studio.CloseModel(); err != nil {
			u.try(err)
		}
		u.env.Window.Show(u.panels[0].ID())
	}()
}

func (u *UI) stopJob() {
	var last jobs.Status
	for _, j := range u.o.Studio.Jobs().List() {
		if !j.State.Ended() && j.ID > last.ID {
			last = j
		}
	}
	if last.ID != 0 {
		u.o.Studio.Jobs().Cancel(last.ID)
		u.notice.say("stopping: " + last.Title)
	}
}

// focusedText is the focused text field, which has an undo of its own.
func (u *UI) focusedText() fyne.Shortcutable {
	if f, ok := u.win.Canvas().Focused().(fyne.Shortcutable); ok {
		return f
	}
	return nil
}

// undo acts on the text field that is being written in, else on the recipe.
func (u *UI) undo(s fyne.Shortcut, recipe func() error) {
	if f := u.focusedText(); f != nil {
		f.TypedShortcut(s)
		return
	}
	u.try(recipe())
}

func (u *UI) askModel() {
	u.env.Window.OpenFile("Open a model", "Models", []string{"onnx"}, u.OpenModel)
}

func (u *UI) fillRecent() {
	u.recent.ChildMenu = fyne.NewMenu("")
	for _, r := range u.o.Settings.Get().Recent {
		u.recent.ChildMenu.Items = append(u.recent.ChildMenu.Items, fyne.NewMenuItem(filepath.Base(r.Path)+"  –  "+filepath.Dir(r.Path), func() { u.OpenModel(r.Path) }))
	}
	u.recent.Disabled = len(u.recent.ChildMenu.Items) == 0
}

// saveReport writes the project's report in one file.
func (u *UI) saveReport() {
	m := u.o.Studio.Model()
	if m == nil {
		return // closed meanwhile
	}
	u.env.Window.SaveFile("Save the report", m.Name+"-report.html", []string{"html"}, func(path string) {
		u.notice.say("writing " + filepath.Base(path) + " …")
		go func() {
			if err := u.o.Studio.WriteReport(u.ctx, path); err != nil {
				u.env.Window.Report("Cannot write the report", diag.FromError("report.failed", err))
				return
			}
			u.notice.say("written: " + filepath.Base(path))
		}()
	})
}

// try shows an error, if there is one.
func (u *UI) try(err error) {
	if err != nil {
		u.env.Window.Report("That did not work", diag.FromError("studio.failed", err))
	}
}

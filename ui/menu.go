package ui

import (
	"fmt"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"

	"slipway/conversion/diag"
	"slipway/project/jobs"
	"slipway/project/settings"
	"slipway/ui/theme"
)

// menu holds every shortcut of the application, because a focused entry would
// swallow canvas shortcuts.
func (u *UI) menu() *fyne.MainMenu {
	item := func(label string, key fyne.KeyName, mod fyne.KeyModifier, f func()) *fyne.MenuItem {
		m := fyne.NewMenuItem(label, f)
		if key != "" {
			m.Shortcut = &desktop.CustomShortcut{KeyName: key, Modifier: mod}
		}
		return m
	}
	ctrl, shift := fyne.KeyModifierShortcutDefault, fyne.KeyModifierShift
	file := fyne.NewMenu("File",
		item("Open model…", fyne.KeyO, ctrl, u.askModel),
		item("Open project…", fyne.KeyO, ctrl|shift, func() {
			u.env.Window.OpenFolder("Open a project folder", u.OpenModel)
		}),
		u.recentMenu(),
		fyne.NewMenuItemSeparator(),
		item("Reload", fyne.KeyF5, 0, func() {
			if m := u.o.Studio.Model(); m != nil {
				u.OpenModel(m.Path)
			}
		}),
		item("Quit", fyne.KeyQ, ctrl, u.close),
	)
	edit := fyne.NewMenu("Edit",
		item("Undo", fyne.KeyZ, ctrl, func() { u.try(u.o.Studio.Undo()) }),
		item("Redo", fyne.KeyZ, ctrl|shift, func() { u.try(u.o.Studio.Redo()) }),
	)
	view := fyne.NewMenu("View")
	for i, p := range u.panels {
		view.Items = append(view.Items, item(p.Title(), fyne.KeyName(fmt.Sprint(i+1)), ctrl, func() { u.show(p.ID()) }))
	}
	view.Items = append(view.Items, fyne.NewMenuItemSeparator(),
		item("Full screen", fyne.KeyF11, 0, func() { u.win.SetFullScreen(!u.win.FullScreen()) }),
		item("System colours", "", 0, func() { u.setTheme("") }),
		item("Light", "", 0, func() { u.setTheme("light") }),
		item("Dark", "", 0, func() { u.setTheme("dark") }),
	)
	run := fyne.NewMenu("Run",
		item("Stop all jobs", fyne.KeyPeriod, ctrl, func() {
			for _, j := range u.o.Studio.Jobs().List() {
				if j.State == jobs.Running || j.State == jobs.Queued {
					u.o.Studio.Jobs().Cancel(j.ID)
				}
			}
		}),
		item("Look for runtimes again", "", 0, func() { go u.o.Studio.LookAtRuntimes(u.ctx) }),
	)
	help := fyne.NewMenu("Help", item("About", "", 0, func() {
		dialog.ShowInformation("Slipway "+u.o.Version, "Takes a trained model to the hardware it will run on.\n\nNothing leaves this machine: no account, no telemetry,\nno network unless you ask for it.", u.win)
	}))
	return fyne.NewMainMenu(file, edit, view, run, help)
}

func (u *UI) askModel() {
	u.env.Window.OpenFile("Open a model", "Models", []string{"onnx"}, u.OpenModel)
}

func (u *UI) recentMenu() *fyne.MenuItem {
	m := fyne.NewMenuItem("Open recent", nil)
	m.ChildMenu = fyne.NewMenu("")
	for _, r := range u.o.Settings.Get().Recent {
		m.ChildMenu.Items = append(m.ChildMenu.Items, fyne.NewMenuItem(filepath.Base(r.Path)+"  –  "+filepath.Dir(r.Path), func() { u.OpenModel(r.Path) }))
	}
	m.Disabled = len(m.ChildMenu.Items) == 0
	return m
}

func (u *UI) setTheme(mode string) {
	u.try(u.o.Settings.Update(func(s *settings.Settings) { s.Theme = mode }))
	u.o.App.Settings().SetTheme(theme.Theme{Mode: mode})
}

// try shows an error, if there is one.
func (u *UI) try(err error) {
	if err != nil {
		u.env.Window.Report("That did not work", diag.FromError("studio.failed", err))
	}
}

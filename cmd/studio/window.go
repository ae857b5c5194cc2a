//go:build !headless

package main

import (
	"context"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"slipway/assets"
	_ "slipway/cmd/studio/locale" // before Fyne looks for a language
	"slipway/conversion/diag"
	"slipway/project/local"
	"slipway/project/settings"
	runtimes "slipway/runtimes/all"
	"slipway/runtimes/library"
	"slipway/ui"
	"slipway/ui/panel"
	"slipway/ui/panels/all"
)

// appID names the application to the desktop.
const appID = "org.slipway.studio"

// hasWindow reports whether there is a display to open a window on.
func hasWindow() bool {
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "" || os.PathSeparator == '\\'
}

// window opens the window with what paths name.
func (a *app) window(ctx context.Context, paths []string) error {
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			return usagef("%s: there is no such file", p)
		}
	}
	if !hasWindow() {
		return diag.Errorf("studio.no-display", "there is no display to open a window on").Suggest("use a verb: studio --help lists them")
	}
	file, err := settings.DefaultPath()
	if err != nil {
		return err
	}
	set, err := settings.Open(file)
	if err != nil {
		printFinding(a.err, diag.Warnf("settings.damaged", "%v", err))
	}
	data, err := local.DataDir()
	if err != nil {
		return err
	}
	studio := a.machine.Studio(version, data)
	defer studio.Close()
	fa := newFyneApp()
	trace := newTracer(studio)
	var u *ui.UI
	u = ui.New(ui.Options{App: fa, Studio: studio, Settings: set, Version: version, OnShow: trace.panel, LookLater: len(paths) > 0, Panels: func(env panel.Env) []panel.Panel {
		return all.Panels(all.Config{
			Studio: studio, Settings: set, DataDir: data, Drawn: func(model string) { trace.drawn(model); trace.frames(u); u.Drawn() },
			Open: func(p string) { u.OpenModel(p) }, Key: func(e *fyne.KeyEvent) { u.Key(e) },
			Install: func(ctx context.Context, runtime string, progress func(string)) error {
				_, err := library.Install(ctx, runtimes.Library(runtime), progress)
				return err
			},
			CanInstall: func(runtime string) bool {
				s, ok := library.Lookup(runtimes.Library(runtime))
				return ok && s.Elsewhere == ""
			},
		}, env)
	}})
	trace.tellPlaces(u)
	go func() {
		<-ctx.Done()
		fyne.Do(fa.Quit)
	}()
	fa.Lifecycle().SetOnStarted(func() {
		if len(paths) > 0 {
			abs := make([]string, len(paths))
			for i, p := range paths {
				abs[i], _ = filepath.Abs(p)
			}
			u.HandleDrop(fyne.NewPos(0, 0), abs)
		}
	})
	u.Show()
	return nil
}

// checkThreads is the variable that makes the toolkit look, with every change of
// a widget, whether it is made on its goroutine, and complain where it is not. That
// takes longer than all that is drawn: the stack is written out each time.
const checkThreads = "STUDIO_CHECK_THREADS"

func newFyneApp() fyne.App {
	dropEmptyPreferences()
	fyneapp.SetMetadata(fyne.AppMetadata{ID: appID, Name: ui.Title, Version: version, Migrations: map[string]bool{"fyneDo": os.Getenv(checkThreads) == ""}})
	fa := fyneapp.NewWithID(appID)
	fa.SetIcon(fyne.NewStaticResource("slipway.png", assets.Icon()))
	return fa
}

// dropEmptyPreferences removes the toolkit's preferences where a killed process
// left them empty: they hold nothing of ours, but every start would complain.
func dropEmptyPreferences() {
	dir, err := os.UserConfigDir()
	if err != nil {
		return
	}
	file := filepath.Join(dir, "fyne", appID, "preferences.json")
	if st, err := os.Stat(file); err == nil && st.Size() == 0 {
		os.Remove(file)
	}
}

package all

import (
	"context"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"

	"slipway/assets"
	"slipway/project"
	"slipway/project/atomicfile"
	"slipway/project/settings"
	"slipway/ui/panel"
	"slipway/ui/panels/compare"
	"slipway/ui/panels/convert"
	"slipway/ui/panels/graph"
	"slipway/ui/panels/optimise"
	"slipway/ui/panels/start"
	"slipway/ui/panels/test"
)

// Config is what the panels need beside the application.
type Config struct {
	Studio   *project.Studio
	Settings *settings.File
	DataDir  string
	// Open opens a model in the window.
	Open func(path string)
	// Key takes the keys that mean nothing to a panel.
	Key func(*fyne.KeyEvent)
	// Install gets a runtime's library through the package client; CanInstall
	// says whether it can.
	Install    func(ctx context.Context, runtime string, progress func(string)) error
	CanInstall func(runtime string) bool
	// Drawn, where not nil, is told when a model's graph is on the screen.
	Drawn func(model string)
}

// Panels makes all panels. UI goroutine.
func Panels(c Config, env panel.Env) []panel.Panel {
	g := graph.New(env, c.Studio, c.Settings)
	g.OnDrawn, g.OnKey = c.Drawn, c.Key
	return []panel.Panel{
		start.New(env, c.Studio, start.Actions{
			Open:   c.Open,
			Recent: func() []settings.Recent { return c.Settings.Get().Recent },
			Sample: func() { go openSample(c, env) },
			Install: func(runtime, title string) {
				c.Studio.Install(title, func(ctx context.Context, progress func(string)) error { return c.Install(ctx, runtime, progress) })
			},
			CanInstall: c.CanInstall,
		}),
		g,
		optimise.New(env, c.Studio),
		convert.New(env, c.Studio),
		test.New(env, c.Studio),
		compare.New(env, c.Studio),
	}
}

// openSample unpacks the bundled model, once, and opens it.
func openSample(c Config, env panel.Env) {
	dir := filepath.Join(c.DataDir, "samples")
	model, err := "", os.MkdirAll(dir, 0o755)
	if err == nil {
		model, err = assets.Unpack(dir)
	}
	if err != nil {
		env.Window.Report("Cannot unpack the sample", atomicfile.Findings("sample.unpack", "the sample", dir, err))
		return
	}
	fyne.Do(func() { c.Open(model) })
}

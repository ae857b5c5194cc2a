package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"slipway/project/settings"
	"slipway/ui/theme"
	"slipway/ui/widgets/split"
)

// setTheme switches to light, dark or, with "", the system's colours.
func (u *UI) setTheme(mode string) {
	u.try(u.o.Settings.Update(func(s *settings.Settings) { s.Theme = mode }))
	u.apply(theme.Theme{Mode: mode}, u.root)
	u.recoloured()
	for m, item := range u.modes {
		item.Checked = m == mode
	}
	u.win.MainMenu().Refresh()
}

// apply has the toolkit draw what is in o in the colours of t, without the panels
// that are behind. By itself it would take all of the window, and each object in
// it once for every container around it: what it finds for the moment is a list
// without any.
func (u *UI) apply(t fyne.Theme, o fyne.CanvasObject) {
	objects, layout := u.root.Objects, u.root.Layout
	u.root.Objects, u.root.Layout = u.leaves(nil, o), nil
	u.o.App.Settings().SetTheme(t)
	u.root.Objects, u.root.Layout = objects, layout
}

// leaves lists what is in o and holds nothing that is told to draw itself, too.
func (u *UI) leaves(list []fyne.CanvasObject, o fyne.CanvasObject) []fyne.CanvasObject {
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			if o != u.stack || c.Visible() {
				list = u.leaves(list, c)
			}
		}
	case *container.Scroll:
		list = append(u.leaves(list, o.Content), alone{o, o})
	case *split.Split:
		list = append(u.leaves(u.leaves(list, o.Left), o.Right), o.Line())
	case nil:
	default:
		list = append(list, o)
	}
	return list
}

// alone is a scroller that the toolkit does not look into: of it the bars are left.
type alone struct {
	fyne.CanvasObject
	scroll *container.Scroll
}

// Refresh implements fyne.CanvasObject.
func (a alone) Refresh() { a.scroll.Base.Refresh() }

// followColours hears of light and dark that change by themselves, with the system.
func (u *UI) followColours() {
	u.dark = theme.Dark()
	u.o.App.Settings().AddListener(func(fyne.Settings) {
		fyne.Do(func() {
			if theme.Dark() != u.dark {
				u.recoloured()
			}
		})
	})
}

// recoloured is told that what is seen has other colours: what is drawn in colours
// of its own follows now, the panels behind when they come to front. UI goroutine.
func (u *UI) recoloured() {
	u.dark = theme.Dark()
	u.railBack.FillColor = theme.Current(theme.ColorRail)
	u.railBack.Refresh()
	for _, p := range u.panels {
		u.stale[p.ID()] = p.ID() != u.front
		if p.ID() == u.front {
			p.Shown()
		}
	}
}

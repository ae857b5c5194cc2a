package graph

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
	"slipway/ui/panel"
	"slipway/ui/widgets/graphview"
)

// Needs is what the panel asks of the application.
type Needs interface {
	Model() *project.Model
	Listen(func(project.Event))
}

// Panel shows the graph and the inspector.
type Panel struct {
	env   panel.Env
	needs Needs

	content fyne.CanvasObject
	view    *graphview.Graph
	inspect *inspector
	search  *widget.Entry
	hits    []string
	at      int
	count   *widget.Label
	shown   *project.Model
	// OnDrawn, where not nil, is told when a model's graph is laid out.
	OnDrawn func(model string)
}

var _ panel.Panel = (*Panel)(nil)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs) *Panel {
	p := &Panel{env: env, needs: needs, view: graphview.New(), count: widget.NewLabel("")}
	p.inspect = newInspector(p.jump, func(s string) { fyne.CurrentApp().Clipboard().SetContent(s) })
	p.view.OnSelect = func(id string) { p.env.Selection.Set(id) }
	p.view.OnReady = func(err error) {
		if err != nil {
			env.Window.Notify("the graph cannot be drawn: " + err.Error())
			return
		}
		if p.OnDrawn != nil && p.shown != nil {
			p.OnDrawn(p.shown.Path)
		}
	}
	env.Selection.Listen(func(layer string) { fyne.Do(func() { p.selected(layer) }) })
	needs.Listen(func(e project.Event) {
		if e.Kind == project.ModelChanged {
			fyne.Do(p.reload)
		}
	})
	p.build()
	p.reload()
	return p
}

func (p *Panel) ID() string                 { return "graph" }
func (p *Panel) Title() string              { return "Graph" }
func (p *Panel) Icon() fyne.Resource        { return base.GridIcon() }
func (p *Panel) Content() fyne.CanvasObject { return p.content }
func (p *Panel) Shown()                     {}
func (p *Panel) View() *graphview.Graph     { return p.view }

func (p *Panel) build() {
	p.search = widget.NewEntry()
	p.search.SetPlaceHolder("Find a layer by name or operator")
	p.search.OnChanged = p.find
	p.search.OnSubmitted = func(string) { p.next(1) }
	p.count.Importance = widget.LowImportance
	tool := func(icon fyne.Resource, f func()) *widget.Button {
		b := widget.NewButtonWithIcon("", icon, f)
		b.Importance = widget.LowImportance
		return b
	}
	turn := tool(base.ViewRefreshIcon(), func() {
		if p.view.Direction() == graphlayout.Vertical {
			p.view.SetDirection(graphlayout.Horizontal)
		} else {
			p.view.SetDirection(graphlayout.Vertical)
		}
	})
	tools := container.NewHBox(
		tool(base.ZoomOutIcon(), p.view.ZoomOut), tool(base.ZoomInIcon(), p.view.ZoomIn), tool(base.ZoomFitIcon(), p.view.Fit), turn,
		tool(base.DocumentSaveIcon(), p.export),
	)
	bar := container.NewBorder(nil, nil, nil, container.NewHBox(p.count, tool(base.MoveUpIcon(), func() { p.next(-1) }), tool(base.MoveDownIcon(), func() { p.next(1) }), widget.NewSeparator(), tools), p.search)
	left := container.NewBorder(container.NewVBox(container.NewPadded(bar), widget.NewSeparator()), nil, nil, nil, p.view)
	split := container.NewHSplit(left, p.inspect.content)
	split.Offset = 0.74
	p.content = split
}

func (p *Panel) reload() {
	m := p.needs.Model()
	p.shown = m
	p.search.SetText("")
	if m == nil {
		p.view.SetScene(graphpaint.Scene{})
		p.inspect.showModel("", nil)
		return
	}
	p.view.SetScene(sceneOf(m.Graph))
	p.inspect.showModel(m.Name, m.Summary)
}

func (p *Panel) selected(layer string) {
	if p.shown == nil {
		return
	}
	p.view.Select(layer)
	if n := nodeNamed(p.shown.Graph, layer); n != nil {
		p.inspect.show(n)
		return
	}
	p.inspect.showModel(p.shown.Name, p.shown.Summary)
}

func (p *Panel) jump(node string) {
	p.env.Selection.Set(node)
	p.view.Center(node)
}

func (p *Panel) find(query string) {
	p.hits, p.at = nil, -1
	if strings.TrimSpace(query) != "" {
		p.hits = p.view.Find(query)
	}
	p.view.SetFound(p.hits)
	p.say(query)
}

func (p *Panel) say(query string) {
	switch {
	case query == "":
		p.count.SetText("")
	case len(p.hits) == 0:
		p.count.SetText("none")
	case p.at < 0:
		p.count.SetText(fmt.Sprintf("%d found", len(p.hits)))
	default:
		p.count.SetText(fmt.Sprintf("%d of %d", p.at+1, len(p.hits)))
	}
}

func (p *Panel) next(step int) {
	if len(p.hits) == 0 {
		return
	}
	p.at = (p.at + step + len(p.hits)) % len(p.hits)
	p.jump(p.hits[p.at])
	p.say(p.search.Text)
}

// export writes the whole graph as a picture, off the UI goroutine.
func (p *Panel) export() {
	painter, m := p.view.Painter(), p.shown
	if painter == nil || m == nil {
		p.env.Window.Notify("there is no graph to export")
		return
	}
	p.env.Window.SaveFile("Export the graph", m.Name+".svg", []string{"svg", "png"}, func(path string) {
		marks := p.view.Marks()
		go func() {
			var b bytes.Buffer
			var err error
			if strings.EqualFold(filepath.Ext(path), ".png") {
				err = painter.WritePNG(context.Background(), &b, 1, marks)
			} else {
				err = painter.WriteSVG(context.Background(), &b, marks)
			}
			if err == nil {
				err = os.WriteFile(path, b.Bytes(), 0o644)
			}
			if err != nil {
				p.env.Window.Report("Cannot export", diag.FromError("graph.export", err))
				return
			}
			p.env.Window.Notify("written: " + filepath.Base(path))
		}()
	})
}

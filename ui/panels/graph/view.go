package graph

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/project/settings"
	"slipway/ui/graphlayout"
	"slipway/ui/graphpaint"
	"slipway/ui/graphscene"
	"slipway/ui/panel"
	"slipway/ui/widgets/field"
	"slipway/ui/widgets/graphview"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/split"
)

// Needs is what the panel asks of the application.
type Needs interface {
	Model() *project.Model
	Variants() []*project.Variant
	BenchRows() []project.BenchRow
	Listen(func(project.Event))
}

// Remembered is where the panel keeps the person's choices.
type Remembered interface {
	Get() settings.Settings
	Update(func(*settings.Settings)) error
}

// Panel shows the graph and the inspector.
type Panel struct {
	env      panel.Env
	needs    Needs
	remember Remembered

	content fyne.CanvasObject
	view    *graphview.Graph
	inspect *inspector
	search  *searchEntry
	hits    []string
	at      int
	count   *widget.Label
	tools   []*hint.Button

	previous, following *hint.Button

	colour *field.Select
	heats  []heatChoice
	scene  *graphpaint.Scene // of shown
	shown  *project.Model
	drawn  string // path of the model that was drawn behind another panel
	start  func(func())
	// OnDrawn, where not nil, is told when a model's graph has been on the screen.
	OnDrawn func(model string)
	// OnKey, where not nil, is told the keys that mean nothing here.
	OnKey func(*fyne.KeyEvent)
}

var _ panel.Panel = (*Panel)(nil)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs, remember Remembered) *Panel {
	p := &Panel{env: env, needs: needs, remember: remember, view: graphview.New(), count: widget.NewLabel(""), start: func(f func()) { go f() }}
	p.inspect = newInspector(p.jump, func(s string) {
		fyne.CurrentApp().Clipboard().SetContent(s)
		env.Window.Notify("copied: " + s)
	})
	p.view.OnSelect = func(id string) { p.env.Selection.Set(id) }
	p.view.OnReady = func(err error) {
		if err != nil {
			env.Window.Notify("the graph cannot be drawn: " + err.Error())
		}
	}
	p.view.OnDrawn = func() {
		if p.shown != nil {
			p.drawn = p.shown.Path
			p.tellDrawn()
		}
	}
	p.view.OnKey = p.key
	set := remember.Get()
	p.view.WheelScrolls = set.WheelPans
	if set.Horizontal {
		p.view.SetDirection(graphlayout.Horizontal)
	}
	env.Selection.Listen(func(layer string) { fyne.Do(func() { p.selected(layer) }) })
	needs.Listen(func(e project.Event) {
		switch e.Kind {
		case project.ModelChanged:
			fyne.Do(p.reload)
		case project.VariantsChanged, project.ResultsChanged:
			fyne.Do(p.reloadColours)
		}
	})
	p.build()
	p.reload()
	return p
}

// ID implements panel.Panel.
func (p *Panel) ID() string { return "graph" }

// Title implements panel.Panel.
func (p *Panel) Title() string { return "Graph" }

// Icon implements panel.Panel.
func (p *Panel) Icon() fyne.Resource { return base.GridIcon() }

// Content implements panel.Panel.
func (p *Panel) Content() fyne.CanvasObject { return p.content }

// View is the drawing of the graph.
func (p *Panel) View() *graphview.Graph { return p.view }

// Shown gives the keyboard to the graph.
func (p *Panel) Shown() {
	if c := p.env.Window.Fyne().Canvas(); c.Focused() == nil {
		c.Focus(p.view)
	}
	if p.drawn != "" {
		graphview.AfterFrame(p.tellDrawn)
	}
}

// tellDrawn reports a graph that is drawn, once it can be seen.
func (p *Panel) tellDrawn() {
	if p.drawn == "" || !p.content.Visible() {
		return
	}
	path := p.drawn
	p.drawn = ""
	if p.OnDrawn != nil {
		p.OnDrawn(path)
	}
}

func (p *Panel) key(e *fyne.KeyEvent) {
	if p.OnKey != nil {
		p.OnKey(e)
	}
}

func (p *Panel) build() {
	p.search = newSearchEntry(p.view, p.key)
	p.search.SetPlaceHolder("Find a layer by name or operator")
	p.search.OnChanged = p.find
	p.search.OnSubmitted = func(string) { p.next(1) }
	p.count.Importance = widget.LowImportance
	p.colour = field.NewSelect(nil, p.setColour)
	p.tools = []*hint.Button{
		hint.NewIcon(base.ZoomOutIcon(), "Zoom out (Ctrl+-)", p.view.ZoomOut), hint.NewIcon(base.ZoomInIcon(), "Zoom in (Ctrl++)", p.view.ZoomIn),
		hint.NewIcon(base.ZoomFitIcon(), "Fit the window (Space)", p.view.Fit), hint.NewIcon(turnIcon, "Downwards or to the right (Ctrl+K)", p.turn),
		hint.NewIcon(base.DocumentSaveIcon(), "Save the graph as a picture…", func() { p.export("svg") }),
	}
	p.previous = hint.NewIcon(base.MoveUpIcon(), "Previous result (Ctrl+Shift+G)", func() { p.next(-1) })
	p.following = hint.NewIcon(base.MoveDownIcon(), "Next result (Ctrl+G)", func() { p.next(1) })
	tools := container.NewHBox()
	for _, t := range p.tools {
		tools.Add(t)
	}
	colour := container.New(layout.NewGridWrapLayout(fyne.NewSize(176, p.colour.MinSize().Height)), p.colour)
	bar := container.NewBorder(nil, nil, nil, container.NewHBox(p.count, p.previous, p.following, colour, tools), p.search)
	left := container.NewBorder(container.NewVBox(container.NewPadded(bar), widget.NewSeparator()), nil, nil, nil, p.view)
	p.content = split.New(left, p.inspect.content, 0.74)
	p.say("")
}

// turnIcon is two arrows, one downwards and one to the right.
var turnIcon = base.NewThemedResource(fyne.NewStaticResource("turn.svg", []byte(
	`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><path d="M5 3h2v11h3l-4 5-4-5h3zM10 5h7V2l5 4-5 4V7h-7z"/></svg>`)))

// reload takes another model. Its boxes and lines are made in the background.
func (p *Panel) reload() {
	m := p.needs.Model()
	p.shown, p.scene, p.drawn = m, nil, ""
	p.search.SetText("")
	p.view.EmptyText = "Open a model to see its layers"
	if m != nil {
		p.view.EmptyText = ""
	}
	for _, b := range p.tools {
		b.Because(p.why())
	}
	if m == nil || len(m.Graph.Nodes) == 0 {
		p.view.SetScene(graphpaint.Scene{})
	}
	if m == nil {
		p.inspect.showModel("", nil)
		p.reloadColours()
		return
	}
	p.start(func() {
		s := graphscene.Of(m.Graph)
		fyne.Do(func() {
			if p.shown == m {
				p.scene = &s
				p.view.SetScene(s)
				p.reloadColours()
			}
		})
	})
	p.inspect.showModel(m.Name, m.Summary)
}

// operators is the choice of colours that is always there.
const operators = "Colour: operators"

func (p *Panel) reloadColours() {
	p.heats = nil
	if p.shown != nil && p.scene != nil {
		p.heats = heatChoices(p.shown.Graph, p.shown.Summary, p.needs.Variants(), p.needs.BenchRows())
	}
	options := []string{operators}
	for _, h := range p.heats {
		options = append(options, h.title)
	}
	was := p.colour.Selected
	p.colour.Options = options
	if !slices.Contains(options, was) {
		was = operators
	}
	p.colour.SetSelected(was)
	p.setColour(was)
}

func (p *Panel) setColour(title string) {
	for i := range p.heats {
		if p.heats[i].title == title && p.scene != nil {
			h := heatOf(p.scene, &p.heats[i])
			if h == nil {
				p.env.Window.Notify("no layer of this model has that number")
			}
			p.view.SetHeat(h)
			return
		}
	}
	p.view.SetHeat(nil)
}

func (p *Panel) turn() {
	d := graphlayout.Vertical
	if p.view.Direction() == graphlayout.Vertical {
		d = graphlayout.Horizontal
	}
	p.view.SetDirection(d)
	p.setColour(p.colour.Selected)
	p.keep(func(s *settings.Settings) { s.Horizontal = d == graphlayout.Horizontal })
}

func (p *Panel) keep(change func(*settings.Settings)) {
	p.start(func() {
		if err := p.remember.Update(change); err != nil {
			p.env.Window.Report("The choice is not kept", diag.FromError("settings.unwritten", err))
		}
	})
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
	reason := ""
	if len(p.hits) == 0 {
		reason = "nothing is found"
	}
	p.previous.Because(reason)
	p.following.Because(reason)
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

// Package start is the page of the first minute: open a model, try the sample,
// go on with a recent one, and see which runtimes are here.
package start

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/project/settings"
	"slipway/ui/panel"
	"slipway/ui/theme"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/rows"
	"slipway/ui/widgets/words"
	"slipway/units"
)

// Needs is what the panel asks of the application.
type Needs interface {
	RuntimeStatus() []project.RuntimeStatus
	Jobs() *jobs.Queue
	Listen(func(project.Event))
}

// Actions are what the page can start.
type Actions struct {
	Open   func(path string)
	Sample func()
	Recent func() []settings.Recent
	// Install gets the library of a runtime in a job; CanInstall says whether
	// that is possible for it.
	Install    func(runtime, title string)
	CanInstall func(runtime string) bool
}

// Panel is the start page.
type Panel struct {
	env      panel.Env
	needs    Needs
	act      Actions
	content  fyne.CanvasObject
	recent   *rows.List
	runtimes *rows.List
	installs map[string]*installRow // by the job's title, of runtimes that are not here
	wake     chan struct{}
}

var _ panel.Panel = (*Panel)(nil)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs, act Actions) *Panel {
	p := &Panel{env: env, needs: needs, act: act, recent: rows.New(), runtimes: rows.New(), installs: map[string]*installRow{}, wake: make(chan struct{}, 1)}
	p.build()
	needs.Listen(func(e project.Event) {
		switch e.Kind {
		case project.RuntimesChanged:
			fyne.Do(p.reloadRuntimes)
		case project.ModelChanged, project.ResultsChanged, project.VariantsChanged:
			fyne.Do(p.reloadRecent)
		case project.JobChanged:
			select {
			case p.wake <- struct{}{}:
			default:
			}
		}
	})
	go p.follow()
	return p
}

// ID implements panel.Panel.
func (p *Panel) ID() string { return "start" }

// Title implements panel.Panel.
func (p *Panel) Title() string { return "Start" }

// Icon implements panel.Panel.
func (p *Panel) Icon() fyne.Resource { return base.HomeIcon() }

// Content implements panel.Panel.
func (p *Panel) Content() fyne.CanvasObject { return p.content }

// Shown implements panel.Panel.
func (p *Panel) Shown() { p.reloadRecent(); p.reloadRuntimes() }

// follow shows what installations say, some times a second.
func (p *Panel) follow() {
	for range p.wake {
		fyne.Do(p.reloadInstalls)
		time.Sleep(100 * time.Millisecond)
	}
}

func (p *Panel) build() {
	head := widget.NewLabel("Slipway") // which follows light and dark by itself
	head.SizeName, head.TextStyle.Bold = theme.SizeName, true
	sub := widget.NewLabel("From a trained model to the hardware it will run on: see it, optimise it, convert it, prove it, compare it.")
	sub.Wrapping = fyne.TextWrapWord
	open := hint.NewButton("Open a model…", base.FolderOpenIcon(), "Ctrl+O", func() {
		p.env.Window.OpenFile("Open a model", "Models", []string{"onnx"}, p.act.Open)
	})
	open.Importance = widget.HighImportance
	sample := hint.NewButton("Try the sample (EfficientNet-Lite0)", base.MediaPlayIcon(), "A classifier of photographs that comes with the studio", p.act.Sample)
	drop := widget.NewLabel("or drop a file anywhere on this window: a model opens, pictures are tested, a folder measures accuracy")
	drop.Importance, drop.Wrapping = widget.LowImportance, fyne.TextWrapWord
	left := container.NewVBox(head, sub, container.New(layout.NewCustomPaddedLayout(4, 4, 6, 6), container.NewHBox(open, sample)), drop, words.Title("Recent"), p.recent.Content)
	right := container.NewVBox(words.Title("Runtimes on this machine"), p.runtimes.Content)
	body := container.New(&twoColumns{}, left, right)
	p.content = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(36, 24, 36, 36), body))
}

func (p *Panel) reloadRecent() {
	list := p.act.Recent()
	var shown []rows.Row
	for _, r := range list[:min(8, len(list))] {
		text := recentText(r)
		shown = append(shown, rows.Row{Key: r.Path, State: text, Make: func() fyne.CanvasObject {
			b := hint.NewButton(shorten(filepath.Base(r.Path), 64), nil, r.Path, func() { p.act.Open(r.Path) })
			b.Alignment = widget.ButtonAlignLeading
			b.Importance = widget.LowImportance
			l := words.Caption(text)
			l.Wrapping, l.Truncation = fyne.TextWrapOff, fyne.TextTruncateEllipsis
			return container.New(layout.NewCustomPaddedVBoxLayout(-8), b, l)
		}})
	}
	if len(shown) == 0 {
		shown = append(shown, rows.Row{Make: func() fyne.CanvasObject { return words.Caption("Models that you open appear here.") }})
	}
	p.recent.Show(shown)
}

// absence says why a runtime is not here and what to do about it.
func absence(r *project.RuntimeStatus) diag.List {
	reason := r.Reason
	if reason == "" {
		reason = r.Title + " was not found"
	}
	f := diag.Infof("runtime.missing", "%s", reason)
	if r.Cure != "" {
		f = f.Suggest("%s", r.Cure)
	}
	return diag.List{f}
}

// cut ends a long text early; the job's details have all of it.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimRight(string(r[:n]), " ,;:`") + "… (all of it: Convert, Jobs, Details)"
}

// shorten cuts the middle out of a long name: both ends tell files apart.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n/2]) + "…" + string(r[len(r)-(n-n/2-1):])
}

// recentText is what is known of a file without opening it: the last result
// first, since that is what tells the files apart.
func recentText(r settings.Recent) string {
	var parts []string
	for _, s := range []string{r.Note, r.Format, units.Bytes(r.Bytes), filepath.Dir(r.Path)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " · ")
}

// installRow is the button that gets a runtime, and what the job says.
type installRow struct {
	button *hint.Button
	note   *widget.Label
	idle   string // the note where no job runs
}

func (p *Panel) reloadRuntimes() {
	status := p.needs.RuntimeStatus()
	if status == nil {
		p.runtimes.Show([]rows.Row{{Make: func() fyne.CanvasObject {
			return container.NewHBox(widget.NewActivity(), words.Caption("looking …"))
		}}})
		return
	}
	var shown []rows.Row
	for _, r := range status {
		can := p.act.CanInstall(r.Name)
		shown = append(shown, rows.Row{
			Key: r.Name, State: fmt.Sprintf("%t %t %t %q %q %q", r.OK, can, theme.Dark(), runtimeText(&r), r.Reason, r.Cure),
			Make: func() fyne.CanvasObject { return p.runtime(&r, can) },
		})
	}
	p.runtimes.Show(shown)
	p.reloadInstalls()
}

// runtime draws what was found of a runtime, with a button for what can be done
// where it is missing.
func (p *Panel) runtime(r *project.RuntimeStatus, canInstall bool) fyne.CanvasObject {
	dot := canvas.NewCircle(theme.Current(theme.ColorMatch))
	if !r.OK {
		dot.FillColor = theme.Current(theme.ColorDrift)
	}
	mark := container.NewCenter(container.New(layout.NewGridWrapLayout(fyne.NewSize(9, 9)), dot))
	name := widget.NewLabel(r.Title)
	name.TextStyle.Bold = true
	note := words.Caption(runtimeText(r))
	text := container.New(layout.NewCustomPaddedVBoxLayout(-8), name, note)
	delete(p.installs, "install "+r.Title)
	var right fyne.CanvasObject
	if !r.OK && canInstall {
		b := hint.NewButton("Install", base.DownloadIcon(), "Gets "+r.Title+" through pip into your cache", func() { p.act.Install(r.Name, r.Title) })
		p.installs["install "+r.Title] = &installRow{button: b, note: note, idle: note.Text}
		right = container.NewVBox(b)
	} else if !r.OK {
		right = container.NewVBox(hint.NewButton("Why…", nil, "Why it is not here, and how to get it", func() { p.env.Window.Report(r.Title, absence(r)) }))
	}
	return container.NewBorder(nil, nil, container.NewVBox(container.New(layout.NewCustomPaddedLayout(12, 0, 6, 0), mark)), right, text)
}

func (p *Panel) reloadInstalls() {
	seen := map[string]bool{}
	for _, j := range p.needs.Jobs().List() { // newest first
		row := p.installs[j.Title]
		if row == nil || seen[j.Title] {
			continue
		}
		seen[j.Title] = true
		text := row.idle
		row.note.Importance = widget.LowImportance
		switch {
		case !j.State.Ended():
			row.button.Because("is being installed")
			text = "installing: " + j.Stage
		case j.State == jobs.Failed:
			row.button.Because("")
			text = "the installation failed: " + cut(j.Findings.Error(), 160)
			row.note.Importance = widget.DangerImportance
		default:
			row.button.Because("")
		}
		row.note.SetText(text)
	}
	rows.Arrange(p.runtimes.Content)
}

// runtimeText says what was found of a runtime, or what is lost without it.
func runtimeText(r *project.RuntimeStatus) string {
	if r.Name == "reference" {
		return "always there: checks everything, slowly"
	}
	if r.Name == "mil" && r.OK {
		return "always there: computes Core ML packages without Apple's software"
	}
	if !r.OK {
		if loses := strings.TrimRight(r.Loses, ". "); loses != "" {
			return "not here: " + loses
		}
		return "not here"
	}
	text := r.Version
	if len(r.Devices) > 0 {
		text += " · " + r.Devices[0]
		if n := len(r.Devices); n > 1 {
			text += fmt.Sprintf(" and %d more", n-1)
		}
	}
	return text
}

// twoColumns gives the left two thirds, or puts both under each other where it
// is narrow.
type twoColumns struct{ width float32 }

func (t *twoColumns) Layout(o []fyne.CanvasObject, s fyne.Size) {
	t.width = s.Width
	if s.Width < 760 {
		h := o[0].MinSize().Height
		o[0].Move(fyne.NewPos(0, 0))
		o[0].Resize(fyne.NewSize(s.Width, h))
		o[1].Move(fyne.NewPos(0, h+20))
		o[1].Resize(fyne.NewSize(s.Width, o[1].MinSize().Height))
		return
	}
	w := min(s.Width, 1180)
	o[0].Move(fyne.NewPos(0, 0))
	o[0].Resize(fyne.NewSize(w*0.6, s.Height))
	o[1].Move(fyne.NewPos(w*0.6+40, 0))
	o[1].Resize(fyne.NewSize(w*0.4-40, s.Height))
}

func (t *twoColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	if t.width > 0 && t.width < 760 {
		return fyne.NewSize(300, a.Height+b.Height+20)
	}
	return fyne.NewSize(300, max(a.Height, b.Height))
}

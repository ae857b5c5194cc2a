// Package compare is the panel that sets all variants on all local runtimes side
// by side: latency, accuracy, size and memory in charts and a table.
package compare

import (
	"cmp"
	"io"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/profiler/charts"
	"slipway/project"
	"slipway/project/atomicfile"
	"slipway/project/jobs"
	"slipway/ui/panel"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/rows"
)

// Needs is what the panel asks of the application.
type Needs interface {
	Model() *project.Model
	Variants() []*project.Variant
	BenchRows() []project.BenchRow
	EvalRows() []project.EvalRow
	RuntimeTitle(name string) string
	Bench(project.BenchOptions) (int64, error)
	Eval(project.EvalOptions) (int64, error)
	Jobs() *jobs.Queue
	Listen(func(project.Event))
}

// Panel is the comparison page.
type Panel struct {
	env      panel.Env
	needs    Needs
	content  fyne.CanvasObject
	rows     []row
	charts   []*chartView
	table    *widget.Table
	tableBox *fyne.Container
	body     *fyne.Container // all but the buttons
	words    *widget.Label
	doubts   *widget.Label // what speaks against the numbers
	measure  *hint.Button
	eval     *hint.Button
	export   *hint.Button
	start    func(func())  // runs in the background
	wake     chan struct{} // a job changed
}

var (
	_ panel.Panel     = (*Panel)(nil)
	_ panel.Commander = (*Panel)(nil)
)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs) *Panel {
	p := &Panel{env: env, needs: needs, start: func(f func()) { go f() }, wake: make(chan struct{}, 1)}
	p.build()
	go p.follow()
	needs.Listen(func(e project.Event) {
		switch e.Kind {
		case project.JobChanged:
			select {
			case p.wake <- struct{}{}:
			default:
			}
		case project.ResultsChanged, project.VariantsChanged, project.ModelChanged:
			fyne.Do(p.reload)
		}
	})
	return p
}

// ID implements panel.Panel.
func (p *Panel) ID() string { return "compare" }

// Title implements panel.Panel.
func (p *Panel) Title() string { return "Compare" }

// Icon implements panel.Panel.
func (p *Panel) Icon() fyne.Resource { return base.ListIcon() }

// Content implements panel.Panel.
func (p *Panel) Content() fyne.CanvasObject { return p.content }

// Shown draws what changed behind another panel.
func (p *Panel) Shown() {
	p.reload()
	for _, c := range p.charts {
		c.Refresh()
	}
}

// front reports whether the panel can be seen.
func (p *Panel) front() bool { return p.content != nil && p.content.Visible() }

// Commands implements panel.Commander.
func (p *Panel) Commands() []panel.Command {
	why := func(busy func(measuring) string) func() string {
		return func() string {
			if p.needs.Model() == nil {
				return "open a model first"
			}
			return busy(underWay(p.needs.Jobs().List()))
		}
	}
	ctrl := fyne.KeyModifierShortcutDefault
	return []panel.Command{
		{Menu: "Run", Title: "Measure latency", Key: &desktop.CustomShortcut{KeyName: fyne.KeyB, Modifier: ctrl}, Why: why(measuring.latency), Panel: "compare", Do: p.bench},
		{Menu: "Run", Title: "Measure accuracy…", Why: why(measuring.accuracy), Panel: "compare", Do: p.askDataset},
	}
}

func (p *Panel) bench() {
	if _, err := p.needs.Bench(project.BenchOptions{Seconds: 2}); err != nil {
		p.env.Window.Report("Cannot measure", diag.FromError("bench.failed", err))
	}
}

func (p *Panel) askDataset() {
	p.env.Window.OpenFolder("A folder of labelled pictures", func(dir string) {
		if _, err := p.needs.Eval(project.EvalOptions{Dataset: dir}); err != nil {
			p.env.Window.Report("Cannot evaluate", diag.FromError("eval.failed", err))
		}
	})
}

func (p *Panel) build() {
	p.measure = hint.NewButton("Measure latency", base.MediaPlayIcon(), "Every variant on every runtime here, in turns", p.bench)
	p.measure.Importance = widget.HighImportance
	p.eval = hint.NewButton("Measure accuracy…", base.FolderOpenIcon(), "On a folder of pictures, one folder a class", p.askDataset)
	p.export = hint.NewButton("Export table…", base.DocumentSaveIcon(), "As CSV, for spreadsheets", func() {
		rows := p.rows
		p.save("comparison.csv", []string{"csv"}, func(w io.Writer, _ string) error { return writeCSV(w, rows) })
	})
	p.words = widget.NewLabel("")
	p.words.Wrapping = fyne.TextWrapWord
	p.words.TextStyle.Bold = true
	p.doubts = widget.NewLabel("")
	p.doubts.Wrapping, p.doubts.Importance = fyne.TextWrapWord, widget.WarningImportance
	for range 5 {
		p.charts = append(p.charts, newChartView(p))
	}
	p.table = p.newTable()
	bar := container.NewHBox(p.measure, p.eval, layout.NewSpacer(), p.export)
	grid := container.New(&masonry{}, p.charts[0], p.charts[1], p.charts[2], p.charts[3], p.charts[4])
	p.tableBox = container.New(&rowsHeight{rows: func() int { return len(p.rows) }}, p.table)
	p.body = container.NewVBox(container.New(layout.NewCustomPaddedVBoxLayout(-8), p.words, p.doubts), grid, p.tableBox)
	p.content = container.NewBorder(container.NewVBox(container.NewPadded(bar), widget.NewSeparator()), nil, nil, nil, container.NewVScroll(container.NewPadded(p.body)))
	p.reload()
}

func (p *Panel) reload() {
	variants := p.needs.Variants()
	p.rows = rowsOf(variants, p.needs.BenchRows(), p.needs.EvalRows(), p.needs.RuntimeTitle)
	lat, acc, mem, size := latencyChart(p.rows), accuracyChart(p.rows), memoryChart(p.rows), sizeChart(variants)
	busy := underWay(p.needs.Jobs().List())
	busy.say(&lat, &mem, &acc)
	p.charts[0].set("latency", lat, lat.Height())
	p.charts[1].set("accuracy", acc, acc.Height())
	scatter := scatterChart(p.rows)
	high := 320
	if len(scatter.Points) == 0 {
		high = charts.EmptyHeight
	}
	p.charts[2].set("latency-accuracy", scatter, high)
	p.charts[3].set("size", size, size.Height())
	p.charts[4].set("memory", mem, mem.Height())
	w := verdict(p.rows)
	if p.needs.Model() == nil {
		w = "Open a model first: then its variants are measured and compared here."
	}
	if u := unmeasured(p.rows); u != "" {
		w = strings.TrimSpace(w + " " + u)
	}
	say(p.words, w)
	say(p.doubts, doubts(p.rows))
	reason := ""
	if p.needs.Model() == nil {
		reason = "open a model first"
	}
	p.measure.Because(cmp.Or(reason, busy.latency()))
	p.eval.Because(cmp.Or(reason, busy.accuracy()))
	p.export.Because(reason)
	if len(p.rows) == 0 {
		p.tableBox.Hide()
	} else {
		p.tableBox.Show()
	}
	p.table.Refresh()
	p.tableBox.Refresh()
	rows.Arrange(p.body)
}

// colourOf is the importance in whose colour an artefact's verdict stands.
func colourOf(v *project.Variant) widget.Importance {
	if v.Result == nil || v.Result.Verify == nil {
		return widget.MediumImportance
	}
	return map[string]widget.Importance{"match": widget.SuccessImportance, "drift": widget.WarningImportance, "mismatch": widget.DangerImportance}[v.Result.Verify.Verdict]
}

// say shows a text, and no empty line where there is none.
func say(l *widget.Label, text string) {
	l.SetText(text)
	if text == "" {
		l.Hide()
	} else {
		l.Show()
	}
}

func (p *Panel) newTable() *widget.Table {
	t := widget.NewTableWithHeaders(
		func() (int, int) { return len(p.rows), len(columns) },
		func() fyne.CanvasObject {
			return widget.NewLabel("")
		},
		func(id widget.TableCellID, o fyne.CanvasObject) {
			l := o.(*widget.Label)
			l.TextStyle.Bold = id.Col == 0
			l.Alignment = fyne.TextAlignTrailing
			l.Truncation = fyne.TextTruncateOff
			if id.Col < 3 { // names; to look where one is to be cut is slow
				l.Alignment, l.Truncation = fyne.TextAlignLeading, fyne.TextTruncateEllipsis
			}
			l.Importance = widget.MediumImportance
			text := p.rows[id.Row].cells()[id.Col]
			if id.Col == 1 {
				l.Importance = colourOf(p.rows[id.Row].variant)
			}
			l.SetText(text)
		})
	t.ShowHeaderColumn = false
	t.CreateHeader = func() fyne.CanvasObject {
		l := widget.NewLabel("")
		l.TextStyle.Bold = true
		return l
	}
	t.UpdateHeader = func(id widget.TableCellID, o fyne.CanvasObject) {
		l := o.(*widget.Label)
		l.Alignment = fyne.TextAlignTrailing
		if id.Col < 3 {
			l.Alignment = fyne.TextAlignLeading
		}
		if id.Col >= 0 {
			l.SetText(columns[id.Col])
		}
	}
	for i, w := range []float32{220, 116, 120, 84, 84, 84, 84, 84, 84, 72, 96} {
		t.SetColumnWidth(i, w)
	}
	return t
}

func (p *Panel) save(name string, ext []string, write func(w io.Writer, ext string) error) {
	p.env.Window.SaveFile("Export", name, ext, func(path string) {
		go func() {
			err := atomicfile.WriteFrom(path, func(w io.Writer) error { return write(w, strings.ToLower(filepath.Ext(path))) })
			if err != nil {
				p.env.Window.Report("Cannot export "+filepath.Base(path), atomicfile.Findings("compare.export", filepath.Base(path), filepath.Dir(path), err))
				return
			}
			p.env.Window.Notify("written: " + filepath.Base(path))
		}()
	})
}

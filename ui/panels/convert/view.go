// Package convert is the panel that picks targets, starts conversions and shows
// the jobs: progress, cancel, findings, and what came out.
package convert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/ui/panel"
	"slipway/ui/widgets/badge"
	"slipway/units"
)

// Needs is what the panel asks of the application.
type Needs interface {
	Targets() []project.TargetChoice
	Convert(targets []string) ([]int64, error)
	Recipe() plan.Recipe
	Variants() []*project.Variant
	DeleteVariant(id int64) error
	Jobs() *jobs.Queue
	Listen(func(project.Event))
}

// Panel is the conversion page.
type Panel struct {
	env     panel.Env
	needs   Needs
	content fyne.CanvasObject
	targets *fyne.Container
	recipe  *widget.Label
	start   *widget.Button
	jobs    *fyne.Container
	results *fyne.Container
	picked  map[string]bool
	rows    map[int64]*jobRow
	wake    chan struct{}
}

var _ panel.Panel = (*Panel)(nil)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs) *Panel {
	p := &Panel{env: env, needs: needs, picked: map[string]bool{"onnx": true, "openvino": true, "tflite": true}, rows: map[int64]*jobRow{}, wake: make(chan struct{}, 1)}
	p.build()
	needs.Listen(func(e project.Event) {
		switch e.Kind {
		case project.JobChanged:
			select {
			case p.wake <- struct{}{}:
			default:
			}
		case project.ModelChanged, project.RecipeChanged, project.RuntimesChanged:
			fyne.Do(p.reloadTargets)
			fyne.Do(p.reloadResults)
		case project.VariantsChanged:
			fyne.Do(p.reloadResults)
		}
	})
	go p.follow()
	return p
}

func (p *Panel) ID() string                 { return "convert" }
func (p *Panel) Title() string              { return "Convert" }
func (p *Panel) Icon() fyne.Resource        { return base.UploadIcon() }
func (p *Panel) Content() fyne.CanvasObject { return p.content }
func (p *Panel) Shown()                     { p.reloadTargets(); p.reloadJobs() }

// follow redraws the jobs at most some times a second, however often they
// report.
func (p *Panel) follow() {
	for range p.wake {
		fyne.Do(p.reloadJobs)
		time.Sleep(50 * time.Millisecond)
	}
}

func (p *Panel) build() {
	p.targets, p.jobs, p.results = container.NewVBox(), container.NewVBox(), container.NewVBox()
	p.recipe = widget.NewLabel("")
	p.recipe.Wrapping, p.recipe.Importance = fyne.TextWrapWord, widget.LowImportance
	p.start = widget.NewButtonWithIcon("Convert", base.MediaPlayIcon(), p.convert)
	p.start.Importance = widget.HighImportance
	left := container.NewVScroll(container.NewPadded(container.NewVBox(title("Targets"), p.targets, p.recipe, p.start)))
	right := container.NewVScroll(container.NewPadded(container.NewVBox(title("Artefacts"), p.results, title("Jobs"), p.jobs)))
	split := container.NewHSplit(left, right)
	split.Offset = 0.34
	p.content = split
	p.reloadTargets()
	p.reloadResults()
	p.reloadJobs()
}

func title(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.TextStyle.Bold, l.SizeName = true, base.SizeNameSubHeadingText
	return l
}

func caption(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.SizeName, l.Importance, l.Wrapping = base.SizeNameCaptionText, widget.LowImportance, fyne.TextWrapWord
	return l
}

func (p *Panel) reloadTargets() {
	p.targets.RemoveAll()
	any := false
	for _, c := range p.needs.Targets() {
		check := widget.NewCheck(c.Info.Title, func(on bool) { p.picked[c.Info.Name] = on; p.enableStart() })
		check.Checked = p.picked[c.Info.Name] && c.Enabled
		if !c.Enabled {
			check.Disable()
		}
		any = any || check.Checked
		text := c.Info.About
		if c.Reason != "" {
			text = c.Reason
		}
		note := caption(text)
		if c.Reason != "" {
			note.Importance = widget.WarningImportance
		}
		p.targets.Add(container.NewVBox(check, container.New(layout.NewCustomPaddedLayout(-8, 0, 26, 0), note)))
	}
	r := p.needs.Recipe()
	p.recipe.SetText("Recipe: " + Describe(&r))
	p.enableStart()
}

func (p *Panel) chosen() []string {
	var out []string
	for _, c := range p.needs.Targets() {
		if c.Enabled && p.picked[c.Info.Name] {
			out = append(out, c.Info.Name)
		}
	}
	return out
}

func (p *Panel) enableStart() {
	if n := len(p.chosen()); n == 0 {
		p.start.Disable()
		p.start.SetText("Convert")
	} else {
		p.start.Enable()
		p.start.SetText(fmt.Sprintf("Convert to %d %s", n, plural(n, "target", "targets")))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (p *Panel) convert() {
	if _, err := p.needs.Convert(p.chosen()); err != nil {
		p.env.Window.Report("Cannot convert", diag.FromError("convert.failed", err))
	}
}

// Describe puts a recipe into a few words.
func Describe(r *plan.Recipe) string {
	s := r.Precision
	if r.Precision == "int8" {
		s += ", " + r.Quantize.Scheme
		if r.Quantize.Scheme == "static" {
			s += " (" + r.Quantize.Method + ")"
		}
	}
	switch r.Prune.Method {
	case "magnitude":
		s += fmt.Sprintf(", %.0f %% pruned", r.Prune.Ratio*100)
	case "2:4":
		s += ", 2:4 pruned"
	}
	return s
}

// jobRow is one job's widgets, kept so that progress does not rebuild the list.
type jobRow struct {
	box    *fyne.Container
	title  *widget.Label
	stage  *widget.Label
	bar    *widget.ProgressBar
	cancel *widget.Button
	more   *widget.Button
	state  jobs.State
}

func (p *Panel) reloadJobs() {
	list := p.needs.Jobs().List()
	var objects []fyne.CanvasObject
	for _, j := range list {
		r := p.rows[j.ID]
		if r == nil {
			r = p.newRow(j.ID)
			p.rows[j.ID] = r
		}
		r.update(j)
		objects = append(objects, r.box)
	}
	if len(objects) == 0 {
		objects = append(objects, caption("Nothing has been started yet."))
	}
	if !slices.Equal(p.jobs.Objects, objects) {
		p.jobs.Objects = objects
		p.jobs.Refresh()
	}
}

func (p *Panel) newRow(id int64) *jobRow {
	r := &jobRow{title: widget.NewLabel(""), stage: caption(""), bar: widget.NewProgressBar()}
	r.title.TextStyle.Bold = true
	r.title.Truncation = fyne.TextTruncateEllipsis
	r.cancel = widget.NewButtonWithIcon("Cancel", base.CancelIcon(), func() { p.needs.Jobs().Cancel(id) })
	r.more = widget.NewButton("Details", func() { p.details(id) })
	r.box = container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(r.more, r.cancel), r.title), r.bar, r.stage, widget.NewSeparator())
	return r
}

func (r *jobRow) update(j jobs.Status) {
	r.title.SetText(j.Title)
	r.bar.SetValue(j.Fraction)
	text := string(j.State)
	switch j.State {
	case jobs.Running:
		text = j.Stage
		if eta := j.ETA(time.Now()); eta > 2*time.Second {
			text += ", about " + units.Duration(eta.Round(time.Second)) + " left"
		}
	case jobs.Done:
		text = "done in " + units.Duration(j.Ended.Sub(j.Started))
	case jobs.Failed:
		text = "failed"
		if e := j.Findings.Errors(); len(e) > 0 {
			text += ": " + e[0].Text
		}
	}
	r.stage.Importance = widget.LowImportance
	if j.State == jobs.Failed {
		r.stage.Importance = widget.DangerImportance
	}
	r.stage.SetText(text)
	if j.State.Ended() {
		r.cancel.Hide()
		r.bar.Hide()
	}
	if len(j.Findings)+len(j.Log) == 0 {
		r.more.Hide()
	} else {
		r.more.Show()
	}
	r.state = j.State
}

func (p *Panel) details(id int64) {
	for _, j := range p.needs.Jobs().List() {
		if j.ID != id {
			continue
		}
		f := slices.Clone(j.Findings)
		if len(j.Log) > 0 {
			f = append(f, diag.Infof("job.log", "%s", strings.Join(j.Log, "\n")))
		}
		p.env.Window.Report(j.Title, f)
	}
}

func (p *Panel) reloadResults() {
	p.results.RemoveAll()
	for _, v := range p.needs.Variants() {
		if v.ID != 0 {
			p.results.Add(p.card(v))
		}
	}
	if len(p.results.Objects) == 0 {
		p.results.Add(caption("No artefact yet. Pick targets and press Convert: each is verified against the source on its own runtime."))
	}
}

func (p *Panel) card(v *project.Variant) fyne.CanvasObject {
	name := widget.NewLabel(v.Title)
	name.TextStyle.Bold = true
	text := units.Bytes(v.Bytes)
	if r := v.Result; r != nil && r.Verify != nil && r.Verify.Runtime != "" {
		text += fmt.Sprintf(" · %s %s · largest error %.2g of the range · cosine %.5f", r.Verify.Runtime, r.Verify.Version, r.Verify.MaxRel, r.Verify.Cosine)
	}
	remove := widget.NewButtonWithIcon("", base.DeleteIcon(), func() {
		p.env.Window.Confirm("Delete "+v.Title+"?", "The artefact and its results are removed.", func() {
			if err := p.needs.DeleteVariant(v.ID); err != nil {
				p.env.Window.Report("Cannot delete", diag.FromError("variant.delete", err))
			}
		})
	})
	remove.Importance = widget.LowImportance
	more := widget.NewButton("Details", func() {
		f := diag.List{diag.Infof("artefact.file", "%s", v.Path)}
		if v.Result != nil {
			for _, r := range v.Result.Passes {
				if r.Fired > 0 {
					f = append(f, diag.Infof("artefact.pass", "%s: %d times", r.Name, r.Fired))
				}
			}
			f = append(f, v.Result.Findings...)
		}
		p.env.Window.Report(v.Title, f)
	})
	head := container.NewBorder(nil, nil, container.NewHBox(badge.Of(v), name), container.NewHBox(more, remove))
	return container.NewVBox(head, caption(text), widget.NewSeparator())
}

package convert

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/project/jobs"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/meter"
	"slipway/ui/widgets/rows"
	"slipway/ui/widgets/words"
)

// jobRow is one job's widgets, kept so that progress does not rebuild the list.
type jobRow struct {
	box    *fyne.Container
	title  *widget.Label
	stage  *widget.Label
	cure   *widget.Label // what to do about a failure
	again  *hint.Button
	bar    *meter.Meter
	cancel *hint.Button
	more   *hint.Button
	thin   *fyne.Container // around bar
}

// thinBar makes a progress bar a line: the words beside it say the rest.
type thinBar struct{}

func (thinBar) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Move(fyne.NewPos(6, 0))
	o[0].Resize(fyne.NewSize(s.Width-12, s.Height))
}
func (thinBar) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, 6) }

func (p *Panel) reloadJobs() {
	list := jobsOf(p.needs.Jobs().List(), p.needs.Model())
	var objects []fyne.CanvasObject
	for _, j := range list {
		r := p.jobRows[j.ID]
		if r == nil {
			r = p.newRow(j.ID)
			p.jobRows[j.ID] = r
			r.update(j)
			rows.Settle(r.box, p.jobs.Size().Width)
		}
		r.update(j)
		objects = append(objects, r.box)
	}
	for id, r := range p.jobRows {
		if !slices.Contains(objects, fyne.CanvasObject(r.box)) {
			delete(p.jobRows, id)
		}
	}
	if len(objects) == 0 {
		objects = append(objects, words.Caption("Nothing has been started yet."))
	}
	if !slices.Equal(p.jobs.Objects, objects) {
		p.jobs.Objects = objects
		p.jobs.Refresh()
	}
	if p.right != nil {
		rows.Arrange(p.right)
	}
}

func (p *Panel) newRow(id int64) *jobRow {
	r := &jobRow{title: widget.NewLabel(""), stage: words.Caption(""), cure: words.Caption(""), bar: meter.New()}
	r.title.TextStyle.Bold = true
	r.title.Truncation = fyne.TextTruncateEllipsis
	r.cancel = hint.NewButton("Cancel", base.CancelIcon(), "", func() { p.needs.Jobs().Cancel(id) })
	r.more = hint.NewButton("Details", nil, "Findings and the job's log", func() { p.details(id) })
	r.cure.Importance = widget.MediumImportance
	r.again = hint.NewButton("Try again", base.ViewRefreshIcon(), "The same once more, with the settings of then", func() { p.needs.Jobs().Again(id) })
	r.thin = container.New(&thinBar{}, r.bar)
	r.box = container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(r.again, r.more, r.cancel), r.title), r.thin,
		container.New(layout.NewCustomPaddedLayout(-6, 0, 0, 0), container.New(layout.NewCustomPaddedVBoxLayout(-9), r.stage, r.cure)), widget.NewSeparator())
	return r
}

func (r *jobRow) update(j jobs.Status) {
	r.title.SetText(j.Title)
	r.bar.Set(j.Fraction)
	text := jobText(j, time.Now())
	r.stage.Importance = widget.LowImportance
	if j.State == jobs.Failed {
		r.stage.Importance = widget.DangerImportance
	}
	r.stage.SetText(text)
	say(r.cure, jobCure(j))
	if j.State == jobs.Failed || j.State == jobs.Cancelled {
		r.again.Show()
	} else {
		r.again.Hide()
	}
	if j.State.Ended() {
		r.cancel.Hide()
	}
	if j.State == jobs.Running {
		r.thin.Show()
	} else {
		r.thin.Hide()
	}
	if len(j.Findings)+len(j.Log) == 0 {
		r.more.Hide()
	} else {
		r.more.Show()
	}
}

func (p *Panel) details(id int64) {
	for _, j := range p.needs.Jobs().List() {
		if j.ID != id {
			continue
		}
		f := slices.Clone(j.Findings)
		if len(j.Log) > 0 {
			f = append(f, diag.Infof("job.log", "%s", strings.Join(brief(j.Log), "\n")))
		}
		p.env.Window.Report(j.Title, f)
	}
}

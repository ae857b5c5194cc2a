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
	"slipway/ui/panel"
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
	mend   *hint.Button // takes the reason of the failure away
	do     func()       // what it does
	away   *hint.Button
	bar    *meter.Meter
	cancel *hint.Button
	more   *hint.Button
	thin   *fyne.Container // around bar
	shape  jobShape
}

// thinBar makes a progress bar a line: the words beside it say the rest.
type thinBar struct{}

func (thinBar) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Move(fyne.NewPos(6, 0))
	o[0].Resize(fyne.NewSize(s.Width-12, s.Height))
}
func (thinBar) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, 6) }

// jobList is a heading with rows of jobs below it, gone where there are none.
type jobList struct {
	content *fyne.Container
	rows    *fyne.Container
}

func newJobList(title string) *jobList {
	l := &jobList{rows: container.NewVBox()}
	l.content = container.NewVBox(words.Title(title), l.rows)
	l.content.Hide()
	return l
}

// show replaces the rows and reports whether they are others.
func (l *jobList) show(objects []fyne.CanvasObject) bool {
	if slices.Equal(l.rows.Objects, objects) {
		return false
	}
	l.rows.Objects = objects
	if len(objects) == 0 {
		l.content.Hide()
	} else {
		l.content.Show()
	}
	l.content.Refresh()
	return true
}

// reloadJobs shows what runs, waits or failed above the artefacts, and what
// ended well, or as somebody wanted, below them. UI goroutine.
func (p *Panel) reloadJobs() {
	var now, earlier []fyne.CanvasObject
	seen, changed := map[int64]bool{}, false
	for _, j := range jobsOf(p.needs.Jobs().List(), p.needs.Model()) {
		r := p.jobRows[j.ID]
		if r == nil {
			r = p.newRow(j.ID)
			p.jobRows[j.ID] = r
			r.update(j, p.mend(j))
			rows.Settle(r.box, p.right.Size().Width)
		}
		changed = r.update(j, p.mend(j)) || changed
		seen[j.ID] = true
		if place(j) < past {
			now = append(now, r.box)
		} else {
			earlier = append(earlier, r.box)
		}
	}
	for id := range p.jobRows {
		if !seen[id] {
			delete(p.jobRows, id)
		}
	}
	changed = p.now.show(now) || changed
	if p.earlier.show(earlier) || changed {
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
	r.mend = hint.NewButton("", nil, "", func() { r.do() })
	r.away = hint.NewIcon(base.ContentClearIcon(), "Take it off the list", func() { p.needs.Jobs().Remove(id); p.reloadJobs() })
	r.thin = container.New(&thinBar{}, r.bar)
	r.box = container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(r.mend, r.again, r.more, r.cancel, r.away), r.title), r.thin,
		container.New(layout.NewCustomPaddedLayout(-6, 0, 0, 0), container.New(layout.NewCustomPaddedVBoxLayout(-9), r.stage, r.cure)), widget.NewSeparator())
	return r
}

// jobShape is what a row's height and the places in it depend on.
type jobShape struct {
	state jobs.State
	cure  string
	more  bool
	mend  string
	high  float32 // of the text that wraps
}

// update shows where the job stands and reports whether that needs another
// layout: most news does not, and comes many times a second. mend is what can be
// done about its failure, nil for nothing.
func (r *jobRow) update(j jobs.Status, mend *panel.Cure) bool {
	if r.title.Text != j.Title { // to look where a text is to be cut is slow
		r.title.SetText(j.Title)
	}
	r.bar.Set(j.Fraction)
	text := jobText(j, time.Now())
	importance := widget.LowImportance
	if j.State == jobs.Failed {
		importance = widget.DangerImportance
	}
	if r.stage.Text != text || r.stage.Importance != importance {
		r.stage.Importance = importance
		r.stage.SetText(text)
	}
	now := jobShape{state: j.State, cure: jobCure(j), more: len(j.Findings)+len(j.Log) > 0, high: r.stage.MinSize().Height}
	if mend != nil {
		now.mend, r.do = mend.Title, mend.Do
	}
	if now == r.shape {
		return false
	}
	r.shape = now
	say(r.cure, now.cure)
	if now.mend == "" {
		r.mend.Hide()
	} else {
		r.mend.SetText(mend.Title)
		r.mend.SetIcon(mend.Icon)
		r.mend.SetHint(mend.Hint)
		r.mend.Show()
	}
	if now.mend == "" && (j.State == jobs.Failed || j.State == jobs.Cancelled) { // with the settings of then it would fail again
		r.again.Show()
	} else {
		r.again.Hide()
	}
	if j.State.Ended() {
		r.cancel.Hide()
		r.away.Show()
	} else {
		r.away.Hide()
	}
	if j.State == jobs.Running {
		r.thin.Show()
	} else {
		r.thin.Hide()
	}
	if now.more {
		r.more.Show()
	} else {
		r.more.Hide()
	}
	return true
}

// mend is what the window can do about a job's failure, nil for nothing.
func (p *Panel) mend(j jobs.Status) *panel.Cure {
	if j.State != jobs.Failed {
		return nil
	}
	return p.env.CureOf(j.Findings)
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

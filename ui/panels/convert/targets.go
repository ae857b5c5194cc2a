package convert

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/target"
	"slipway/project"
	"slipway/ui/widgets/field"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/rows"
	"slipway/ui/widgets/words"
)

// targetRow is one target's widgets. They live as long as the panel: what is
// found out meanwhile takes neither the focus nor a click from them.
type targetRow struct {
	object   fyne.CanvasObject
	check    *field.Check
	reason   *widget.Label
	line     *supportRow
	settings *targetSettings // nil where it has none
	under    *fyne.Container
	shown    rowState
}

// rowState is what a row shows, beside its check and its form.
type rowState struct {
	enabled bool
	reason  string
	line    lineState
}

// reloadTargets brings the rows up to date. UI goroutine.
func (p *Panel) reloadTargets() {
	var objects []fyne.CanvasObject
	r := p.needs.Recipe()
	targets := p.targetsNow()
	common := sameReason(targets) // then the button says it, once
	for _, c := range targets {
		row := p.targetRows[c.Info.Name]
		if row == nil {
			row = p.newTarget(c.Info)
			p.targetRows[c.Info.Name] = row
		}
		row.tick(p.picked[c.Info.Name] && c.Enabled, c.Enabled)
		now := rowState{enabled: c.Enabled, line: p.lineOf(c.Info)}
		if s := p.support[c.Info.Name]; c.Reason != "" && !common && (s == nil || s.OK) { // a refusal stands beside its details
			now.reason = c.Reason
		}
		row.show(now)
		if row.settings != nil {
			row.settings.show(r)
		}
		objects = append(objects, row.object)
	}
	if !slices.Equal(p.targets.Objects, objects) {
		p.targets.Objects = objects
		p.targets.Refresh()
	}
	rows.Arrange(p.targets)
	say(p.recipe, "Recipe: "+Describe(&r))
	p.enableStart()
	if p.right != nil && len(p.needs.Variants()) <= 1 { // the source
		p.reloadResults()
	}
}

// newTarget makes a target's row, which shows nothing of the moment yet.
func (p *Panel) newTarget(info target.Info) *targetRow {
	row := &targetRow{reason: words.Caption(""), line: newSupportRow()}
	row.check = field.NewCheck(info.Title, func(on bool) { p.picked[info.Name] = on; p.enableStart() })
	row.reason.Importance = widget.WarningImportance
	row.reason.Hide()
	row.line.more.SetHint("Layer by layer: what " + info.Title + " would do")
	row.line.more.OnTapped = func() {
		hint.Leave(row.line.more)
		if s := p.support[info.Name]; s != nil {
			p.env.Window.Report("What "+info.Title+" would do", s.Remarks())
		}
	}
	row.under = container.New(layout.NewCustomPaddedVBoxLayout(-9), words.Caption(info.About), row.reason, row.line.box)
	if row.settings = p.newSettings(info.Name, info.Title); row.settings != nil {
		row.settings.box.Hide()
		row.under.Add(row.settings.box)
	}
	row.object = container.NewVBox(row.check, container.New(layout.NewCustomPaddedLayout(-10, 2, 26, 0), row.under))
	rows.Settle(row.object, p.targets.Size().Width)
	return row
}

// tick sets the check, which is not a person's doing.
func (r *targetRow) tick(on, enabled bool) {
	if r.check.Checked != on {
		changed := r.check.OnChanged
		r.check.OnChanged = nil
		r.check.SetChecked(on)
		r.check.OnChanged = changed
	}
	if enabled {
		r.check.Enable()
	} else {
		r.check.Disable()
	}
}

// show changes what is different from before.
func (r *targetRow) show(now rowState) {
	if now == r.shown {
		return
	}
	r.shown = now
	say(r.reason, now.reason)
	r.line.show(now.line)
	if r.settings != nil {
		if now.enabled {
			r.settings.box.Show()
		} else {
			r.settings.box.Hide()
		}
	}
	r.under.Refresh()
}

// say shows a text, and no empty line where there is none.
func say(l *widget.Label, text string) {
	if l.Text != text {
		l.SetText(text)
	}
	if text == "" {
		l.Hide()
	} else {
		l.Show()
	}
}

// supportRow is the line that tells what a target would do with the model.
type supportRow struct {
	box   *fyne.Container
	text  *widget.Label
	more  *hint.Button
	least *canvas.Rectangle
}

// lineState is what a supportRow shows.
type lineState struct {
	text       string // "": no line
	importance widget.Importance
	waits      bool // it is being found out
	more       bool // there are details
}

func newSupportRow() *supportRow {
	l := &supportRow{text: words.Caption(""), more: hint.NewButton("Details", nil, "", func() {}), least: canvas.NewRectangle(color.Transparent)}
	l.more.Importance = widget.LowImportance
	l.more.Hide()
	l.box = container.NewStack(l.least, container.NewBorder(nil, nil, nil, l.more, container.NewVBox(layout.NewSpacer(), l.text, layout.NewSpacer())))
	l.box.Hide()
	return l
}

// show changes the line. While it waits it keeps its height: no row moves under
// the pointer until there is news.
func (l *supportRow) show(s lineState) {
	if s.text == "" {
		l.box.Hide()
		return
	}
	high := l.more.MinSize().Height // that of a line beside its button
	if s.waits {
		high = max(high, l.box.Size().Height)
	}
	l.least.SetMinSize(fyne.NewSize(0, high))
	if s.more {
		l.more.Show()
	} else {
		l.more.Hide()
	}
	l.text.Importance = s.importance
	l.text.SetText(s.text)
	l.box.Show()
}

// lineOf is what a target's row says of the open model.
func (p *Panel) lineOf(info target.Info) lineState {
	s := p.support[info.Name]
	if s == nil {
		m := p.needs.Model()
		if !p.asked || m == nil || len(m.Summary.Findings.Errors()) > 0 {
			return lineState{}
		}
		return lineState{text: "looking at the layers …", importance: widget.LowImportance, waits: true}
	}
	now := lineState{text: s.Brief(), importance: widget.WarningImportance, more: len(s.Remarks()) > 0}
	if s.OK {
		now.importance = widget.LowImportance
		if now.text == plan.Everything {
			now.importance = widget.SuccessImportance
		}
	}
	return now
}

// targetsNow are the targets with what was found out about each of them.
func (p *Panel) targetsNow() []project.TargetChoice { return judged(p.needs.Targets(), p.support) }

func (p *Panel) chosen() []string { return chosen(p.targetsNow(), p.picked) }

func (p *Panel) enableStart() {
	text, reason := startText(p.targetsNow(), p.picked)
	if p.start.Text != text {
		p.start.SetText(text)
	}
	p.start.Because(reason)
	changed := p.showLacks()
	if p.why.Text != reason {
		say(p.why, reason)
		changed = true
	}
	if changed && p.left != nil {
		rows.Arrange(p.left)
	}
}

// showLacks says, before the conversion, what the picked targets lack for the
// recipe, and reports whether that takes another place.
func (p *Panel) showLacks() bool {
	r := p.needs.Recipe()
	f := uncalibrated(&r, p.chosen())
	if f == nil {
		return p.lacks.Show(nil, nil)
	}
	return p.lacks.Show(f, p.env.CureOf(diag.List{f}))
}

func (p *Panel) convert() {
	if _, err := p.needs.Convert(p.chosen()); err != nil {
		p.env.Window.Report("Cannot convert", diag.FromError("convert.failed", err))
	}
}

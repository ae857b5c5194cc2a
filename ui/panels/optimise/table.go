package optimise

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/plan"
	"slipway/ui/widgets/rows"
	"slipway/ui/widgets/words"
)

// sideBySide shows what each layer will compute in on every target, once the
// recipe asks for int8.
type sideBySide struct {
	table   *widget.Table
	note    *widget.Label
	content *fyne.Container
	space   *fyne.Container
	data    plan.Table
	names   map[string]string // of targets
	room    func() float32    // height of the page
}

func newSideBySide() *sideBySide {
	s := &sideBySide{}
	s.table = widget.NewTable(
		func() (int, int) { return len(s.data.Rows) + 1, len(s.data.Targets) + 1 },
		func() fyne.CanvasObject {
			l := widget.NewLabel("")
			l.SizeName = base.SizeNameCaptionText
			return l
		},
		func(id widget.TableCellID, o fyne.CanvasObject) {
			l := o.(*widget.Label)
			l.TextStyle.Bold, l.Importance = id.Row == 0, widget.MediumImportance
			l.Truncation = fyne.TextTruncateOff
			if id.Col == 0 { // to look where a text is to be cut takes a hundred times as long as to draw it
				l.Truncation = fyne.TextTruncateEllipsis
			}
			l.SetText(s.cell(id))
			if l.Text == "float" || l.Text == onlyWeights {
				l.Importance = widget.WarningImportance
				l.Refresh()
			}
		})
	s.table.StickyRowCount, s.table.StickyColumnCount = 1, 1
	s.note = words.Caption("")
	space := container.New(&tableSpace{s}, s.table)
	s.space = space
	s.content = container.NewVBox(words.Title("What runs in 8 bits"), space, s.note)
	s.content.Hide()
	return s
}

// cell is the text of one cell; row 0 is the heading.
func (s *sideBySide) cell(id widget.TableCellID) string {
	switch {
	case id.Row == 0 && id.Col == 0:
		return "Layer"
	case id.Row == 0:
		return s.named(s.data.Targets[id.Col-1])
	case id.Col == 0:
		r := s.data.Rows[id.Row-1]
		return tail(r.Layer) + " · " + r.Op
	}
	in := s.data.Rows[id.Row-1].In[id.Col-1]
	if in == "int8 weights" {
		return onlyWeights
	}
	return in
}

// named is what people call a target, where there is little room.
func (s *sideBySide) named(target string) string {
	if n := s.names[target]; n != "" {
		return n
	}
	return target
}

// onlyWeights is what the table calls "int8 weights", so that it fits.
const onlyWeights = "weights"

// tableSpace gives the table all of the width: each target what its texts need,
// the layers the rest.
type tableSpace struct{ s *sideBySide }

const (
	between       = 4 // the toolkit's gap between cells
	leastForNames = 112
	tableHeight   = 300 // at most, where half of the page is less
)

func (t *tableSpace) Layout(o []fyne.CanvasObject, size fyne.Size) {
	s := t.s
	left := size.Width - between - 2
	for i, name := range s.data.Targets {
		w := max(textWidth(s.named(name), true), textWidth(onlyWeights, false)) + 2*base.InnerPadding() + 8
		s.table.SetColumnWidth(i+1, w)
		left -= w + between
	}
	s.table.SetColumnWidth(0, max(left, leastForNames))
	o[0].Resize(size)
}

func textWidth(text string, bold bool) float32 {
	return fyne.MeasureText(text, base.CaptionTextSize(), fyne.TextStyle{Bold: bold}).Width
}

// MinSize is as high as the rows, and on a high page up to half of it.
func (t *tableSpace) MinSize([]fyne.CanvasObject) fyne.Size {
	row := t.s.table.CreateCell().MinSize().Height + between
	high := float32(tableHeight)
	if t.s.room != nil {
		high = max(high, t.s.room()/2)
	}
	return fyne.NewSize(300, min(high, row*float32(len(t.s.data.Rows)+1)+between))
}

// tail is the end of a layer's name, which tells it from its neighbours.
func tail(name string) string {
	const most = 32
	r := []rune(name)
	if len(r) <= most {
		return name
	}
	return "…" + string(r[len(r)-most+1:])
}

// wait says that the table is being made, where there is none yet. UI goroutine.
func (s *sideBySide) wait() {
	if len(s.data.Rows) > 0 {
		return
	}
	s.space.Hide()
	s.note.SetText("Looking at every layer on every target …")
	s.content.Show()
	s.content.Refresh()
}

// show replaces the contents. UI goroutine.
func (s *sideBySide) show(t plan.Table) {
	s.data = t
	if len(t.Rows) == 0 {
		s.content.Hide()
		return
	}
	s.space.Show()
	var lines []string
	for _, r := range t.Rows {
		if slices.Contains(r.In, "int8 weights") {
			lines = append(lines, "weights: stored in 8 bits, computed in float")
			break
		}
	}
	for _, n := range t.Notes {
		var names []string
		for _, t := range n.Targets {
			names = append(names, s.named(t))
		}
		lines = append(lines, strings.Join(names, ", ")+": "+n.Text)
	}
	s.note.SetText(strings.Join(lines, "\n"))
	s.content.Show()
	s.content.Refresh()
	s.space.Refresh()
	s.table.Refresh()
}

// look asks for the table again, away from the UI goroutine; the last request
// wins.
func (p *Panel) look() {
	select {
	case p.looking <- struct{}{}:
	default: // one is waiting already
	}
}

// lookAgain is the goroutine behind look.
func (p *Panel) lookAgain() {
	for range p.looking {
		var t plan.Table
		if r := p.needs.Recipe(); r.Precision == "int8" {
			fyne.Do(func() { p.runs.wait(); rows.Arrange(p.right) })
			var names []string
			for _, c := range p.needs.Targets() {
				if c.Enabled {
					names = append(names, c.Info.Name)
				}
			}
			// Without a model, or where it is closed meanwhile, there is no table.
			if l, err := p.needs.Support(context.Background(), names); err == nil {
				t = plan.SideBySide(l)
			}
		}
		fyne.Do(func() { p.runs.show(t); rows.Arrange(p.right) })
	}
}

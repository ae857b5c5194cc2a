package test

import (
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/project"
	"slipway/runtimes/task"
	"slipway/ui/theme"
	"slipway/ui/widgets/badge"
	"slipway/ui/widgets/finding"
	"slipway/units"
)

// cardWidth and cardHeight are those of one variant's answers; boxesHeight comes
// to it where the answers are boxes in the picture.
const cardWidth, cardHeight, boxesHeight = 220, 190, 152

func (p *Panel) row(pic *project.Picture, thumb *thumb) fyne.CanvasObject {
	name := widget.NewLabel(filepath.Base(pic.Path))
	name.Wrapping = fyne.TextWrapBreak // the ends of names tell pictures apart
	name.SizeName, name.TextStyle.Bold = base.SizeNameCaptionText, true
	left := container.NewVBox()
	if thumb != nil {
		img := canvas.NewImageFromImage(thumb.img)
		img.FillMode = canvas.ImageFillContain
		img.SetMinSize(fyne.NewSize(180, 150))
		left.Add(img)
	}
	left.Add(container.New(&ofWidth{180}, name))
	if pic.Err != nil {
		l := widget.NewLabel("This picture cannot be read: " + pic.Err.Error())
		l.Wrapping, l.Importance = fyne.TextWrapWord, widget.DangerImportance
		return p.frame(container.NewBorder(nil, nil, left, nil, l))
	}
	high := float32(cardHeight)
	if thumb != nil && boxed(pic.Cells) {
		most := 1
		for _, c := range pic.Cells {
			most = max(most, min(5, len(c.Predictions)))
		}
		high += boxesHeight - float32(5-most)*rowHeight
	} else {
		thumb = nil
	}
	cells := container.New(layout.NewGridWrapLayout(fyne.NewSize(cardWidth, high)))
	var first []task.Prediction
	colours := shadesOf(pic.Cells)
	for i, c := range pic.Cells {
		if i == 0 {
			first = c.Predictions
		}
		cells.Add(p.cell(c, first, thumb, colours))
	}
	if !pic.Done {
		wait := widget.NewLabel("waiting for an answer …")
		wait.Importance = widget.LowImportance
		cells.Add(container.NewCenter(wait))
	}
	return p.frame(container.NewBorder(nil, nil, container.NewVBox(left), nil, cells))
}

func (p *Panel) frame(o fyne.CanvasObject) fyne.CanvasObject {
	bg := canvas.NewRectangle(theme.Current(theme.ColorCard))
	bg.CornerRadius, bg.StrokeWidth, bg.StrokeColor = 6, 1, theme.Current(theme.ColorBorder)
	return container.NewStack(bg, container.New(layout.NewCustomPaddedLayout(10, 10, 10, 10), o))
}

// cell is what one variant says. thumb, where not nil, is shown with the boxes
// that were found.
func (p *Panel) cell(c project.Cell, first []task.Prediction, thumb *thumb, colours shades) fyne.CanvasObject {
	v := p.needs.Variant(c.Variant)
	if v == nil {
		return layout.NewSpacer()
	}
	title := widget.NewLabel(v.Title)
	title.TextStyle.Bold = true
	title.Truncation = fyne.TextTruncateEllipsis
	sub := widget.NewLabel(p.needs.RuntimeTitle(c.Runtime) + " · " + units.Duration(c.Took))
	sub.SizeName, sub.Importance = base.SizeNameCaptionText, widget.LowImportance
	head := container.NewBorder(nil, nil, nil, badge.Of(v), title)
	if c.Err != nil {
		l := widget.NewLabel(finding.Brief(c.Err.Error()))
		l.Wrapping, l.Importance = fyne.TextWrapWord, widget.DangerImportance
		if absent(c.Err) {
			l.Importance = widget.LowImportance // nothing is wrong with the artefact
		}
		sub.SetText(p.needs.RuntimeTitle(c.Runtime))
		return container.NewBorder(container.New(layout.NewCustomPaddedVBoxLayout(-6), head, sub), nil, nil, nil, container.NewVScroll(l))
	}
	top := container.New(layout.NewCustomPaddedVBoxLayout(-6), head, sub)
	if thumb != nil {
		img := canvas.NewImageFromImage(thumb.boxes(c.Predictions, colours))
		img.FillMode = canvas.ImageFillContain
		img.SetMinSize(fyne.NewSize(cardWidth-12, boxesHeight-8))
		top = container.NewVBox(top, img)
	}
	rows := container.New(&tight{})
	for i, pr := range c.Predictions[:min(5, len(c.Predictions))] {
		rows.Add(predictionRow(pr, i == 0 && differs(first, c.Predictions), colours))
	}
	if len(c.Predictions) == 0 {
		rows.Add(widget.NewLabel("nothing found"))
	}
	return container.NewBorder(top, nil, nil, nil, rows)
}

// predictionRow is a label over a bar as long as its score; differs marks a best
// answer that is not the source's.
func predictionRow(pr task.Prediction, differs bool, colours shades) fyne.CanvasObject {
	l := canvas.NewText(pr.Label, theme.Current(base.ColorNameForeground))
	l.TextSize = 12
	if differs {
		l.Color = theme.Current(theme.ColorMismatch)
		l.TextStyle.Bold = true
	}
	s := canvas.NewText(scoreText(pr.Score), theme.Current(theme.ColorMuted))
	s.TextSize = 12
	bar := canvas.NewRectangle(theme.Current(base.ColorNameSelection))
	bar.CornerRadius = 3
	if pr.Box != nil { // in the colour of its box
		c := colours[pr.Index]
		c.A = 0x66
		bar.FillColor = c
	}
	return container.New(&barRow{share: float32(pr.Score)}, bar, l, s)
}

// ofWidth gives one object a width and the height that it needs then.
type ofWidth struct{ width float32 }

func (w *ofWidth) Layout(o []fyne.CanvasObject, s fyne.Size) { o[0].Resize(s) }

func (w *ofWidth) MinSize(o []fyne.CanvasObject) fyne.Size {
	if o[0].Size().Width != w.width {
		o[0].Resize(fyne.NewSize(w.width, o[0].MinSize().Height)) // wrapped text knows its height by its width
	}
	return fyne.NewSize(w.width, o[0].MinSize().Height)
}

// tight stacks rows of one height.
type tight struct{}

const rowHeight = 24

func (*tight) Layout(o []fyne.CanvasObject, size fyne.Size) {
	for i, c := range o {
		c.Move(fyne.NewPos(6, float32(i*rowHeight)))
		c.Resize(fyne.NewSize(size.Width-12, rowHeight-2))
	}
}

func (*tight) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(100, float32(len(o)*rowHeight))
}

// barRow lays out a bar behind a label and, at the right, a number; a label that
// does not fit is cut by the card's edge, so it is shortened.
type barRow struct {
	share float32
	full  string
	room  float32 // for which the label was shortened
}

// Layout implements fyne.Layout.
func (b *barRow) Layout(o []fyne.CanvasObject, size fyne.Size) {
	bar, label, number := o[0], o[1].(*canvas.Text), o[2].(*canvas.Text)
	bar.Resize(fyne.NewSize(max(2, size.Width*min(max(b.share, 0), 1)), size.Height))
	n := number.MinSize()
	number.Move(fyne.NewPos(size.Width-n.Width-4, (size.Height-n.Height)/2))
	number.Resize(n)
	if b.full == "" {
		b.full = label.Text
	}
	room := size.Width - n.Width - 18
	if room != b.room { // to measure texts is slow
		b.room = room
		label.Text = fit(b.full, func(s string) bool {
			label.Text = s
			return label.MinSize().Width <= room
		})
	}
	m := label.MinSize()
	label.Move(fyne.NewPos(6, (size.Height-m.Height)/2))
	label.Resize(m)
}

func (b *barRow) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(80, rowHeight-2) }

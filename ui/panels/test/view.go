// Package test is the panel on which pictures are dropped: what the source and
// every variant say about each, side by side.
package test

import (
	"fmt"
	"image"
	"path/filepath"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/disintegration/imaging"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/runtimes/task"
	"slipway/ui/panel"
	"slipway/ui/theme"
	"slipway/ui/widgets/badge"
	"slipway/units"
)

// Needs is what the panel asks of the application.
type Needs interface {
	Pictures() []project.Picture
	ClearPictures()
	RetestPictures()
	TestPictures(paths []string) (int64, error)
	Variants() []*project.Variant
	Variant(id int64) *project.Variant
	Task() (*task.Task, string)
	SetTask(*task.Task) error
	Model() *project.Model
	Listen(func(project.Event))
}

// Panel shows tested pictures, newest first.
type Panel struct {
	env     panel.Env
	needs   Needs
	content fyne.CanvasObject
	list    *fyne.Container
	note    *widget.Label
	wake    chan struct{}

	mu     sync.Mutex
	thumbs map[string]*image.NRGBA // by path, made once
}

var _ panel.Panel = (*Panel)(nil)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs) *Panel {
	p := &Panel{env: env, needs: needs, wake: make(chan struct{}, 1), thumbs: map[string]*image.NRGBA{}}
	p.build()
	needs.Listen(func(e project.Event) {
		switch e.Kind {
		case project.PicturesChanged, project.ModelChanged, project.TaskChanged:
			select {
			case p.wake <- struct{}{}:
			default:
			}
		case project.VariantsChanged:
			needs.RetestPictures()
		}
	})
	go p.follow()
	return p
}

func (p *Panel) ID() string                 { return "test" }
func (p *Panel) Title() string              { return "Test" }
func (p *Panel) Icon() fyne.Resource        { return base.FileImageIcon() }
func (p *Panel) Content() fyne.CanvasObject { return p.content }
func (p *Panel) Shown()                     { p.reload() }

func (p *Panel) follow() {
	for range p.wake {
		p.makeThumbs()
		fyne.Do(p.reload)
		time.Sleep(60 * time.Millisecond)
	}
}

func (p *Panel) build() {
	p.list = container.NewVBox()
	p.note = widget.NewLabel("")
	p.note.Wrapping = fyne.TextWrapWord
	p.note.Importance = widget.WarningImportance
	p.note.Hide()
	open := widget.NewButtonWithIcon("Add a picture…", base.ContentAddIcon(), func() {
		p.env.Window.OpenFile("Add a picture", "Pictures", []string{"jpg", "jpeg", "png", "webp", "bmp", "gif"}, func(path string) {
			if _, err := p.needs.TestPictures([]string{path}); err != nil {
				p.env.Window.Report("Cannot test", diag.FromError("test.failed", err))
			}
		})
	})
	taskFile := widget.NewButtonWithIcon("Load task…", base.FileTextIcon(), func() {
		p.env.Window.OpenFile("Load a task file", "Tasks", []string{"yaml", "yml"}, func(path string) {
			t, err := task.Load(path)
			if err == nil {
				err = p.needs.SetTask(t)
			}
			if err != nil {
				p.env.Window.Report("Cannot use the task", diag.FromError("task.invalid", err))
			}
		})
	})
	again := widget.NewButtonWithIcon("Test again", base.ViewRefreshIcon(), p.needs.RetestPictures)
	clear := widget.NewButtonWithIcon("Clear", base.DeleteIcon(), p.needs.ClearPictures)
	bar := container.NewHBox(open, taskFile, layout.NewSpacer(), again, clear)
	p.content = container.NewBorder(container.NewVBox(container.NewPadded(bar), widget.NewSeparator(), p.note), nil, nil, nil, container.NewVScroll(container.NewPadded(p.list)))
	p.reload()
}

// makeThumbs decodes pictures that have no thumbnail yet, off the UI goroutine.
func (p *Panel) makeThumbs() {
	for _, pic := range p.needs.Pictures() {
		p.mu.Lock()
		_, ok := p.thumbs[pic.Path]
		p.mu.Unlock()
		if ok {
			continue
		}
		img, err := task.DecodeFile(pic.Path)
		var small *image.NRGBA
		if err == nil {
			small = imaging.Fit(img, 360, 360, imaging.Box)
		}
		p.mu.Lock()
		p.thumbs[pic.Path] = small
		p.mu.Unlock()
	}
}

func (p *Panel) reload() {
	p.list.RemoveAll()
	if _, note := p.needs.Task(); note != "" && p.needs.Model() != nil {
		p.note.SetText("Check this first: " + note + ".")
		p.note.Show()
	} else {
		p.note.Hide()
	}
	pics := p.needs.Pictures()
	if len(pics) == 0 {
		p.list.Add(p.empty())
		return
	}
	for i := len(pics) - 1; i >= 0; i-- {
		p.list.Add(p.row(&pics[i]))
	}
}

func (p *Panel) empty() fyne.CanvasObject {
	l := widget.NewLabel("Drop pictures on the window.\nThe source and every converted variant say what they see, side by side.")
	if p.needs.Model() == nil {
		l.SetText("Open a model first; then drop pictures on the window.")
	}
	l.Alignment, l.Importance = fyne.TextAlignCenter, widget.LowImportance
	icon := canvas.NewImageFromResource(base.NewDisabledResource(base.FileImageIcon()))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSize(64, 64))
	return container.NewVBox(layout.NewSpacer(), container.New(layout.NewCustomPaddedLayout(120, 8, 0, 0), container.NewCenter(icon)), l)
}

// cardWidth is the width of one variant's answers.
const cardWidth = 220

func (p *Panel) row(pic *project.Picture) fyne.CanvasObject {
	p.mu.Lock()
	thumb := p.thumbs[pic.Path]
	p.mu.Unlock()
	name := widget.NewLabel(filepath.Base(pic.Path))
	name.Truncation = fyne.TextTruncateEllipsis
	name.TextStyle.Bold = true
	left := container.NewVBox()
	if thumb != nil {
		img := canvas.NewImageFromImage(thumb)
		img.FillMode = canvas.ImageFillContain
		img.SetMinSize(fyne.NewSize(180, 150))
		left.Add(img)
	}
	left.Add(container.New(layout.NewGridWrapLayout(fyne.NewSize(180, 30)), name))
	if pic.Err != nil {
		l := widget.NewLabel(pic.Err.Error())
		l.Wrapping, l.Importance = fyne.TextWrapWord, widget.DangerImportance
		return p.frame(container.NewBorder(nil, nil, left, nil, l))
	}
	cells := container.New(layout.NewGridWrapLayout(fyne.NewSize(cardWidth, 190)))
	var first []task.Prediction
	for i, c := range pic.Cells {
		if i == 0 {
			first = c.Predictions
		}
		cells.Add(p.cell(c, first))
	}
	if !pic.Done {
		cells.Add(container.NewCenter(widget.NewActivity()))
		l := widget.NewLabel("…")
		cells.Add(container.NewCenter(l))
	}
	return p.frame(container.NewBorder(nil, nil, container.NewVBox(left), nil, cells))
}

func (p *Panel) frame(o fyne.CanvasObject) fyne.CanvasObject {
	bg := canvas.NewRectangle(theme.Current(theme.ColorCard))
	bg.CornerRadius, bg.StrokeWidth, bg.StrokeColor = 6, 1, theme.Current(theme.ColorBorder)
	return container.NewStack(bg, container.New(layout.NewCustomPaddedLayout(10, 10, 10, 10), o))
}

func (p *Panel) cell(c project.Cell, first []task.Prediction) fyne.CanvasObject {
	v := p.needs.Variant(c.Variant)
	if v == nil {
		return layout.NewSpacer()
	}
	title := widget.NewLabel(v.Title)
	title.TextStyle.Bold = true
	title.Truncation = fyne.TextTruncateEllipsis
	sub := widget.NewLabel(c.Runtime + " · " + units.Duration(c.Took))
	sub.SizeName, sub.Importance = base.SizeNameCaptionText, widget.LowImportance
	head := container.NewBorder(nil, nil, nil, badge.Of(v), title)
	if c.Err != nil {
		l := widget.NewLabel(c.Err.Error())
		l.Wrapping, l.Importance = fyne.TextWrapWord, widget.DangerImportance
		return container.NewBorder(container.NewVBox(head, sub), nil, nil, nil, container.NewVScroll(l))
	}
	rows := container.New(&tight{})
	for i, pr := range c.Predictions[:min(5, len(c.Predictions))] {
		rows.Add(predictionRow(pr, i == 0 && len(first) > 0 && first[0].Index != pr.Index))
	}
	if len(c.Predictions) == 0 {
		rows.Add(widget.NewLabel("nothing found"))
	}
	return container.NewBorder(container.NewVBox(head, sub), nil, nil, nil, rows)
}

// predictionRow is a label over a bar as long as its score; differs marks a best
// answer that is not the source's.
func predictionRow(pr task.Prediction, differs bool) fyne.CanvasObject {
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
	return container.New(&barRow{share: float32(pr.Score)}, bar, l, s)
}

func scoreText(s float64) string {
	if s >= 0 && s <= 1 {
		return units.Percent(s)
	}
	return fmt.Sprintf("%.3g", s)
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
}

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
	text := []rune(b.full)
	label.Text = b.full
	for len(text) > 1 && label.MinSize().Width > room {
		text = text[:len(text)-1]
		label.Text = string(text) + "…"
	}
	m := label.MinSize()
	label.Move(fyne.NewPos(6, (size.Height-m.Height)/2))
	label.Resize(m)
}

func (b *barRow) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(80, rowHeight-2) }

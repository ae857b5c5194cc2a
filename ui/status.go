package ui

import (
	"fmt"
	"image/color"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/project/jobs"
	"slipway/ui/theme"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/meter"
)

// statusBar shows the model, the running job with its progress and cancel, and
// the runtimes found.
type statusBar struct {
	u        *UI
	content  fyne.CanvasObject
	model    *widget.Label
	job      *widget.Label
	bar      *meter.Meter
	cancel   *hint.Button
	runtimes *widget.Label
	jobBox   *fyne.Container
	failed   *hint.Button   // says what failed while nobody looked
	seen     map[int64]bool // failures that were in front in the list of jobs
	loading  string
	current  int64
	wake     chan struct{}
}

func newStatusBar(u *UI) *statusBar {
	s := &statusBar{u: u, model: widget.NewLabel(""), job: widget.NewLabel(""), bar: meter.New(), runtimes: widget.NewLabel(""), wake: make(chan struct{}, 1), seen: map[int64]bool{}}
	s.model.Truncation = fyne.TextTruncateEllipsis
	s.model.SizeName, s.job.SizeName, s.runtimes.SizeName = base.SizeNameCaptionText, base.SizeNameCaptionText, base.SizeNameCaptionText
	s.runtimes.Importance = widget.LowImportance
	s.cancel = hint.NewIcon(base.CancelIcon(), "Cancel this job", func() { u.o.Studio.Jobs().Cancel(s.current) })
	middle := func(o fyne.CanvasObject) fyne.CanvasObject {
		return container.NewVBox(layout.NewSpacer(), o, layout.NewSpacer())
	}
	bar := container.New(layout.NewGridWrapLayout(fyne.NewSize(120, 6)), s.bar)
	s.jobBox = container.NewHBox(middle(s.job), middle(bar), s.cancel)
	high := canvas.NewRectangle(color.Transparent) // so that a job that comes does not move the line
	high.SetMinSize(fyne.NewSize(1, 34))
	s.failed = hint.NewButton("", base.ErrorIcon(), "Shows why, and what to do about it", func() { u.show("convert") })
	s.failed.Importance = widget.DangerImportance
	s.content = container.NewStack(high, container.NewBorder(nil, nil, nil, container.NewHBox(s.failed, s.jobBox, middle(s.runtimes)), middle(s.model)))
	s.refresh()
	go s.follow()
	return s
}

// changed asks for a redraw; many calls in a short time give one.
func (s *statusBar) changed() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *statusBar) follow() {
	const least = 60 * time.Millisecond
	for {
		select {
		case <-s.u.ctx.Done():
			return
		case <-s.wake:
		}
		fyne.Do(s.refresh)
		select {
		case <-s.u.ctx.Done():
			return
		case <-time.After(least):
		}
	}
}

func (s *statusBar) opening(name string) {
	fyne.Do(func() { s.loading = name; s.refresh() })
}

// open says which model is open, and whether what is done with it is kept.
func (s *statusBar) open() string {
	text := Describe(s.u.o.Studio.Model())
	if s.u.o.Studio.Unkept() != nil {
		text += "  ·  not kept"
	}
	return text
}

func (s *statusBar) refresh() {
	text := s.open()
	if s.loading != "" {
		text = "opening " + s.loading + " …"
	}
	if s.model.Text != text { // to look where a text is to be cut is slow
		s.model.SetText(text)
	}
	var running *jobs.Status
	waiting := 0
	list := s.u.o.Studio.Jobs().List()
	var failed []jobs.Status
	m := s.u.o.Studio.Model()
	for _, j := range list {
		if j.State != jobs.Failed || m != nil && j.Kind != "install" && j.Created.Before(m.Opened) {
			continue
		}
		if s.u.front == "convert" {
			s.seen[j.ID] = true
		}
		if !s.seen[j.ID] {
			failed = append(failed, j)
		}
	}
	if text := Failed(failed); text == "" {
		s.failed.Hide()
	} else {
		s.failed.SetText(text)
		s.failed.Show()
	}
	for _, j := range list {
		switch j.State {
		case jobs.Running:
			running = &j
		case jobs.Queued:
			waiting++
		}
	}
	if running == nil {
		s.current = 0
		s.jobBox.Hide()
	} else {
		s.current = running.ID
		t := running.Title + ": " + running.Stage
		if waiting > 0 {
			t += fmt.Sprintf(" (%d waiting)", waiting)
		}
		s.job.SetText(shorten(t, 60))
		s.bar.Set(running.Fraction)
		s.jobBox.Show()
	}
	var found []string
	for _, r := range s.u.o.Studio.RuntimeStatus() {
		if r.OK && r.Name != "reference" && r.Name != "mil" { // neither is a vendor's
			name, _, _ := strings.Cut(r.Title, " (")
			found = append(found, name)
		}
	}
	t := "no runtime found"
	if len(found) > 0 {
		t = strings.Join(found, " · ")
	} else if s.u.o.Studio.RuntimeStatus() == nil {
		t = "looking for runtimes …"
	}
	if s.runtimes.Text != t {
		s.runtimes.SetText(t)
	}
}

// Failed says which jobs failed, "" where none did.
func Failed(list []jobs.Status) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return shorten(list[0].Title, 32) + " failed"
	}
	return fmt.Sprintf("%d jobs failed", len(list))
}

// shorten cuts a text to n characters.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// notice is the short message at the bottom that goes away by itself.
type notice struct {
	content fyne.CanvasObject
	label   *canvas.Text
	bg      *canvas.Rectangle
	box     *fyne.Container
	serial  int
}

func newNotice() *notice {
	n := &notice{label: canvas.NewText("", theme.Current(base.ColorNameForeground)), bg: canvas.NewRectangle(theme.Current(theme.ColorCard))}
	n.bg.CornerRadius, n.bg.StrokeWidth = 6, 1
	n.box = container.NewStack(n.bg, container.New(layout.NewCustomPaddedLayout(8, 8, 14, 14), n.label))
	n.box.Hide()
	n.content = container.NewVBox(layout.NewSpacer(), container.NewHBox(layout.NewSpacer(), n.box, layout.NewSpacer()), canvas.NewText("", theme.Current(base.ColorNameForeground)), canvas.NewText("", theme.Current(base.ColorNameForeground)))
	return n
}

// say may be called from any goroutine.
func (n *notice) say(text string) {
	fyne.Do(func() {
		n.serial++
		mine := n.serial
		n.label.Text, n.label.Color = text, theme.Current(base.ColorNameForeground)
		n.bg.FillColor, n.bg.StrokeColor = theme.Current(theme.ColorCard), theme.Current(theme.ColorBorder)
		n.box.Show()
		n.content.Refresh()
		time.AfterFunc(4*time.Second, func() {
			fyne.Do(func() {
				if n.serial == mine {
					n.box.Hide()
				}
			})
		})
	})
}

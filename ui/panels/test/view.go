// Package test is the panel on which pictures are dropped: what the source and
// every variant say about each, side by side.
package test

import (
	"fmt"
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
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/rows"
)

// Needs is what the panel asks of the application.
type Needs interface {
	Pictures() []project.Picture
	ClearPictures()
	RetestPictures()
	CompletePictures()
	TestPictures(paths []string) (int64, error)
	Variants() []*project.Variant
	Variant(id int64) *project.Variant
	Task() (*task.Task, string)
	SetTask(*task.Task) error
	Model() *project.Model
	RuntimeTitle(name string) string
	Listen(func(project.Event))
}

// Panel shows tested pictures, newest first.
type Panel struct {
	env     panel.Env
	needs   Needs
	content fyne.CanvasObject
	list    *rows.Tall
	note    *widget.Label
	wake    chan struct{}
	add     *hint.Button
	load    *hint.Button
	again   *hint.Button
	clear   *hint.Button

	mu     sync.Mutex
	thumbs map[string]*thumb // by path, made once; nil: not to be read
}

var _ panel.Panel = (*Panel)(nil)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs) *Panel {
	p := &Panel{env: env, needs: needs, wake: make(chan struct{}, 1), thumbs: map[string]*thumb{}}
	p.build()
	needs.Listen(func(e project.Event) {
		switch e.Kind {
		case project.VariantsChanged:
			needs.CompletePictures()
		case project.PicturesChanged, project.ModelChanged, project.TaskChanged, project.RuntimesChanged:
		default:
			return
		}
		select { // titles may be others, too
		case p.wake <- struct{}{}:
		default:
		}
	})
	go p.follow()
	return p
}

// ID implements panel.Panel.
func (p *Panel) ID() string { return "test" }

// Title implements panel.Panel.
func (p *Panel) Title() string { return "Test" }

// Icon implements panel.Panel.
func (p *Panel) Icon() fyne.Resource { return base.FileImageIcon() }

// Content implements panel.Panel.
func (p *Panel) Content() fyne.CanvasObject { return p.content }

// Shown implements panel.Panel.
func (p *Panel) Shown() { p.reload() }

func (p *Panel) follow() {
	for range p.wake {
		p.makeThumbs()
		fyne.Do(p.reload)
		time.Sleep(60 * time.Millisecond)
	}
}

func (p *Panel) build() {
	p.list = rows.NewTall()
	p.note = widget.NewLabel("")
	p.note.Wrapping = fyne.TextWrapWord
	p.note.Importance = widget.WarningImportance
	p.note.Hide()
	p.add = hint.NewButton("Add a picture…", base.ContentAddIcon(), "Or drop pictures on the window", func() {
		p.env.Window.OpenFile("Add a picture", "Pictures", []string{"jpg", "jpeg", "png", "webp", "bmp", "gif"}, func(path string) {
			if _, err := p.needs.TestPictures([]string{path}); err != nil {
				p.env.Window.Report("Cannot test", diag.FromError("test.failed", err))
			}
		})
	})
	p.load = hint.NewButton("Load task…", base.FileTextIcon(), "How pictures become inputs and what outputs mean, as YAML", func() {
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
	p.again = hint.NewButton("Test again", base.ViewRefreshIcon(), "All pictures on all variants", p.needs.RetestPictures)
	p.clear = hint.NewButton("Clear", base.DeleteIcon(), "Takes all pictures away; the files stay", p.needs.ClearPictures)
	bar := container.NewHBox(p.add, p.load, layout.NewSpacer(), p.again, p.clear)
	p.content = container.NewBorder(container.NewVBox(container.NewPadded(bar), widget.NewSeparator(), p.note), nil, nil, nil, p.list.Content)
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
		var small *thumb
		if err == nil {
			small = &thumb{img: imaging.Fit(img, 360, 360, imaging.Box)}
			small.scale = float64(small.img.Bounds().Dx()) / float64(max(img.Bounds().Dx(), 1))
		}
		p.mu.Lock()
		p.thumbs[pic.Path] = small
		p.mu.Unlock()
	}
}

func (p *Panel) reload() {
	if _, note := p.needs.Task(); note != "" && p.needs.Model() != nil {
		p.note.SetText("Check this first: " + note + ".")
		p.note.Show()
	} else {
		p.note.Hide()
	}
	pics := p.needs.Pictures()
	p.enable(len(pics) > 0)
	// Rows that did not change are the same objects: the list keeps its place while answers come.
	var list []rows.Row
	for i := len(pics) - 1; i >= 0; i-- {
		pic := &pics[i]
		p.mu.Lock()
		thumb := p.thumbs[pic.Path]
		p.mu.Unlock()
		list = append(list, rows.Row{
			Key: pic.Path, State: rowState(pic, thumb != nil, theme.Dark(), p.needs.Variant, p.needs.RuntimeTitle),
			Make: func() fyne.CanvasObject { return p.row(pic, thumb) },
		})
	}
	if len(list) == 0 {
		list = append(list, rows.Row{State: fmt.Sprint(p.needs.Model() != nil), Make: p.empty})
	}
	p.list.Show(list)
}

func (p *Panel) enable(some bool) {
	model, pictures := "", ""
	if p.needs.Model() == nil {
		model = "open a model first"
	}
	if !some {
		pictures = "there are no pictures"
	}
	for _, b := range []*hint.Button{p.add, p.load} {
		b.Because(model)
	}
	for _, b := range []*hint.Button{p.again, p.clear} {
		b.Because(pictures)
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

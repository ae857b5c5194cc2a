// Package convert is the panel that picks targets, starts conversions and shows
// the jobs: progress, cancel, findings, and what came out.
package convert

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/plan"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/ui/panel"
	"slipway/ui/widgets/finding"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/rows"
	"slipway/ui/widgets/split"
	"slipway/ui/widgets/words"
)

// Needs is what the panel asks of the application.
type Needs interface {
	Targets() []project.TargetChoice
	Convert(targets []string) ([]int64, error)
	Support(ctx context.Context, targets []string) ([]plan.Support, error)
	Recipe() plan.Recipe
	SetRecipe(plan.Recipe) error
	Variants() []*project.Variant
	DeleteVariant(id int64) error
	RenameVariant(id int64, title string) error
	CopyVariant(ctx context.Context, id int64, dir string) (string, error)
	RuntimeTitle(name string) string
	Model() *project.Model
	Jobs() *jobs.Queue
	Listen(func(project.Event))
}

// Panel is the conversion page.
type Panel struct {
	env          panel.Env
	needs        Needs
	content      fyne.CanvasObject
	left, right  *fyne.Container
	targets      *fyne.Container
	recipe       *widget.Label
	start        *hint.Button
	why          *widget.Label // why it is greyed
	lacks        *finding.Notice
	now, earlier *jobList // jobs
	results      *rows.List
	picked       map[string]bool
	jobRows      map[int64]*jobRow
	wake         chan struct{}
	looking      chan struct{}
	support      map[string]*plan.Support // by target, once it is known
	asked        bool                     // support is being found out
	targetRows   map[string]*targetRow
}

var (
	_ panel.Panel     = (*Panel)(nil)
	_ panel.Commander = (*Panel)(nil)
)

// New makes the panel. UI goroutine.
func New(env panel.Env, needs Needs) *Panel {
	p := &Panel{env: env, needs: needs, picked: map[string]bool{"onnx": true, "openvino": true, "tflite": true}, jobRows: map[int64]*jobRow{}, targetRows: map[string]*targetRow{}, wake: make(chan struct{}, 1), looking: make(chan struct{}, 1)}
	p.build()
	needs.Listen(func(e project.Event) {
		switch e.Kind {
		case project.JobChanged:
			select {
			case p.wake <- struct{}{}:
			default:
			}
		case project.ModelChanged, project.RecipeChanged, project.RuntimesChanged:
			fyne.Do(func() { p.forget(); p.reloadTargets(); p.reloadJobs() })
			p.look()
			fyne.Do(p.reloadResults)
		case project.VariantsChanged:
			fyne.Do(p.reloadResults)
		}
	})
	go p.follow()
	go p.lookAgain()
	return p
}

// ID implements panel.Panel.
func (p *Panel) ID() string { return "convert" }

// Title implements panel.Panel.
func (p *Panel) Title() string { return "Convert" }

// Icon implements panel.Panel.
func (p *Panel) Icon() fyne.Resource { return base.UploadIcon() }

// Content implements panel.Panel.
func (p *Panel) Content() fyne.CanvasObject { return p.content }

// Shown implements panel.Panel.
func (p *Panel) Shown() { p.reloadTargets(); p.reloadResults(); p.reloadJobs() }

// follow redraws the jobs at most some times a second, however often they
// report.
func (p *Panel) follow() {
	for range p.wake {
		fyne.Do(p.reloadJobs)
		time.Sleep(50 * time.Millisecond)
	}
}

func (p *Panel) build() {
	p.targets, p.results = container.NewVBox(), rows.New()
	p.now, p.earlier = newJobList("Jobs"), newJobList("Earlier jobs")
	p.recipe = widget.NewLabel("")
	p.recipe.Wrapping, p.recipe.Importance = fyne.TextWrapWord, widget.LowImportance
	p.start = hint.NewButton("Convert", base.MediaPlayIcon(), "", p.convert)
	p.start.Importance = widget.HighImportance
	p.why = words.Caption("")
	p.why.Importance = widget.WarningImportance
	change := hint.NewButton("Change", base.SettingsIcon(), "Precision, quantization and pruning", func() { p.env.Window.Show("optimise") })
	change.Importance = widget.LowImportance
	recipe := container.NewBorder(nil, nil, nil, change, p.recipe)
	p.lacks = finding.NewNotice("or drop a folder")
	// The button stays in sight however many targets there are.
	foot := container.NewVBox(widget.NewSeparator(), container.NewPadded(container.NewVBox(recipe, p.lacks.Content, p.start, p.why)))
	p.left = container.NewBorder(nil, foot, nil, nil, container.NewVScroll(container.NewPadded(container.NewVBox(words.Title("Targets"), p.targets))))
	p.right = container.NewVBox(p.now.content, words.Title("Artefacts"), p.results.Content, p.earlier.content)
	p.content = split.New(p.left, container.NewVScroll(container.NewPadded(p.right)), 0.34)
	p.reloadTargets()
	p.reloadResults()
	p.reloadJobs()
}

// Commands implements panel.Commander.
func (p *Panel) Commands() []panel.Command {
	return []panel.Command{{
		Menu: "Run", Title: "Convert to the picked targets", Key: &desktop.CustomShortcut{KeyName: fyne.KeyR, Modifier: fyne.KeyModifierShortcutDefault},
		Panel: "convert", Do: p.convert,
		Why: func() string {
			_, reason := startText(p.targetsNow(), p.picked)
			return reason
		},
	}}
}

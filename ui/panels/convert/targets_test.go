package convert

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/summary"
	"slipway/conversion/target"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/ui/panel"
)

// fake is an application with a model and three targets; its queue is a real one.
type fake struct {
	queue    *jobs.Queue
	targets  []project.TargetChoice
	recipe   plan.Recipe
	variants []*project.Variant
}

func newFake(t *testing.T) *fake {
	studio := project.New(project.Env{DataDir: t.TempDir()})
	t.Cleanup(func() { studio.Close() })
	f := &fake{queue: studio.Jobs(), recipe: plan.Default()}
	for _, name := range []string{"onnx", "coreml", "tflite"} {
		f.targets = append(f.targets, project.TargetChoice{Enabled: true, Info: target.Info{Name: name, Title: name, About: "what this is, in a line that is long enough to wrap where there is little room for it"}})
	}
	return f
}

func (f *fake) Targets() []project.TargetChoice   { return f.targets }
func (f *fake) Convert([]string) ([]int64, error) { return nil, nil }
func (f *fake) Recipe() plan.Recipe               { return f.recipe.Clone() }
func (f *fake) SetRecipe(r plan.Recipe) error     { f.recipe = r; return nil }
func (f *fake) Variants() []*project.Variant      { return f.variants }
func (f *fake) DeleteVariant(int64) error         { return nil }
func (f *fake) RenameVariant(int64, string) error { return nil }
func (f *fake) RuntimeTitle(name string) string   { return name }
func (f *fake) Model() *project.Model             { return &project.Model{Summary: &summary.Summary{}} }
func (f *fake) Jobs() *jobs.Queue                 { return f.queue }
func (f *fake) Listen(func(project.Event))        {}
func (f *fake) CopyVariant(context.Context, int64, string) (string, error) {
	return "", errors.New("not here")
}

func (f *fake) Support(context.Context, []string) ([]plan.Support, error) {
	return nil, errors.New("told by the test")
}

// shown is the panel in a window of its own.
func shown(t *testing.T, f *fake) *Panel {
	t.Helper()
	return shownIn(t, f, panel.Env{})
}

func shownIn(t *testing.T, f *fake, env panel.Env) *Panel {
	t.Helper()
	test.NewTempApp(t)
	p := New(env, f)
	w := test.NewTempWindow(t, p.content)
	w.Resize(fyne.NewSize(960, 700))
	p.forget()
	p.reloadTargets()
	settle(p)
	return p
}

// settle is what the next frame does.
func settle(p *Panel) {
	for range 3 {
		p.targets.Refresh()
	}
}

// tops are where the checks stand.
func tops(p *Panel) []float32 {
	var out []float32
	for _, c := range p.needs.Targets() {
		out = append(out, fyne.CurrentApp().Driver().AbsolutePositionForObject(p.targetRows[c.Info.Name].check).Y)
	}
	return out
}

// TestRowsDoNotMoveWhileTargetsAreLookedAt: a press meets what the last frame
// showed, whatever came in since.
func TestRowsDoNotMoveWhileTargetsAreLookedAt(t *testing.T) {
	f := newFake(t)
	p := shown(t, f)
	objects, before := append([]fyne.CanvasObject{}, p.targets.Objects...), tops(p)
	if before[1] < before[0]+60 || before[2] < before[1]+60 {
		t.Fatalf("the rows stand at %v", before)
	}
	for _, news := range []map[string]*plan.Support{
		{"onnx": {OK: true}},
		{"onnx": {OK: true, Slow: []target.Slow{{Layer: "a", Op: "Loop", Why: "is slow"}}}, "coreml": {OK: true}},
		{"onnx": {OK: true}, "coreml": {OK: true}, "tflite": {OK: true, Decomposed: []plan.Decomposition{{Layer: "a", Op: "HardSwish"}}}},
		nil, // another recipe: all over again
	} {
		p.support = news
		p.reloadTargets()
		for i, o := range p.targets.Objects {
			if o != objects[i] {
				t.Fatalf("row %d is another widget after %v", i, news)
			}
		}
		for range 2 {
			if now := tops(p); now[0] != before[0] || now[1] != before[1] || now[2] != before[2] {
				t.Fatalf("rows went from %v to %v", before, now)
			}
			settle(p)
		}
	}
}

// TestRowsKeepTheirHeightUntilThereIsNews: a line of several lines goes only
// when another one comes.
func TestRowsKeepTheirHeightUntilThereIsNews(t *testing.T) {
	f := newFake(t)
	p := shown(t, f)
	p.support = map[string]*plan.Support{"onnx": {Findings: diag.List{diag.Errorf("e", "%s", strings.Repeat("a long reason ", 20))}}}
	p.reloadTargets()
	settle(p)
	high := tops(p)
	if high[1] < high[0]+110 {
		t.Fatalf("nothing wraps: %v", high)
	}
	p.forget()
	p.reloadTargets()
	settle(p)
	if now := tops(p); now[1] != high[1] {
		t.Errorf("looking again moved a row from %v to %v", high[1], now[1])
	}
	p.support = map[string]*plan.Support{"onnx": {OK: true}}
	p.reloadTargets()
	settle(p)
	if now := tops(p); now[1] >= high[1] {
		t.Errorf("the room is still kept: %v", now)
	}
}

// TestTickStaysAPersonsDoing: what is refused meanwhile is unticked and greyed,
// and ticked again where that ends.
func TestTickStaysAPersonsDoing(t *testing.T) {
	f := newFake(t)
	p := shown(t, f)
	check := p.targetRows["onnx"].check
	if !check.Checked || !p.picked["onnx"] {
		t.Fatal("onnx is not picked at first")
	}
	p.support = map[string]*plan.Support{"onnx": {Findings: diag.List{diag.Errorf("e", "Loop")}}}
	p.reloadTargets()
	if check.Checked || !check.Disabled() || !p.picked["onnx"] {
		t.Errorf("refused: ticked %t, grey %t, picked %t", check.Checked, check.Disabled(), p.picked["onnx"])
	}
	p.support = nil
	p.reloadTargets()
	if !check.Checked || check.Disabled() {
		t.Errorf("not refused any more: ticked %t, grey %t", check.Checked, check.Disabled())
	}
	test.Tap(check)
	if p.picked["onnx"] || p.start.Text != "Convert to 1 target" {
		t.Errorf("a tap changed nothing: %s", p.start.Text)
	}
}

// TestCardsOfArtefactsStay while others come.
func TestCardsOfArtefactsStay(t *testing.T) {
	f := newFake(t)
	f.variants = []*project.Variant{{ID: 1, Title: "a", Target: "onnx"}}
	p := shown(t, f)
	first := p.results.Content.Objects[0]
	f.variants = append(f.variants, &project.Variant{ID: 2, Title: "b", Target: "onnx"})
	p.reloadResults()
	if l := p.results.Content.Objects; len(l) != 2 || l[1] != first {
		t.Error("the card of the first artefact was made anew")
	}
	renamed := *f.variants[0]
	renamed.Title = "c"
	f.variants[0] = &renamed
	p.reloadResults()
	if l := p.results.Content.Objects; l[1] == first {
		t.Error("the card shows the old title")
	}
}

// TestNoTargetTakesTheModel: where nothing can be picked, the empty list of artefacts
// does not ask for it.
func TestNoTargetTakesTheModel(t *testing.T) {
	f := newFake(t)
	p := shown(t, f)
	asks := p.nothingYet()
	if !strings.Contains(asks, "Pick targets") {
		t.Errorf("%q", asks)
	}
	p.support = map[string]*plan.Support{}
	for _, c := range f.Targets() {
		p.support[c.Info.Name] = &plan.Support{Target: c.Info.Name, Findings: diag.List{diag.Errorf("e", "no layer for Loop")}}
	}
	p.reloadTargets()
	if got := p.nothingYet(); !strings.Contains(got, "no layer for Loop") || strings.Contains(got, "Pick") {
		t.Errorf("%q", got)
	}
}

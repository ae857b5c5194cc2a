package compare

import (
	"context"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"slipway/profiler/charts"
	"slipway/profiler/measure"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/ui/panel"
	"slipway/ui/widgets/hint"
)

// fake is an application with a model whose artefacts are measured.
type fake struct {
	variants []*project.Variant
	rows     []project.BenchRow
	queue    *jobs.Queue
}

// Jobs is a queue that the test fills.
func (f *fake) Jobs() *jobs.Queue {
	if f.queue == nil {
		f.queue = jobs.NewQueue(1)
	}
	return f.queue
}

func (f *fake) Model() *project.Model                     { return &project.Model{} }
func (f *fake) Variants() []*project.Variant              { return f.variants }
func (f *fake) BenchRows() []project.BenchRow             { return f.rows }
func (f *fake) EvalRows() []project.EvalRow               { return nil }
func (f *fake) RuntimeTitle(name string) string           { return name }
func (f *fake) Bench(project.BenchOptions) (int64, error) { return 0, nil }
func (f *fake) Eval(project.EvalOptions) (int64, error)   { return 0, nil }
func (f *fake) Listen(func(project.Event))                {}

// TestNothingStandsOnAnythingElse after results came while the panel was looked
// at, in a small window.
func TestNothingStandsOnAnythingElse(t *testing.T) {
	test.NewTempApp(t)
	f := &fake{variants: []*project.Variant{{Title: "source"}}}
	p := New(panel.Env{}, f)
	p.start = func(func()) {} // no pictures
	w := test.NewTempWindow(t, p.content)
	w.Resize(fyne.NewSize(940, 600))
	f.variants = append(f.variants, &project.Variant{ID: 1, Title: "OpenVINO fp32"}, &project.Variant{ID: 2, Title: "ONNX fp32"})
	for i := range f.variants {
		f.rows = append(f.rows, project.BenchRow{Variant: int64(i), Result: measure.Result{Runtime: "ort", P50MS: 12, P99MS: 140, Warnings: []string{"the machine was busy with other programs while this was measured, all the time"}}})
	}
	p.reload()
	for i, o := range p.body.Objects[1:] {
		above := p.body.Objects[i]
		if got, least := o.Position().Y, above.Position().Y+above.MinSize().Height; got < least {
			t.Errorf("object %d stands at %v, the one above it ends at %v", i+1, got, least)
		}
	}
	if p.words.Text == "" || p.words.MinSize().Height < 20 {
		t.Errorf("%q", p.words.Text)
	}
}

// TestMeasuringIsSaid: while a measurement runs or waits, it cannot be started again,
// and empty charts say so.
func TestMeasuringIsSaid(t *testing.T) {
	test.NewTempApp(t)
	f := &fake{variants: []*project.Variant{{Title: "source"}}}
	p := New(panel.Env{}, f)
	p.start = func(func()) {} // no pictures
	say := func(want measuring) {
		t.Helper()
		p.reload()
		if got := underWay(f.Jobs().List()); got != want {
			t.Errorf("under way: %+v, want %+v", got, want)
		}
		for _, b := range []struct {
			button *hint.Button
			busy   bool
		}{{p.measure, want.bench}, {p.eval, want.eval}, {p.export, false}} {
			if b.button.Disabled() != b.busy {
				t.Errorf("%s is greyed: %v, want %v", b.button.Text, b.button.Disabled(), b.busy)
			}
		}
	}
	say(measuring{})
	end := make(chan struct{})
	var ids []int64
	for _, kind := range []string{"bench", "eval", "convert"} { // one runs, the others wait
		ids = append(ids, f.Jobs().Submit(kind, kind, func(context.Context, *jobs.Handle) error { <-end; return nil }))
	}
	say(measuring{bench: true, eval: true})
	var lat, mem, acc charts.Bars
	measuring{bench: true}.say(&lat, &mem, &acc)
	if lat.Empty == "" || mem.Empty != lat.Empty || acc.Empty != "" {
		t.Errorf("%q, %q, %q", lat.Empty, mem.Empty, acc.Empty)
	}
	close(end)
	for _, id := range ids {
		if _, err := f.Jobs().Wait(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	say(measuring{})
}

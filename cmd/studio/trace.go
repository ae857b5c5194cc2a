//go:build !headless

package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"slipway/project"
	"slipway/project/jobs"
	"slipway/ui"
	"slipway/ui/widgets/graphview"
)

// tracer prints what happens in the window, a line each, where STUDIO_TRACE is
// set; tests and measurements of the window read it:
//
//	drawn PATH SECONDS     the graph of a model has been on the screen, since the process started
//	panel ID               a panel came to front
//	job ID KIND STATE TITLE
//	variant ID TARGET VERDICT TITLE      again where the title changed
//	recipe PRECISION       whenever it changed
//	tested CELLS PATH      a picture has the answers of that many variants
//	measured VARIANT RUNTIME
//	runtimes NAMES...      that work here
//	frames N MEDIAN P95    milliseconds between frames while the view of the graph moves; with STUDIO_TRACE=frames only
//
// All methods may be called on a nil tracer.
type tracer struct {
	studio *project.Studio
	wake   chan struct{}

	mu   sync.Mutex
	out  io.Writer
	said map[string]bool

	precision string // of the recipe, as it was said last
}

func newTracer(studio *project.Studio) *tracer {
	if os.Getenv("STUDIO_TRACE") == "" {
		return nil
	}
	t := &tracer{studio: studio, out: os.Stderr, wake: make(chan struct{}, 1), said: map[string]bool{}}
	studio.Listen(func(project.Event) {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	})
	go func() {
		for range t.wake {
			t.look()
		}
	}()
	return t
}

func (t *tracer) say(format string, args ...any) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format+"\n", args...)
}

// once says what was not said before.
func (t *tracer) once(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.said[line] {
		t.said[line] = true
		fmt.Fprintln(t.out, line)
	}
}

func (t *tracer) drawn(model string) {
	t.say("drawn %s %.3f", model, time.Since(started).Seconds())
}

// frames measures a moving view, once the graph is drawn and the runtimes, which
// are looked at after that, are known.
func (t *tracer) frames(u *ui.UI) {
	if t == nil || os.Getenv("STUDIO_TRACE") != "frames" {
		return
	}
	var once sync.Once
	begin := func() {
		if t.studio.RuntimeStatus() != nil {
			once.Do(func() { fyne.Do(func() { t.tour(u) }) })
		}
	}
	t.studio.Listen(func(project.Event) { begin() })
	begin() // where they were known before the graph was drawn
}

func (t *tracer) tour(u *ui.UI) {
	for _, p := range u.Panels() {
		if g, ok := p.(interface{ View() *graphview.Graph }); ok {
			g.View().Tour(5*time.Second, func(f []time.Duration) {
				ms := func(part float64) float64 { return f[int(part*float64(len(f)-1))].Seconds() * 1e3 }
				t.say("frames %d %.1f %.1f", len(f), ms(0.5), ms(0.95))
			})
		}
	}
}

func (t *tracer) panel(id string) { t.say("panel %s", id) }

// look says what is new. A job's passing states may be missed, its last never is.
func (t *tracer) look() {
	if status := t.studio.RuntimeStatus(); status != nil {
		line := "runtimes"
		for _, r := range status {
			if r.OK {
				line += " " + r.Name
			}
		}
		t.once("%s", line)
	}
	for _, v := range t.studio.Variants() {
		if v.Result != nil && v.Result.Verify != nil {
			t.once("variant %d %s %s %s", v.ID, v.Target, v.Result.Verify.Verdict, v.Title)
		}
	}
	if p := t.studio.Recipe().Precision; p != t.precision { // look runs on one goroutine
		t.precision = p
		t.say("recipe %s", p)
	}
	for _, p := range t.studio.Pictures() {
		if p.Done {
			t.once("tested %d %s", len(p.Cells), p.Path)
		}
	}
	for _, b := range t.studio.BenchRows() {
		t.once("measured %d %s", b.Variant, b.Runtime)
	}
	list := t.studio.Jobs().List()
	for i := len(list) - 1; i >= 0; i-- {
		j := list[i]
		t.once("job %d %s %s %s", j.ID, j.Kind, j.State, j.Title)
		if j.State == jobs.Failed {
			t.once("job %d failed because %s", j.ID, firstLine(j.Findings.Errors().Error()))
		}
	}
}

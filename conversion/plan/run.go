package plan

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	passall "slipway/conversion/pass/all"
	"slipway/conversion/pass/fold"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/source"
	"slipway/conversion/target"
)

// Env is what Run needs from its surroundings.
type Env struct {
	Registry *op.Registry
	Open     func(ctx context.Context, path string, o source.Options) (*source.Model, error)
	Target   func(name string) (target.Target, error)
	Targets  []target.Target // all of them: a refusal says which others take what one does not; may be nil
	// Calibrate makes what static quantization measures ranges with; nil where
	// there is nothing to calibrate on.
	Calibrate Calibrator
}

// run is one conversion under way.
type run struct {
	Env
	Request
	ctx      context.Context
	target   target.Target
	progress func(Event)
	report   *Report
	graph    *ir.Graph
	source   map[string]string // source layer -> tensor of the source file
	order    []string          // source layers with a tensor, in topological order
}

// Run converts q.Model and writes the artefact into q.Dir. A model that cannot
// be read or that the target cannot express is a report with OK false and its
// findings; the error is for a cancelled ctx, a full disk and the like.
func Run(ctx context.Context, q Request, env Env, progress func(Event)) (*Report, error) {
	if progress == nil {
		progress = func(Event) {}
	}
	r := &run{Env: env, Request: q, ctx: ctx, progress: progress, report: &Report{
		Model: q.Model, Target: q.Target, Artefacts: []Artefact{}, Passes: []pass.Report{}, Precision: map[string]string{}, Findings: diag.List{},
	}}
	err := r.all()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var list diag.List
	var one *diag.Finding
	switch {
	case errors.As(err, &list) || errors.As(err, &one):
		r.report.Findings = append(r.report.Findings, diag.FromError("convert.failed", err)...)
	case err != nil:
		return nil, err
	}
	r.report.OK = len(r.report.Findings.Errors()) == 0
	if !r.report.OK {
		r.report.Artefacts = []Artefact{}
	}
	return r.report, nil
}

func (r *run) all() error {
	t, err := r.Env.Target(r.Request.Target)
	if err != nil {
		return diag.Errorf("target.unknown", "%v", err)
	}
	r.target = t
	if err := r.Recipe.Check(); err != nil {
		return diag.Errorf("recipe.invalid", "%v", err)
	}
	if p := r.Recipe.Precision; !contains(t.Info().Precisions, p) {
		return diag.Errorf("target.precision", "%s is not written in %s", t.Info().Title, p)
	}
	r.progress(Event{"open", 0, "reading " + filepath.Base(r.Model)})
	clock := time.Now()
	m, err := r.open()
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }() // only releases the map
	r.report.Findings = append(r.report.Findings, m.Findings...)
	if e := m.Findings.Errors(); len(e) > 0 {
		return nil
	}
	r.report.Seconds.Open = time.Since(clock).Seconds()
	clock = time.Now()
	r.progress(Event{"passes", 0.1, "simplifying"})
	if err := r.optimise(); err != nil {
		return err
	}
	o, err := r.fitTarget()
	if err != nil {
		return err
	}
	r.report.Seconds.Passes = time.Since(clock).Seconds()
	clock = time.Now()
	r.progress(Event{"write", 0.8, "writing"})
	if err := r.write(o); err != nil {
		return err
	}
	r.report.Seconds.Write = time.Since(clock).Seconds()
	r.progress(Event{"write", 1, "written"})
	return nil
}

func contains(l []string, s string) bool {
	for _, x := range l {
		if x == s {
			return true
		}
	}
	return false
}

// open reads the model with the recipe's input shapes and batch.
func (r *run) open() (*source.Model, error) {
	o := source.Options{Registry: r.Registry, InputShapes: r.Recipe.InputShapes}
	m, err := r.Open(r.ctx, r.Model, o)
	if err != nil {
		return nil, err
	}
	r.graph = m.Graph
	n, err := strconv.ParseInt(r.Recipe.Batch, 10, 64)
	if err != nil && r.Recipe.Batch != "dynamic" {
		return m, nil
	}
	for _, v := range m.Graph.Inputs {
		if v.Rank() < 1 {
			continue
		}
		v.Shape = v.Shape.Clone()
		if r.Recipe.Batch == "dynamic" {
			v.Shape[0] = ir.Symbol("batch")
		} else {
			v.Shape[0] = ir.Static(n)
		}
	}
	if err := r.Registry.InferGraph(m.Graph); err != nil {
		_ = m.Close()
		return nil, diag.Errorf("recipe.batch", "the model does not take a batch of %s: %v", r.Recipe.Batch, err).
			In(r.Model).Suggest("keep the batch that the model was exported with")
	}
	return m, nil
}

// optimise runs the passes that no target is needed for, then the recipe's.
func (r *run) optimise() error {
	g := r.graph
	r.taps(g)
	if err := r.widen(); err != nil {
		return err
	}
	reports, err := passall.Simplify(r.ctx, g, r.Registry, r.Recipe.Passes, r.Recipe.SkipPasses, nil, &r.report.Findings)
	r.report.Passes = append(r.report.Passes, reports...)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	// The model was read without any, but some are constant only now.
	if wrong := r.Registry.CheckScales(g); len(wrong) > 0 {
		for _, f := range wrong {
			f.File = r.Model
		}
		return wrong
	}
	for _, step := range []func() error{r.restore, r.prune, r.quantize, r.compress, r.narrow} {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// pass runs one pass and keeps its report.
func (r *run) pass(p *pass.Pass, options any) error {
	if contains(r.Recipe.SkipPasses, p.Name) {
		return nil
	}
	rep, err := p.Run1(r.ctx, r.graph, r.Registry, options, &r.report.Findings)
	r.report.Passes = append(r.report.Passes, rep)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	return nil
}

// folding are the options of constant folding behind the step that stores
// weights in half precision, which it must not undo.
func (r *run) folding() *fold.ConstantsOptions {
	o := *fold.Constants.Options.(*fold.ConstantsOptions)
	o.KeepNarrow = r.Recipe.Precision == "fp16"
	return &o
}

// options are what the target is told.
func (r *run) options() target.Options {
	o := target.Options{
		Name: r.Name, Precision: r.Recipe.Precision, Registry: r.Registry, Ranges: r.Recipe.Profile,
		Values: r.Recipe.values(r.Request.Target), Picture: r.Picture, Classes: r.Classes,
	}
	if r.Recipe.Layout != "source" {
		o.Layout = r.Recipe.Layout
	}
	return o
}

// fitTarget decomposes what the target lacks and lets it prepare the graph.
func (r *run) fitTarget() (target.Options, error) {
	o := r.options()
	o.Others = r.Env.Targets
	r.progress(Event{"passes", 0.7, "fitting the target"})
	if t, ok := r.target.(target.Fitter); ok {
		f, err := t.Fit(r.ctx, r.graph, r.Registry, o)
		r.report.Findings = append(r.report.Findings, f...)
		if err != nil {
			return o, err
		}
		if err := r.pass(passConstants(), r.folding()); err != nil {
			return o, err
		}
	}
	before := len(r.graph.Nodes)
	f := legalize.Run(r.ctx, r.graph, r.Registry, r.target, o)
	r.report.Findings = append(r.report.Findings, f...)
	if e := f.Err(); e != nil {
		return o, diag.List{}
	}
	if len(r.graph.Nodes) != before {
		// Decompositions leave arithmetic on constants behind.
		if err := r.pass(passConstants(), r.folding()); err != nil {
			return o, err
		}
		f = legalize.Run(r.ctx, r.graph, r.Registry, r.target, o)
		if e := f.Err(); e != nil {
			return o, f
		}
	}
	f, err := r.target.Prepare(r.ctx, r.graph, r.Registry, o)
	r.report.Findings = append(r.report.Findings, f...)
	if err != nil {
		return o, fmt.Errorf("plan: %s: %w", r.target.Info().Name, err)
	}
	return o, nil
}

func (r *run) write(o target.Options) error {
	a, err := r.target.Write(r.ctx, r.graph, r.Dir, o)
	if err != nil {
		return fmt.Errorf("plan: %s: %w", r.target.Info().Name, err)
	}
	r.report.Findings = append(r.report.Findings, a.Findings...)
	for _, name := range a.Files {
		art, err := r.artefact(name, a.Sums[name])
		if err != nil {
			return fmt.Errorf("plan: %w", err)
		}
		r.report.Artefacts = append(r.report.Artefacts, art)
	}
	r.report.Sources = a.Layers
	r.report.Layers = r.layers(a)
	r.precisions()
	for layer, how := range a.Stored {
		r.report.Precision[layer] = how
	}
	return nil
}

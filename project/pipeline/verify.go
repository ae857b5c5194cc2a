package pipeline

import (
	"context"
	"path/filepath"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/plan"
	"slipway/conversion/target"
	"slipway/profiler/verify"
	"slipway/runtimes"
	"slipway/runtimes/task"
	"slipway/scratch"
)

// VerifyRequest asks to compare an artefact, made here or elsewhere, with the
// model that it claims to be.
type VerifyRequest struct {
	Model, Artefact string
	Target          string // of the artefact
	Precision       string // chooses the tolerance
	Samples         int
	Task            *task.Task
	Pictures        []string
	Graph           *ir.Graph // of the model, for the search of the first diverging layer; nil: none
}

// Verify runs both models on their runtimes and compares. Layers are paired by
// the names of their tensors.
func (e *Env) Verify(ctx context.Context, q VerifyRequest) (*verify.Verdict, error) {
	r := plan.Default()
	r.Samples = q.Samples
	if q.Precision != "" {
		r.Precision = q.Precision
	}
	res := &Result{}
	res.Artefacts = []plan.Artefact{{Path: q.Artefact}}
	if q.Graph != nil {
		layers, err := e.pair(ctx, q)
		if err != nil {
			return nil, err
		}
		res.Layers = layers
	}
	return e.verify(ctx, Request{Model: q.Model, Target: q.Target, Recipe: r, Task: q.Task, Pictures: q.Pictures}, res)
}

// pair finds the source tensors that the artefact has by the same name.
func (e *Env) pair(ctx context.Context, q VerifyRequest) ([]plan.Layer, error) {
	n, ok := e.Target(q.Target).(interface {
		Tensors(ctx context.Context, path string) ([]string, error)
	})
	if !ok {
		return nil, nil
	}
	names, err := n.Tensors(ctx, q.Artefact)
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, s := range names {
		have[s] = true
	}
	var out []plan.Layer
	for _, n := range q.Graph.Nodes {
		if v := n.Out(0); v != nil && have[v.Name] {
			out = append(out, plan.Layer{Name: n.Name, Source: v.Name, Artefact: v.Name})
		}
	}
	return out, nil
}

// verify compares the artefact in q.Private with the source. Where the source's
// runtime does not take or run the source, as with maps among its outputs, the
// built-in one runs it.
func (e *Env) verify(ctx context.Context, q Request, res *Result) (*verify.Verdict, error) {
	src, err := e.SourceRuntime(ctx)
	if err != nil {
		return nil, err
	}
	v, err := e.verifyAgainst(ctx, q, res, src)
	if err == nil || ctx.Err() != nil || src.Info().Name == "reference" {
		return v, err
	}
	own, _ := e.firstRuntime(ctx, []string{"reference"})
	if own == nil {
		return nil, err
	}
	v, again := e.verifyAgainst(ctx, q, res, own)
	if again != nil {
		return nil, err
	}
	res.Findings = append(res.Findings, diag.Warnf("verify.source", "the built-in runtime ran the source: %v", err))
	return v, nil
}

// verifyAgainst compares the artefact with the source on the runtime src.
func (e *Env) verifyAgainst(ctx context.Context, q Request, res *Result, src runtimes.Runtime) (*verify.Verdict, error) {
	t := e.Target(q.Target)
	info := t.Info()
	art, why := e.firstRuntime(ctx, info.Runtimes)
	if art == nil {
		return verify.NotRunVerdict("", why), nil
	}
	precision := q.Recipe.Precision
	c := verify.Config{
		Source:    verify.Side{Runtime: src, Model: runtimes.Model{Path: q.Model}},
		Artefact:  verify.Side{Runtime: art, Model: runtimes.Model{Path: within(q.Private, res.Main()), Format: q.Target}},
		Precision: precision,
	}
	// What stands in for TensorRT shall compute what the file says, without optimisations (and their faults) that no
	// engine has.
	c.Artefact.Plain = q.Target == "tensorrt"
	if tapper, ok := t.(target.Tapper); ok {
		c.Artefact.Tap = func(ctx context.Context, tensors []string) (string, func(), error) {
			dir, remove, err := scratch.Dir("tap")
			if err != nil {
				return "", nil, err
			}
			p, err := tapper.Tap(ctx, c.Artefact.Model.Path, tensors, dir)
			if err != nil {
				remove()
				return "", nil, err
			}
			return p, remove, nil
		}
	}
	if e.Round != nil && precision == "fp16" {
		c.Rounded = func(context.Context) (string, func(), error) {
			dir, remove, err := scratch.Dir("rounded")
			if err != nil {
				return "", nil, err
			}
			p := filepath.Join(dir, filepath.Base(q.Model))
			if err := e.Round(q.Model, p); err != nil {
				remove()
				return "", nil, err
			}
			return p, remove, nil
		}
	}
	for _, l := range res.Layers {
		c.Layers = append(c.Layers, verify.Layer{Name: l.Name, Source: l.Source, Artefact: l.Artefact})
	}
	var err error
	varied := false
	if c.Samples, varied, err = e.samples(ctx, q, c.Source, c.Artefact); err != nil {
		return nil, err
	}
	if varied {
		// Sizes that the source itself does not take prove nothing.
		if err := tryInputs(ctx, c.Source, c.Samples); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if c.Samples, _, err = e.samples(ctx, q, c.Source, verify.Side{}); err != nil {
				return nil, err
			}
		}
	}
	if q.Recipe.Compresses(q.Target) && precision == "int8" {
		c.Precision = "fp32" // what it is compared with has the same weights
	}
	if changed(&q.Recipe, q.Target) {
		if q.Target == "onnx" && precision == "fp32" && art.Info().Name == "reference" {
			return verify.NotRunVerdict("", "a pruned ONNX artefact is the pruned source itself: only another runtime than the built-in one can prove it"), nil
		}
		dir, remove, err := scratch.Dir("pruned")
		if err != nil {
			return nil, err
		}
		defer remove()
		if err := e.againstPruned(ctx, dir, q, res, &c); err != nil {
			return nil, err
		}
	}
	if e.Wiring != nil {
		c.Wiring = e.Wiring(c.Source.Model.Path)
	}
	return verify.Run(ctx, c)
}

package pipeline

import (
	"context"

	"slipway/conversion/ir"
	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/runtimes/task"
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

package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/profiler/accuracy"
	"slipway/profiler/measure"
	"slipway/profiler/verify"
	"slipway/project/jobs"
	"slipway/project/store"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// LookAtRuntimes checks which runtimes work here and remembers the answer.
func (s *Studio) LookAtRuntimes(ctx context.Context) []RuntimeStatus {
	st := s.env.Runtimes.Status(ctx)
	s.mu.Lock()
	s.status = st
	s.mu.Unlock()
	s.tell(Event{Kind: RuntimesChanged})
	return st
}

// RuntimeStatus is what LookAtRuntimes found last; nil before the first look.
func (s *Studio) RuntimeStatus() []RuntimeStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.status)
}

// checkers are runtimes that compute an artefact's numbers by a program of our
// own: what they take says nothing about the target.
var checkers = map[string]bool{"mil": true}

// Measurable reports whether Bench would measure the variant here.
func (s *Studio) Measurable(v *Variant) bool { return len(s.runtimesFor(v)) > 0 }

// runtimesFor lists the runtimes that work here and open the variant, the
// preferred one first; the built-in reference only where there is no other.
func (s *Studio) runtimesFor(v *Variant) []string {
	format := v.Target
	if v.ID == 0 {
		format = "onnx"
	}
	var out []string
	if p := s.preferred(v); p != "" && !checkers[p] {
		out = append(out, p)
	}
	for _, r := range s.RuntimeStatus() {
		if r.OK && r.Name != "reference" && !checkers[r.Name] && slices.Contains(r.Formats, format) && !slices.Contains(out, r.Name) {
			out = append(out, r.Name)
		}
	}
	return out
}

// BenchOptions choose what to measure.
type BenchOptions struct {
	Variants []int64 // empty: all usable ones
	Seconds  float64 // a subject; default 2
	Threads  int     // 0: the runtime's default
}

// Bench queues a measurement of variants on every local runtime that opens
// them, interleaved.
func (s *Studio) Bench(o BenchOptions) (int64, error) {
	if s.Model() == nil {
		return 0, ErrNoModel
	}
	return s.queue.Submit("bench", "measure latency", func(ctx context.Context, h *jobs.Handle) error {
		return s.runBench(ctx, h, o)
	}), nil
}

func (s *Studio) runBench(ctx context.Context, h *jobs.Handle, o BenchOptions) error {
	var subjects []measure.Subject
	var owner []*Variant
	for _, v := range s.chosen(o.Variants) {
		names := s.runtimesFor(v)
		if len(names) == 0 {
			h.Find(notHere(v))
		}
		for _, name := range names {
			h.Progress("opening "+v.Title+" on "+name, 0)
			sub, stop, err := s.subject(ctx, v, name, o.Threads)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				h.Find(diag.Warnf("bench.refused", "%s does not run on %s: %v", v.Title, name, err))
				continue
			}
			defer stop()
			subjects, owner = append(subjects, sub), append(owner, v)
		}
	}
	rows, errs, err := measure.Run(ctx, subjects, measure.Options{Seconds: o.Seconds, Progress: func(f float64, what string) { h.Progress(what, f) }})
	if err != nil {
		return err
	}
	for i, r := range rows {
		if errs[i] != nil {
			h.Find(diag.Warnf("bench.failed", "%s: %v", subjects[i].Name, errs[i]))
			continue
		}
		h.Progress("layers of "+subjects[i].Name+" on "+r.Runtime, 1)
		if r.Layers, err = s.layerTimes(ctx, owner[i], subjects[i]); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			h.Find(diag.Warnf("bench.layers", "no times by layer of %s on %s: %v", subjects[i].Name, r.Runtime, err))
		}
		if err := s.record("bench", owner[i].ID, r.Runtime, r); err != nil {
			return err
		}
	}
	return s.reloadResults()
}

// subject opens a variant in a worker of its own; stop ends it.
func (s *Studio) subject(ctx context.Context, v *Variant, name string, threads int) (sub measure.Subject, stop func(), err error) {
	r, stop, err := s.env.Runtimes.Dedicated(ctx, name)
	if err != nil {
		return sub, nil, err
	}
	ses, err := r.Open(ctx, runtimes.Model{Path: v.Path, Format: v.Format()}, runtimes.Options{Threads: threads})
	if err != nil {
		stop()
		return sub, nil, err
	}
	in, err := verify.Samples(ses.Inputs(), 1, nil)
	if err != nil {
		stop()
		return sub, nil, err
	}
	return measure.Subject{Name: v.Title, Runtime: r.Info(), Session: ses, Inputs: in[0], Threads: threads, Batch: batchOf(in[0])}, stop, nil
}

// layerTimes is what each layer of a measured variant takes; nil where the
// runtime cannot tell.
func (s *Studio) layerTimes(ctx context.Context, v *Variant, sub measure.Subject) ([]measure.Layer, error) {
	r, stop, err := s.env.Runtimes.Dedicated(ctx, sub.Runtime.Name)
	if err != nil {
		return nil, err
	}
	defer stop()
	return measure.Trace(ctx, r, runtimes.Model{Path: v.Path, Format: v.Format()}, runtimes.Options{Threads: sub.Threads}, sub.Inputs, s.origins(v))
}

// origins says from which source layers the layers and tensors of a variant's
// file come, by name.
func (s *Studio) origins(v *Variant) map[string][]string {
	out := map[string][]string{}
	if m := s.Model(); v.Result == nil && m != nil {
		for _, n := range m.Graph.Nodes {
			for _, o := range n.Outputs {
				if o != nil {
					out[o.Name] = []string{n.Name}
				}
			}
			out[n.Name] = []string{n.Name}
		}
	}
	if v.Result == nil {
		return out
	}
	for _, l := range v.Result.Layers {
		out[l.Artefact] = []string{l.Name}
	}
	maps.Copy(out, v.Result.Sources)
	return out
}

func batchOf(in []*tensor.Tensor) int {
	if len(in) > 0 && in[0].Rank() > 1 {
		return in[0].Shape()[0]
	}
	return 1
}

func (s *Studio) chosen(ids []int64) []*Variant {
	var out []*Variant
	for _, v := range s.Variants() {
		if v.Usable() && (len(ids) == 0 || slices.Contains(ids, v.ID)) {
			out = append(out, v)
		}
	}
	return out
}

// EvalOptions choose what to score.
type EvalOptions struct {
	Dataset  string // folder
	Variants []int64
	Limit    int // pictures at most; 0: all, evenly spread otherwise
}

// Eval queues a scoring of variants, each on its preferred runtime.
func (s *Studio) Eval(o EvalOptions) (int64, error) {
	if s.Model() == nil {
		return 0, ErrNoModel
	}
	return s.queue.Submit("eval", "accuracy on "+filepath.Base(o.Dataset), func(ctx context.Context, h *jobs.Handle) error {
		return s.runEval(ctx, h, o)
	}), nil
}

func (s *Studio) runEval(ctx context.Context, h *jobs.Handle, o EvalOptions) error {
	t, _ := s.Task()
	d, err := task.OpenDataset(o.Dataset, t)
	if err != nil {
		return err
	}
	h.Find(d.Findings...)
	samples := Spread(d.Samples, o.Limit)
	var subjects []accuracy.Subject
	var owner []*Variant
	defer func() {
		for _, sub := range subjects {
			sub.Session.Close()
		}
	}()
	for _, v := range s.chosen(o.Variants) {
		name := s.preferred(v)
		if name == "" {
			h.Find(notHere(v))
			continue
		}
		r, err := s.env.Runtimes.Get(name)
		if err == nil {
			var ses runtimes.Session
			if ses, err = r.Open(ctx, runtimes.Model{Path: v.Path, Format: v.Format()}, runtimes.Options{}); err == nil {
				subjects, owner = append(subjects, accuracy.Subject{Name: v.Title, Session: ses}), append(owner, v)
				continue
			}
		}
		h.Find(diag.Warnf("eval.refused", "%s does not run on %s: %v", v.Title, name, err))
	}
	if len(subjects) == 0 {
		return errors.New("no variant could be opened")
	}
	rows, findings, err := accuracy.Run(ctx, t, subjects, samples, func(done, all int) {
		h.Progress(fmt.Sprintf("%d of %d pictures", done, all), float64(done)/float64(all))
	})
	h.Find(findings...)
	if err != nil {
		return err
	}
	for i, r := range rows {
		row := EvalRow{Variant: owner[i].ID, Runtime: s.preferred(owner[i]), Dataset: o.Dataset, Result: *r}
		if err := s.record("eval", owner[i].ID, row.Runtime, row); err != nil {
			return err
		}
	}
	return s.reloadResults()
}

// Spread picks at most limit items, evenly over the list; 0 means all.
func Spread[T any](all []T, limit int) []T {
	if limit <= 0 || len(all) <= limit {
		return all
	}
	out := make([]T, limit)
	for i := range out {
		out[i] = all[i*len(all)/limit]
	}
	return out
}

func (s *Studio) record(kind string, variant int64, runtime string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	st := s.store
	s.mu.Unlock()
	if st == nil {
		return ErrNoModel
	}
	return st.AddResult(&store.Result{Variant: variant, Kind: kind, Runtime: runtime, Body: b})
}

func (s *Studio) reloadResults() error {
	s.mu.Lock()
	err := s.restoreResults()
	s.mu.Unlock()
	s.tell(Event{Kind: ResultsChanged})
	return err
}

// restoreResults reads the newest results; called with the lock held.
func (s *Studio) restoreResults() error {
	if s.store == nil {
		return nil
	}
	s.bench, s.eval = nil, nil
	rows, err := s.store.Results("bench")
	if err != nil {
		return err
	}
	for _, r := range rows {
		b := BenchRow{Variant: r.Variant}
		if json.Unmarshal(r.Body, &b.Result) == nil {
			s.bench = append(s.bench, b)
		}
	}
	if rows, err = s.store.Results("eval"); err != nil {
		return err
	}
	for _, r := range rows {
		var e EvalRow
		if json.Unmarshal(r.Body, &e) == nil {
			s.eval = append(s.eval, e)
		}
	}
	return nil
}

// BenchRows lists the newest measurement of each variant and runtime.
func (s *Studio) BenchRows() []BenchRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bench)
}

// EvalRows lists the newest accuracy of each variant.
func (s *Studio) EvalRows() []EvalRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.eval)
}

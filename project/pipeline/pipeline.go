// Package pipeline takes one model to one target from end to end: conversion in
// a worker process, verification on the target's own runtime, and only then the
// final name. The window, the command line and the demo all use it.
package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/pass"
	"slipway/conversion/plan"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/profiler/verify"
	"slipway/project/atomicfile"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// Env is what a conversion needs from its surroundings.
type Env struct {
	// Convert runs plan.Run, in a worker process; t tells how calibration
	// pictures become inputs, nil where that is not known.
	Convert func(ctx context.Context, r plan.Request, t *task.Task, progress func(plan.Event)) (*plan.Report, error)
	// Runtime returns a runtime by name, in a worker process; an absent one is a
	// *runtimes.NotAvailableError.
	Runtime func(name string) (runtimes.Runtime, error)
	// Tensors reads up to n inputs from the .npy and .npz files in a folder; none
	// where it holds none. nil: tensors cannot be read.
	Tensors func(dir string, ios []runtimes.IO, n int) ([][]*tensor.Tensor, error)
	// Targets by name.
	Target func(name string) target.Target
	// Round writes a copy of a source model with its weights rounded to half
	// precision; nil: verification judges by fixed tolerances alone.
	Round func(path, to string) error
}

// Request asks for one conversion.
type Request struct {
	Model    string // path
	Name     string // base name of the artefact; "": the model file's
	Target   string
	Recipe   plan.Recipe
	Task     *task.Task // how pictures become inputs; nil: none known
	Pictures []string   // further verification inputs, where Task is known
	NoVerify bool
	// Private is an existing folder, on the file system of the result, that the
	// conversion writes into.
	Private string
}

// Result is a report with its verdict; its JSON is the command line's contract.
type Result struct {
	plan.Report
	Verify *verify.Verdict `json:"verify"`
}

// Main is the path of the artefact's main file, relative to its folder.
func (r *Result) Main() string {
	if len(r.Artefacts) == 0 {
		return ""
	}
	return r.Artefacts[0].Path
}

// Run converts into q.Private and verifies. Artefact paths in the result are
// relative to it. A conversion that the target cannot express, a crash or a
// mismatch is a Result with OK false; the error is only for a cancelled ctx.
func (e *Env) Run(ctx context.Context, q Request, progress func(plan.Event)) (*Result, error) {
	if progress == nil {
		progress = func(plan.Event) {}
	}
	if q.Name == "" {
		q.Name = BaseName(q.Model)
	}
	pr := plan.Request{Model: q.Model, Name: q.Name, Target: q.Target, Recipe: q.Recipe, Dir: q.Private}
	rep, err := e.Convert(ctx, pr, q.Task, func(ev plan.Event) {
		ev.Fraction *= 0.7
		progress(ev)
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if rep == nil {
		rep = &plan.Report{Model: q.Model, Target: q.Target}
	}
	res := &Result{Report: *rep, Verify: verify.NotRunVerdict("", "the conversion did not succeed")}
	res.normalise()
	if err != nil {
		res.OK = false
		res.Findings = append(res.Findings, workerFindings(err)...)
	}
	if !res.OK {
		return res, nil
	}
	if q.NoVerify {
		res.Verify = verify.NotRunVerdict("", "verification was switched off")
		return res, nil
	}
	start := time.Now()
	progress(plan.Event{Stage: "verify", Fraction: 0.75, Text: "comparing with the source"})
	v, err := e.verify(ctx, q, res)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	res.Seconds.Verify = time.Since(start).Seconds()
	if err != nil {
		v = verify.NotRunVerdict("", err.Error())
		res.Findings = append(res.Findings, diag.FromError("verify.failed", err)...)
	}
	res.Verify = v
	if v.Sensitive {
		res.Findings = append(res.Findings, diag.Warnf("verify.sensitive", "the model is sensitive to half precision: %s", v.Why).
			Suggest("measure its accuracy before using it"))
	}
	switch v.Verdict {
	case verify.Mismatch:
		res.OK = false
		f := diag.Errorf("verify.mismatch", "the artefact does not compute what the source model computes: %s", v.Why)
		if v.FirstLayer != "" {
			f = f.At(v.FirstLayer).Suggest("the first layer that differs is %q: keep it in float, or skip the pass that changed it", v.FirstLayer)
		}
		res.Findings = append(res.Findings, f)
	case verify.Drift:
		res.Findings = append(res.Findings, diag.Warnf("verify.drift", "the artefact is close to the source model, but not within the precision's tolerance: %s", v.Why).
			Suggest("measure its accuracy before using it"))
	case verify.NotRun:
		res.Findings = append(res.Findings, diag.Warnf("verify.not-run", "the artefact was not verified: %s", v.Why))
	}
	progress(plan.Event{Stage: "verify", Fraction: 1, Text: v.Verdict})
	return res, nil
}

// Failure is the result of a conversion that came to nothing.
func Failure(model, target string, findings diag.List) *Result {
	r := &Result{Report: plan.Report{Model: model, Target: target, Findings: findings}, Verify: verify.NotRunVerdict("", "the conversion did not succeed")}
	r.normalise()
	return r
}

// normalise makes absent lists empty ones, as the JSON's readers expect.
func (r *Result) normalise() {
	if r.Findings == nil {
		r.Findings = diag.List{}
	}
	if r.Artefacts == nil {
		r.Artefacts = []plan.Artefact{}
	}
	if r.Precision == nil {
		r.Precision = map[string]string{}
	}
	if r.Passes == nil {
		r.Passes = []pass.Report{}
	}
	for i := range r.Passes {
		if r.Passes[i].Missed == nil {
			r.Passes[i].Missed = []pass.Miss{}
		}
	}
}

// workerFindings puts the end of a worker into words.
func workerFindings(err error) diag.List {
	var crash *runtimes.CrashError
	var late *runtimes.TimeoutError
	switch {
	case errors.As(err, &crash):
		return diag.List{diag.Errorf("worker.crashed", "the conversion's process died (%s) during %s", crash.Signal, crash.Stage).
			Suggest("nothing was lost; try again, or report it with the log: %s", tail(crash.Stderr, 400))}
	case errors.As(err, &late):
		return diag.List{diag.Errorf("worker.timeout", "the conversion was stopped after %v without an end in %s", late.After, late.Stage)}
	}
	return diag.FromError("convert.failed", err)
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// verify compares the artefact in q.Private with the source.
func (e *Env) verify(ctx context.Context, q Request, res *Result) (*verify.Verdict, error) {
	t := e.Target(q.Target)
	info := t.Info()
	art, why := e.firstRuntime(ctx, info.Runtimes)
	if art == nil {
		return verify.NotRunVerdict("", why), nil
	}
	src, err := e.SourceRuntime(ctx)
	if err != nil {
		return nil, err
	}
	precision := q.Recipe.Precision
	c := verify.Config{
		Source:    verify.Side{Runtime: src, Model: runtimes.Model{Path: q.Model}},
		Artefact:  verify.Side{Runtime: art, Model: runtimes.Model{Path: within(q.Private, res.Main()), Format: q.Target}},
		Precision: precision,
	}
	if tapper, ok := t.(target.Tapper); ok {
		c.Artefact.Tap = func(ctx context.Context, tensors []string) (string, func(), error) {
			dir, err := os.MkdirTemp("", "studio-tap-")
			if err != nil {
				return "", nil, err
			}
			p, err := tapper.Tap(ctx, c.Artefact.Model.Path, tensors, dir)
			return p, func() { os.RemoveAll(dir) }, err
		}
	}
	if e.Round != nil && precision == "fp16" {
		c.Rounded = func(context.Context) (string, func(), error) {
			dir, err := os.MkdirTemp("", "studio-rounded-")
			if err != nil {
				return "", nil, err
			}
			remove := func() { os.RemoveAll(dir) }
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
	if c.Samples, err = e.samples(ctx, q, c.Source); err != nil {
		return nil, err
	}
	if pruned(&q.Recipe) {
		if q.Target == "onnx" && precision == "fp32" && art.Info().Name == "reference" {
			return verify.NotRunVerdict("", "a pruned ONNX artefact is the pruned source itself: only another runtime than the built-in one can prove it"), nil
		}
		remove, err := e.againstPruned(ctx, q, res, &c)
		if err != nil {
			return nil, err
		}
		defer remove()
	}
	return verify.Run(ctx, c)
}

// samples are random inputs and, where the task is known, pictures. An int8
// artefact holds in the ranges it was calibrated for, so it is compared on
// pictures alone where there are some: those given, or some of its calibration.
func (e *Env) samples(ctx context.Context, q Request, src verify.Side) ([][]*tensor.Tensor, error) {
	s, err := src.Runtime.Open(ctx, src.Model, runtimes.Options{})
	if err != nil {
		return nil, err
	}
	ios, outs := s.Inputs(), s.Outputs()
	s.Close()
	dims := map[string][]int{}
	for name, d := range q.Recipe.InputShapes {
		for _, n := range d {
			dims[name] = append(dims[name], int(n))
		}
	}
	n := q.Recipe.Samples
	if n <= 0 {
		n = plan.Default().Samples
	}
	t, known := q.Task, q.Task != nil && q.Task.Kind != task.Generic
	if !known {
		t, _ = task.Guess(ios, outs)
	}
	int8 := q.Recipe.Precision == "int8"
	var pictures [][]*tensor.Tensor
	// Where the task is not known, calibration guessed it as it is guessed here.
	if t != nil && (known || int8) && len(ios) == 1 {
		paths := q.Pictures
		if len(paths) == 0 && int8 {
			paths = somePictures(q.Recipe.Quantize.Calibration, n)
		}
		if pictures, err = prepare(paths, t, ios[0].DType); err != nil {
			return nil, err
		}
	}
	if int8 && len(pictures) == 0 && q.Recipe.Quantize.Calibration != "" && e.Tensors != nil {
		if pictures, err = e.Tensors(q.Recipe.Quantize.Calibration, ios, n); err != nil {
			return nil, err
		}
	}
	if int8 && len(pictures) > 0 {
		return pictures, nil
	}
	out, err := verify.Samples(ios, n, dims, spans(t, ios)...)
	return append(out, pictures...), err
}

// spans are the values that a picture's elements take in each input; without
// them noise would test a model for raw pixels in nothing but darkness.
func spans(t *task.Task, ios []runtimes.IO) []verify.Span {
	if t == nil || t.Kind == task.Generic || len(ios) == 0 {
		return nil
	}
	out := make([]verify.Span, len(ios))
	lo, hi := t.Input.Span()
	out[t.MatchInput(ios)] = verify.Span{Low: lo, High: hi}
	return out
}

// prepare turns pictures into inputs; those that cannot be read are left out,
// as whoever lists them reports that.
func prepare(paths []string, t *task.Task, d tensor.DType) ([][]*tensor.Tensor, error) {
	var out [][]*tensor.Tensor
	for _, p := range paths {
		img, err := task.DecodeFile(p)
		if err != nil {
			continue
		}
		x, _, err := t.Prepare(img)
		if err != nil {
			return nil, err
		}
		if x, err = task.As(x, d); err != nil {
			return nil, err
		}
		out = append(out, []*tensor.Tensor{x})
	}
	return out, nil
}

// somePictures lists the first n pictures in a folder and those below it.
func somePictures(dir string, n int) []string {
	var out []string
	if dir == "" {
		return nil
	}
	_ = filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && task.IsPicture(p) {
			out = append(out, p)
		}
		if len(out) == n {
			return filepath.SkipAll
		}
		return nil
	})
	return out
}

// SourceRuntime is what runs source models: ONNX Runtime, which shares no code
// with this program, or the built-in reference where it is absent.
func (e *Env) SourceRuntime(ctx context.Context) (runtimes.Runtime, error) {
	r, why := e.firstRuntime(ctx, []string{"ort", "reference"})
	if r == nil {
		return nil, errors.New(why)
	}
	return r, nil
}

func (e *Env) firstRuntime(ctx context.Context, names []string) (runtimes.Runtime, string) {
	why := "no runtime can check this target here"
	for i, n := range names {
		r, err := e.Runtime(n)
		if err == nil {
			err = r.Check(ctx)
		}
		if err == nil {
			return r, ""
		}
		if i == 0 {
			why = err.Error()
		}
	}
	return nil, why
}

// BaseName is the artefact's base name for a model file: "net" for dir/net.onnx.
func BaseName(model string) string {
	return strings.TrimSuffix(filepath.Base(model), filepath.Ext(model))
}

// RunTo is Run with the result under dir: dir/TARGET, or dir/rejected/TARGET
// where the verdict is a mismatch. Nothing stands under a final name before it
// is whole. Artefact paths in the result are full.
func (e *Env) RunTo(ctx context.Context, q Request, dir string, progress func(plan.Event)) (*Result, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, diag.Errorf("convert.output", "the output folder cannot be made: %v", err).In(dir)
	}
	private, err := os.MkdirTemp(dir, ".private-")
	if err != nil {
		return nil, diag.Errorf("convert.output", "the output folder cannot be written: %v", err).In(dir)
	}
	defer os.RemoveAll(private)
	q.Private = private
	res, err := e.Run(ctx, q, progress)
	if err != nil {
		return nil, err
	}
	final := filepath.Join(dir, q.Target)
	if !res.OK {
		if res.Verify.Verdict != verify.Mismatch {
			res.Artefacts = []plan.Artefact{}
			return res, nil
		}
		final = filepath.Join(dir, "rejected", q.Target)
	}
	if err := moveInto(private, final, res.Artefacts); err != nil {
		return nil, diag.Errorf("convert.output", "%v", err).In(final)
	}
	for i := range res.Artefacts {
		res.Artefacts[i].Path = filepath.Join(final, res.Artefacts[i].Path)
	}
	return res, nil
}

// moveInto gives the files of private their final names in final, durably. An
// older artefact of the same name loses its main file first and the new main
// file (the first) arrives last, so that a kill in between never leaves a main
// file beside the data of another. Artefacts of other models are kept.
func moveInto(private, final string, files []plan.Artefact) error {
	if err := os.MkdirAll(final, 0o755); err != nil {
		return err
	}
	for i := range files {
		if folder(private, files[i]) {
			continue // synced when it is published
		}
		if err := atomicfile.Sync(filepath.Join(private, files[i].Path)); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(final, files[i].Path)), 0o755); err != nil {
			return err
		}
	}
	if len(files) > 1 {
		if err := os.RemoveAll(filepath.Join(final, files[0].Path)); err != nil {
			return err
		}
	}
	for _, f := range slices.Backward(files) {
		if folder(private, f) {
			if err := atomicfile.Publish(filepath.Join(private, f.Path), filepath.Join(final, f.Path)); err != nil {
				return err
			}
			continue
		}
		if err := os.Rename(filepath.Join(private, f.Path), filepath.Join(final, f.Path)); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(final)
}

// folder reports whether an artefact is a folder, such as a Core ML package.
func folder(private string, a plan.Artefact) bool {
	st, err := os.Stat(filepath.Join(private, a.Path))
	return err == nil && st.IsDir()
}

// HashFile is the SHA-256 of a file in hex.
func HashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// within joins a path to the private folder, unless it stands by itself.
func within(dir, path string) string {
	if filepath.IsAbs(path) || dir == "" {
		return path
	}
	return filepath.Join(dir, path)
}

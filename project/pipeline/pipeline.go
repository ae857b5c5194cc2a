package pipeline

import (
	"context"
	"errors"
	"fmt"
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
	// Wiring is how a source model's file is wired, read when it is asked; nil:
	// verification cannot tell decisions between nearly equal values from errors.
	Wiring func(path string) verify.Wiring
	// Engine builds engines for GPUs; nil: nothing here does.
	Engine Builder
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
	Earlier string // the build file of an engine that this conversion replaces, "" where there is none
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
	pr := plan.Request{
		Model: q.Model, Name: q.Name, Target: q.Target, Recipe: q.Recipe, Dir: q.Private,
		Picture: pictures(q.Task, q.Target, &q.Recipe), Classes: classes(q.Task, q.Target, &q.Recipe),
	}
	stage := ""
	rep, err := e.Convert(ctx, pr, q.Task, func(ev plan.Event) {
		ev.Fraction *= 0.7
		stage = ev.Stage
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
		res.Findings = append(res.Findings, workerFindings(err, stage)...)
	}
	if !res.OK {
		return res, nil
	}
	if q.NoVerify {
		res.Verify = verify.NotRunVerdict("", "verification was switched off")
		return res, e.engine(ctx, q, res, progress)
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
	if v.Stepped {
		res.Findings = append(res.Findings, diag.Infof("verify.stepped", "the model computes in integers, and some come out as the neighbouring one, since runtimes round to either side: largest error %.3g of the output's range", v.MaxRel))
	}
	if v.SourceOff {
		res.Findings = append(res.Findings, diag.Warnf("verify.source-off", "%s's fast kernels give something else for the source than its plain ones, which it was compared with", v.Reference).
			Suggest("who runs the source itself on it gets other numbers: switch its graph optimisation off there"))
	}
	if len(v.Constant) > 0 {
		res.Findings = append(res.Findings, diag.Infof("verify.constant", "the model makes rounding errors of inputs of one number throughout, and such samples were left out: %d of %d", len(v.Constant), v.Samples))
	}
	if len(v.Decided) > 0 {
		res.Findings = append(res.Findings, diag.Infof("verify.decided", "the model decides between nearly equal values: %s", v.Why))
	}
	switch v.Verdict {
	case verify.Mismatch:
		res.OK = false
		f := diag.Errorf("verify.mismatch", "the artefact does not compute what the source model computes: %s", v.Why)
		if v.FirstLayer != "" {
			f = f.At(v.FirstLayer).Suggest("the first layer that differs is %q: keep it in float, or skip the pass that changed it", v.FirstLayer)
		}
		if slices.ContainsFunc(res.Findings, func(f *diag.Finding) bool { return f.Code == plan.UncalibratedCode }) {
			f = f.Suggest("its ranges come from random inputs: %s", plan.CalibrateCure)
		}
		res.Findings = append(res.Findings, f)
	case verify.Drift:
		res.Findings = append(res.Findings, diag.Warnf("verify.drift", "the artefact is close to the source model, but not within the precision's tolerance: %s", v.Why).
			Suggest("measure its accuracy before using it"))
	case verify.NotRun:
		res.Findings = append(res.Findings, diag.Warnf("verify.not-run", "the artefact was not verified: %s", v.Why))
	}
	if err := e.engine(ctx, q, res, progress); err != nil {
		return nil, err
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

// workerFindings puts the end of a worker into words; stage is the last that it
// told of, "" for none.
func workerFindings(err error, stage string) diag.List {
	during := ""
	if stage != "" {
		during = fmt.Sprintf(" in the stage %q", stage)
	}
	var crash *runtimes.CrashError
	var late *runtimes.TimeoutError
	switch {
	case errors.As(err, &crash) && crash.Foreign():
		return diag.List{diag.Errorf("worker.crashed", "the conversion's process was ended from outside%s (%s)", during, crash.Signal).
			Suggest("nothing was lost: try again; where memory ran out, close other programs first or run fewer conversions at a time")}
	case errors.As(err, &crash):
		f := diag.Errorf("worker.crashed", "the conversion's process died%s (%s)", during, crash.Signal).Suggest("nothing was lost: try again, or report it")
		if log := tail(strings.TrimSpace(crash.Stderr), 400); log != "" {
			f = f.Suggest("nothing was lost: try again, or report it with the log: %s", log)
		}
		return diag.List{f}
	case errors.As(err, &late):
		return diag.List{diag.Errorf("worker.timeout", "the conversion was stopped after %v without an end%s", late.After, during).
			Suggest("nothing was lost: try again when the machine has less to do")}
	}
	if strings.Contains(err.Error(), "worker: panic: ") {
		return diag.List{diag.Errorf("convert.failed", "%v", err).Suggest("this is a fault of the program: report it with these details")}
	}
	return diag.FromError("convert.failed", err)
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
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

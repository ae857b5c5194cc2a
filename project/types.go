package project

import (
	"context"
	"path/filepath"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/plan"
	"slipway/conversion/source"
	"slipway/conversion/summary"
	"slipway/conversion/target"
	"slipway/profiler/accuracy"
	"slipway/profiler/measure"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// RuntimeStatus says what was found of one runtime on this machine.
type RuntimeStatus struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	OK      bool     `json:"ok"`
	Version string   `json:"version"`
	Library string   `json:"library"`
	Origin  string   `json:"origin"` // where the library was found
	Devices []string `json:"devices"`
	Formats []string `json:"formats"`
	Loses   string   `json:"loses,omitempty"` // what is lost without it
	Reason  string   `json:"reason,omitempty"`
	Cure    string   `json:"cure,omitempty"`
}

// Runtimes is where Studio gets runtimes from.
type Runtimes interface {
	// Status checks every known runtime, in a fixed order. It may take seconds.
	Status(ctx context.Context) []RuntimeStatus
	// Get returns a runtime that lives in a worker process, or a
	// *runtimes.NotAvailableError.
	Get(name string) (runtimes.Runtime, error)
	// Dedicated returns the runtime in a worker of its own, so that its memory is
	// that of one model; stop ends it.
	Dedicated(ctx context.Context, name string) (r runtimes.Runtime, stop func(), err error)
}

// Env is what a Studio needs from its surroundings.
type Env struct {
	Open     func(ctx context.Context, path string, o source.Options) (*source.Model, error)
	Pipeline *pipeline.Env
	Runtimes Runtimes
	Targets  []target.Target
	// Support finds out what each target would do with an open model; nil: nothing can.
	Support func(ctx context.Context, m *Model, targets []string, shapes map[string][]int64, q plan.Wanted) ([]plan.Support, error)
	// Labels names the classes of a guessed task; nil, or nil from it: unnamed.
	Labels func(classes int) []string
	// Picture draws a graph as SVG, for the report; nil: the report has none.
	Picture func(ctx context.Context, g *ir.Graph) ([]byte, error)
	Version string // of the program: part of every artefact's key
	DataDir string // projects without a place of their own live here
}

// Model is the open model. Its fields do not change while it is open.
type Model struct {
	Path    string
	Name    string // base name without extension
	Bytes   int64
	Source  *source.Model
	Graph   *ir.Graph
	Summary *summary.Summary
	Opened  time.Time
}

// Variant is one form of the model: the source itself (ID 0) or an artefact.
type Variant struct {
	ID      int64
	Title   string // "source", "OpenVINO int8"
	Target  string // "source" for ID 0
	Path    string // main file
	Recipe  plan.Recipe
	Result  *pipeline.Result // nil for the source
	Bytes   int64            // of all files
	Created time.Time
}

// Usable reports whether the variant computes the source's function as far as
// is known: a mismatch is kept only to be looked at.
func (v *Variant) Usable() bool { return v.Result == nil || v.Result.OK }

// Verdict is what verification said, in words: "match", "drift", "mismatch" or
// "not run"; with "numbers" before it where the target's own runtime was not
// what computed. It is "" for the source.
func (v *Variant) Verdict() string {
	if v.Result == nil || v.Result.Verify == nil {
		return ""
	}
	c := v.Result.Verify
	switch {
	case c.Verdict == verify.NotRun:
		return "not run"
	case v.Target == "coreml" && c.Runtime != "coreml", v.Target == "tensorrt" && c.Runtime != "tensorrt":
		return "numbers " + c.Verdict
	}
	return c.Verdict
}

// Format is the target name for runtimes.Model, "" for the source.
func (v *Variant) Format() string {
	if v.ID == 0 {
		return ""
	}
	return v.Target
}

// Cell is what one variant says about one picture.
type Cell struct {
	Variant     int64
	Runtime     string
	Predictions []task.Prediction
	Took        time.Duration
	Err         error // nil where Predictions hold
}

// Picture is a tested picture with what every variant says about it.
type Picture struct {
	Path  string
	Cells []Cell // in the order of Variants at the time of the test
	Done  bool
	Err   error // the picture itself could not be read
}

// BenchRow is a measurement of a variant on a runtime.
type BenchRow struct {
	Variant int64
	measure.Result
}

// EvalRow is an accuracy of a variant on a runtime.
type EvalRow struct {
	Variant int64
	Runtime string
	Dataset string
	accuracy.Result
}

// TargetChoice is a target with whether it can be chosen now and why not.
type TargetChoice struct {
	Info    target.Info
	Enabled bool
	Reason  string // why not, or what will not be checked; "" where all is well
}

// EventKind says what changed.
type EventKind int

// The kinds of events.
const (
	ModelChanged    EventKind = iota // another model, or none
	RecipeChanged                    // also by undo and redo
	TaskChanged                      // pre- and post-processing
	JobChanged                       // Event.Job
	VariantsChanged                  // a variant came or went
	PicturesChanged                  // a picture was added or a cell filled
	ResultsChanged                   // a measurement came
	RuntimesChanged                  // the runtimes were looked at again
)

// Event is told to listeners from any goroutine.
type Event struct {
	Kind EventKind
	Job  int64
}

// ErrNoModel is returned where an action needs an open model.
var ErrNoModel error = diag.Errorf("project.no-model", "no model is open").Suggest("open a model first")

func baseName(path string) string {
	b := filepath.Base(path)
	return b[:len(b)-len(filepath.Ext(b))]
}

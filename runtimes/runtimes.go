package runtimes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slipway/conversion/tensor"
)

// Info describes a runtime as found on this machine.
type Info struct {
	Name    string   `json:"name"`    // "ort", "openvino", "litert", "reference"
	Title   string   `json:"title"`   // "ONNX Runtime"
	Version string   `json:"version"` // the library's own version, "" where absent
	Library string   `json:"library"` // path of the library in use
	Devices []string `json:"devices"` // "CPU", "GPU.0", …
	Formats []string `json:"formats"` // targets whose artefacts it opens: "onnx", "openvino", "tflite"
}

// Model names what to open.
type Model struct {
	Path   string `json:"path"`             // the main file: .onnx, .xml, .tflite
	Format string `json:"format,omitempty"` // target name; "" means: by extension and content
}

// Options say how to open a model. The zero value means: CPU, all threads,
// exact arithmetic (no bf16), no profiling.
type Options struct {
	Device     string            `json:"device,omitempty"`
	Threads    int               `json:"threads,omitempty"` // 0: the runtime's default
	Profile    bool              `json:"profile,omitempty"` // collect per-layer times (Tracer)
	Fast       bool              `json:"fast,omitempty"`    // the runtime's own default precision, for example bf16 on OpenVINO's CPU
	Taps       []string          `json:"taps,omitempty"`    // names of further tensors to return as outputs, where the runtime can
	NoOptimize bool              `json:"no_optimize,omitempty"`
	DumpPath   string            `json:"dump_path,omitempty"` // where the runtime can, write the optimised graph here
	Extra      map[string]string `json:"extra,omitempty"`     // runtime-specific settings, passed through
}

// IO describes one input or output of an opened model.
type IO struct {
	Name  string       `json:"name"`
	DType tensor.DType `json:"dtype"`
	Shape []int        `json:"shape"` // -1 where dynamic
}

// Runtime opens models. Implementations are safe for concurrent use.
type Runtime interface {
	// Info never fails; Version and Devices are empty where Check would fail.
	Info() Info
	// Check says whether the runtime works here; an absent library or device is
	// an ordinary *NotAvailableError.
	Check(ctx context.Context) error
	// Open reads and prepares a model. The caller closes the session.
	Open(ctx context.Context, m Model, o Options) (Session, error)
}

// Session is one opened model. Run may be called from one goroutine at a time;
// inputs are in the order of Inputs. Results are the caller's to keep.
type Session interface {
	Inputs() []IO
	Outputs() []IO // the model's outputs, then the taps in Options' order
	Run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error)
	Close() error
}

// LayerTime is one row of a per-layer profile.
type LayerTime struct {
	Layer        string        `json:"layer"` // the runtime's name
	Type         string        `json:"type"`  // the runtime's operator type
	Exec         string        `json:"exec"`  // kernel or execution type, e.g. "brgconv_avx512_I8"
	SourceLayers []string      `json:"source_layers,omitempty"`
	Time         time.Duration `json:"ns"` // mean over the profiled runs
}

// Tracer is implemented by sessions opened with Options.Profile whose runtime
// can tell per-layer times.
type Tracer interface {
	Trace(ctx context.Context) ([]LayerTime, error)
}

// Timing asks for a measurement made next to the runtime, so that no process
// boundary is inside it.
type Timing struct {
	WarmUp   time.Duration `json:"warm_up"`
	Duration time.Duration `json:"duration"`
	MinRuns  int           `json:"min_runs"`
	MaxRuns  int           `json:"max_runs"`
}

// Timed is what a measurement gives: one latency per run, in order.
type Timed struct {
	First    time.Duration   `json:"first"` // the first run after opening
	Runs     []time.Duration `json:"runs"`
	PeakRSS  int64           `json:"peak_rss"` // bytes, of the process that ran it
	LoadTime time.Duration   `json:"load_time"`
}

// Timer is implemented by sessions that measure beside the runtime (workers).
type Timer interface {
	Time(ctx context.Context, inputs []*tensor.Tensor, t Timing) (Timed, error)
}

// NotAvailableError says that a runtime cannot be used here, and what to do.
type NotAvailableError struct{ Runtime, Reason, Cure string }

func (e *NotAvailableError) Error() string {
	s := fmt.Sprintf("%s is not available: %s", e.Runtime, strings.TrimPrefix(e.Reason, e.Runtime+": "))
	if e.Cure != "" {
		s += " (" + e.Cure + ")"
	}
	return s
}

// RefusedError means that the runtime itself said no: to a model (Stage
// "open"), to an input or during a run (Stage "run").
type RefusedError struct{ Runtime, Stage, Text string }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s refused to %s: %s", e.Runtime, e.Stage, e.Text)
}

// CrashError means that the worker process died by itself.
type CrashError struct {
	Runtime, Stage string
	Signal         string // "SIGSEGV", "exit status 2"
	Stderr         string // the tail
}

func (e *CrashError) Error() string {
	s := fmt.Sprintf("%s crashed during %s (%s)", e.Runtime, e.Stage, e.Signal)
	if e.Stderr != "" {
		s += ": " + e.Stderr
	}
	return s
}

// Foreign reports whether the death says nothing about the model: the process
// was killed, most often for want of memory, or stopped at its limit of memory
// or together with another call.
func (e *CrashError) Foreign() bool {
	return e.Signal == "SIGKILL" || strings.HasPrefix(e.Signal, "stopped")
}

// TimeoutError means that the worker was killed because a deadline passed.
type TimeoutError struct {
	Runtime, Stage string
	After          time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s did not finish %s within %v and was stopped", e.Runtime, e.Stage, e.After)
}

// ErrStopped is returned by calls on a closed session or a stopped worker.
var ErrStopped = errors.New("runtimes: stopped")

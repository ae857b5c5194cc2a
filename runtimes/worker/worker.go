package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"slipway/runtimes"
	"slipway/runtimes/worker/guest"
)

// Config says what to start. The zero value of a field means its default.
type Config struct {
	Executable  string   // the program; default: this one
	Runtime     string   // the runtime's name; default: none, for jobs only
	Title       string   // the runtime's name for people
	LibraryPath string   // the vendor library
	Version     string   // the library's version as its package tells, for Info
	Env         []string // further environment, "NAME=value"

	// MemoryLimit, in bytes, ends a worker whose resident memory grows past it;
	// default: seven eighths of what this machine or container has; negative: no
	// limit. It is watched on Linux only.
	MemoryLimit int64
	// SilenceLimit ends a worker that owes an answer and sends no heartbeat for
	// so long; default 15 s; negative: never.
	SilenceLimit time.Duration
	// CallLimit ends a worker that has been at opening a model or at one run of it
	// for so long, heartbeat or not: a library may compute for ever. Default 10
	// minutes; negative: no limit. Measurements and jobs have limits of their own.
	CallLimit time.Duration
	// StartTimeout bounds the time from starting the process to its hello;
	// default 10 s.
	StartTimeout time.Duration
}

// Grace is the time that a cancelled call has to end by itself.
const Grace = 500 * time.Millisecond

// Silence is the time without a heartbeat after which a worker counts as stuck.
const Silence = 3 * time.Second

// Worker is one child process and, after its death, its successors. It is safe
// for concurrent use.
type Worker struct {
	config   Config
	breaker  breaker
	starting chan struct{} // holds one

	mu     sync.Mutex
	proc   *process
	closed bool
}

// State is what a worker is doing at the moment.
type State struct {
	PID   int
	Alive bool
	Stage string        // "open net.onnx", "run net.onnx", "job convert"; "" when idle
	RSS   int64         // bytes, at the last heartbeat
	Peak  int64         // bytes
	Quiet time.Duration // since the last heartbeat
	Stuck bool          // no heartbeat for longer than Silence
}

// Start starts a worker and waits for its hello. A process that ends before it
// is a *runtimes.CrashError, one that says nothing a *runtimes.TimeoutError.
func Start(ctx context.Context, c Config) (*Worker, error) {
	w, err := create(c)
	if err != nil {
		return nil, err
	}
	if _, err := w.process(ctx, ""); err != nil {
		return nil, err
	}
	return w, nil
}

// create makes a worker whose process starts with its first call.
func create(c Config) (*Worker, error) {
	if c.Executable == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("worker: %w", err)
		}
		c.Executable = self
	}
	if c.Runtime == "" {
		c.Runtime = guest.NoRuntime
	}
	if c.MemoryLimit == 0 {
		c.MemoryLimit = totalMemory() / 8 * 7
	}
	if c.SilenceLimit == 0 {
		c.SilenceLimit = 15 * time.Second
	}
	if c.CallLimit == 0 {
		c.CallLimit = 10 * time.Minute
	}
	if c.StartTimeout <= 0 {
		c.StartTimeout = 10 * time.Second
	}
	return &Worker{config: c, breaker: breaker{runtime: c.Runtime}, starting: make(chan struct{}, 1)}, nil
}

// process returns the live process, starting one where there is none. model
// names what it is wanted for: its circuit may be open.
func (w *Worker) process(ctx context.Context, model string) (*process, error) {
	if err := w.breaker.allow(model); err != nil {
		return nil, err
	}
	// One caller at a time starts a process; the others wait for what it gets.
	select {
	case w.starting <- struct{}{}:
		defer func() { <-w.starting }()
	case <-ctx.Done():
		return nil, ended(w.config.Runtime, "start", 0, ctx.Err())
	}
	p, err := w.live()
	if p != nil || err != nil {
		return p, err
	}
	if err := w.breaker.allow(startKey); err != nil {
		return nil, err
	}
	if err := w.breaker.wait(ctx); err != nil {
		return nil, ended(w.config.Runtime, "start", 0, err)
	}
	p, err = start(ctx, w.config)
	if err != nil {
		var crash *runtimes.CrashError
		if errors.As(err, &crash) {
			w.breaker.died(startKey, nil, err)
		}
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.proc = p
	if w.closed {
		p.stop(runtimes.ErrStopped)
		return nil, runtimes.ErrStopped
	}
	return p, nil
}

// live returns the process that is running, nil where there is none.
func (w *Worker) live() (*process, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, runtimes.ErrStopped
	}
	if w.proc == nil {
		return nil, nil
	}
	select {
	case <-w.proc.dead:
		return nil, nil
	default:
		return w.proc, nil
	}
}

// call runs f on a live process and counts a death against model.
func (w *Worker) call(ctx context.Context, model string, f func(*process) error) error {
	p, err := w.process(ctx, model)
	if err != nil {
		return err
	}
	return w.note(model, p, f(p))
}

// note counts the death of p against model, where err is one.
func (w *Worker) note(model string, p *process, err error) error {
	var crash *runtimes.CrashError
	if errors.As(err, &crash) && crash.Signal != bystander {
		w.breaker.died(model, p, err)
	}
	return err
}

// Runtime returns the runtime inside the worker.
func (w *Worker) Runtime() runtimes.Runtime { return &remote{w: w} }

// State tells what the worker is doing; it never waits for it.
func (w *Worker) State() State {
	w.mu.Lock()
	p := w.proc
	w.mu.Unlock()
	if p == nil {
		return State{}
	}
	return p.state()
}

// Log returns the last 64 KB that the worker's latest process printed.
func (w *Worker) Log() string {
	w.mu.Lock()
	p := w.proc
	w.mu.Unlock()
	if p == nil {
		return ""
	}
	return p.log.String()
}

// Close ends the process and all that runs in it. Calls under way return
// runtimes.ErrStopped, as do all later ones. Closing twice does nothing.
func (w *Worker) Close() error {
	w.mu.Lock()
	p := w.proc
	w.closed = true
	w.mu.Unlock()
	if p != nil {
		p.stop(runtimes.ErrStopped)
		<-p.dead
	}
	return nil
}

// bystander is the Signal of calls that end with a process which another call
// made us stop.
const bystander = "stopped, because another call on this worker did not end"

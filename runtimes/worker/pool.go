package worker

import (
	"context"
	"errors"
	"sync"

	"slipway/runtimes"
)

// Library is what a pool needs to know about a runtime to start its worker.
type Library struct {
	Title   string // "ONNX Runtime"
	Path    string // the vendor library; "" for a runtime that needs none
	Version string // as its package tells
}

// Pool shares one worker per runtime, started by the first call that needs it.
// It is safe for concurrent use.
type Pool struct {
	config Config
	find   func(name string) (Library, error)

	mu      sync.Mutex
	workers map[string]*Worker
	closed  bool
}

// NewPool makes a pool whose workers are started with c, except for the runtime
// and its library, which find tells by the runtime's name. An error of find is
// the runtime's reason for not being available.
func NewPool(c Config, find func(name string) (Library, error)) *Pool {
	return &Pool{config: c, find: find, workers: map[string]*Worker{}}
}

// Get returns the named runtime, whose sessions live in the pool's worker for
// it. It starts nothing and cannot fail: what is wrong, Check and Open tell.
func (p *Pool) Get(name string) runtimes.Runtime { return &pooled{pool: p, name: name} }

// Worker returns the pool's worker for the named runtime.
func (p *Pool) Worker(name string) (*Worker, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, runtimes.ErrStopped
	}
	if w := p.workers[name]; w != nil {
		return w, nil
	}
	lib, err := p.find(name)
	if err != nil {
		var absent *runtimes.NotAvailableError
		if errors.As(err, &absent) {
			return nil, err
		}
		return nil, &runtimes.NotAvailableError{Runtime: name, Reason: err.Error()}
	}
	c := p.config
	c.Runtime, c.Title, c.LibraryPath, c.Version = name, lib.Title, lib.Path, lib.Version
	w, err := create(c)
	if err != nil {
		return nil, err
	}
	p.workers[name] = w
	return w, nil
}

// Forget ends the worker of the named runtime, so that the next call looks for
// its library again: for after installing one.
func (p *Pool) Forget(name string) error {
	p.mu.Lock()
	w := p.workers[name]
	delete(p.workers, name)
	p.mu.Unlock()
	if w == nil {
		return nil
	}
	return w.Close()
}

// Close ends all workers. Later calls return runtimes.ErrStopped.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var errs []error
	for _, w := range p.workers {
		errs = append(errs, w.Close())
	}
	return errors.Join(errs...)
}

type pooled struct {
	pool *Pool
	name string

	mu sync.Mutex
	rt runtimes.Runtime
	of *Worker
}

func (r *pooled) runtime() (runtimes.Runtime, error) {
	w, err := r.pool.Worker(r.name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of != w {
		r.rt, r.of = w.Runtime(), w
	}
	return r.rt, nil
}

func (r *pooled) Info() runtimes.Info {
	rt, err := r.runtime()
	if err != nil {
		lib, _ := r.pool.find(r.name) // even a library that was not found has a title
		return runtimes.Info{Name: r.name, Title: lib.Title}
	}
	return rt.Info()
}

func (r *pooled) Check(ctx context.Context) error {
	rt, err := r.runtime()
	if err != nil {
		return err
	}
	return rt.Check(ctx)
}

func (r *pooled) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	rt, err := r.runtime()
	if err != nil {
		return nil, err
	}
	return rt.Open(ctx, m, o)
}

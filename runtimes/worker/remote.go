package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/worker/wire"
)

// remote is the runtime inside a worker.
type remote struct {
	w *Worker

	mu   sync.Mutex
	info runtimes.Info
}

// infoTimeout bounds Info, which has no context and must not fail.
const infoTimeout = 10 * time.Second

// Info asks the worker and remembers what a working library answers.
func (r *remote) Info() runtimes.Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.w.config
	if r.info.Name != "" {
		return r.info
	}
	ctx, cancel := context.WithTimeout(context.Background(), infoTimeout)
	defer cancel()
	var info runtimes.Info
	err := r.w.call(ctx, "", func(p *process) error {
		m, err := p.call(ctx, "info", &wire.Message{Kind: wire.Info}, nil)
		if err != nil {
			return err
		}
		return json.Unmarshal(m.JSON, &info)
	})
	if err != nil {
		return runtimes.Info{Name: c.Runtime, Title: c.Title, Library: c.LibraryPath}
	}
	// The package knows more digits of the version than the library tells.
	if info.Version != "" && strings.HasPrefix(c.Version, info.Version) {
		info.Version = c.Version
	}
	if info.Version != "" {
		r.info = info
	}
	return info
}

func (r *remote) Check(ctx context.Context) error {
	return r.w.call(ctx, "", func(p *process) error {
		_, err := p.call(ctx, "check", &wire.Message{Kind: wire.Check}, nil)
		return err
	})
}

func (r *remote) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	ctx, cancel := r.w.limited(ctx)
	defer cancel()
	var s *session
	var body wire.OpenedBody
	err := r.w.call(ctx, m.Path, func(p *process) error {
		reply, err := p.call(ctx, "open", &wire.Message{Kind: wire.Open, JSON: wire.JSON(wire.OpenBody{Model: m, Options: o})}, nil)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(reply.JSON, &body); err != nil {
			return fmt.Errorf("worker: open: %w", err)
		}
		s = &session{w: r.w, p: p, model: m.Path, id: reply.Session, body: body}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if body.Tracer {
		return tracing{s}, nil
	}
	return s, nil
}

// limited bounds a call by CallLimit.
func (w *Worker) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.config.CallLimit < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, w.config.CallLimit)
}

// session is a session inside a worker's process. When that process dies, the
// session is dead too, whatever the worker does next.
type session struct {
	w     *Worker
	p     *process
	model string
	id    uint64
	body  wire.OpenedBody

	mu     sync.Mutex
	closed bool
}

func (s *session) Inputs() []runtimes.IO  { return s.body.Inputs }
func (s *session) Outputs() []runtimes.IO { return s.body.Outputs }

func (s *session) call(ctx context.Context, stage string, m *wire.Message) (*wire.Message, error) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil, runtimes.ErrStopped
	}
	m.Session = s.id
	select {
	case <-s.p.dead:
		// The death was counted when it happened.
		return nil, s.p.died(stage)
	default:
	}
	reply, err := s.p.call(ctx, stage, m, nil)
	return reply, s.w.note(s.model, s.p, err)
}

func (s *session) Run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	// Checked here too: a wrong call need not travel.
	if err := runtimes.CheckInputs(s.p.name, s.body.Inputs, inputs); err != nil {
		return nil, err
	}
	ctx, cancel := s.w.limited(ctx)
	defer cancel()
	reply, err := s.call(ctx, "run", &wire.Message{Kind: wire.Run, Tensors: inputs})
	if err != nil {
		return nil, err
	}
	if len(reply.Tensors) != len(s.body.Outputs) {
		return nil, fmt.Errorf("worker: run gave %d outputs, the model has %d", len(reply.Tensors), len(s.body.Outputs))
	}
	return reply.Tensors, nil
}

// Time implements runtimes.Timer. PeakRSS is that of the worker's process since
// this model was opened, or since this call where other models were open then.
func (s *session) Time(ctx context.Context, inputs []*tensor.Tensor, t runtimes.Timing) (runtimes.Timed, error) {
	var timed runtimes.Timed
	if err := runtimes.CheckInputs(s.p.name, s.body.Inputs, inputs); err != nil {
		return timed, err
	}
	reply, err := s.call(ctx, "time", &wire.Message{Kind: wire.Time, Tensors: inputs, JSON: wire.JSON(t)})
	if err != nil {
		return timed, err
	}
	if err := json.Unmarshal(reply.JSON, &timed); err != nil {
		return timed, fmt.Errorf("worker: time: %w", err)
	}
	return timed, nil
}

// closeTimeout bounds Close, which has no context.
const closeTimeout = 5 * time.Second

func (s *session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	select {
	case <-s.p.dead:
		return nil
	default:
	}
	_, err := s.call(ctx, "close", &wire.Message{Kind: wire.Close})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return err
}

// tracing is a session that can tell per-layer times.
type tracing struct{ *session }

// Trace implements runtimes.Tracer.
func (t tracing) Trace(ctx context.Context) ([]runtimes.LayerTime, error) {
	reply, err := t.call(ctx, "trace", &wire.Message{Kind: wire.Trace})
	if err != nil {
		return nil, err
	}
	var times []runtimes.LayerTime
	if err := json.Unmarshal(reply.JSON, &times); err != nil {
		return nil, fmt.Errorf("worker: trace: %w", err)
	}
	return times, nil
}

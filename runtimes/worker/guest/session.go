package guest

import (
	"context"
	"sync"
	"time"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// session is an open model and what timing it needs to know of its past.
type session struct {
	runtimes.Session
	path  string
	load  time.Duration
	alone bool // no other session was open when this one was opened

	mu    sync.Mutex
	first time.Duration
}

// Run notes how long the first run takes.
func (s *session) Run(ctx context.Context, inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := time.Now()
	out, err := s.Session.Run(ctx, inputs)
	if err == nil && s.first == 0 {
		s.first = time.Since(start)
	}
	return out, err
}

// time measures runs of the model beside the runtime. At least one run is
// timed, at most MaxRuns where that is set. Between runs it looks whether ctx
// has ended; the runs themselves are not watched, so that watching costs
// nothing inside the measurement.
func (s *session) time(ctx context.Context, inputs []*tensor.Tensor, t runtimes.Timing) (runtimes.Timed, error) {
	if !s.alone {
		resetPeak()
	}
	unwatched := context.WithoutCancel(ctx)
	if s.first == 0 {
		if _, err := s.Run(unwatched, inputs); err != nil {
			return runtimes.Timed{}, err
		}
	}
	for start := time.Now(); time.Since(start) < t.WarmUp; {
		if err := ctx.Err(); err != nil {
			return runtimes.Timed{}, err
		}
		if _, err := s.Session.Run(unwatched, inputs); err != nil {
			return runtimes.Timed{}, err
		}
	}
	timed := runtimes.Timed{First: s.first, LoadTime: s.load}
	begin := time.Now()
	for {
		if err := ctx.Err(); err != nil {
			return runtimes.Timed{}, err
		}
		start := time.Now()
		if _, err := s.Session.Run(unwatched, inputs); err != nil {
			return runtimes.Timed{}, err
		}
		end := time.Now()
		timed.Runs = append(timed.Runs, end.Sub(start))
		n := len(timed.Runs)
		if t.MaxRuns > 0 && n >= t.MaxRuns || n >= t.MinRuns && end.Sub(begin) >= t.Duration {
			break
		}
	}
	_, timed.PeakRSS = memory()
	return timed, nil
}

package worker

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A model that killed maxDeaths processes within deathWindow is not tried again
// until the window has passed.
const (
	maxDeaths   = 3
	deathWindow = time.Minute
)

// startKey stands for deaths before the hello, which no model is to blame for.
const startKey = "\x00start"

// backoff is the pause before a new process, by the number of deaths in the window.
var backoff = []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second}

// CircuitError says that a model is not given to a runtime any more, because it
// killed several workers. Unwrap gives the last death.
type CircuitError struct {
	Runtime string
	Model   string // "" where the worker dies without any model
	Deaths  int
	Retry   time.Time // when it will be tried again
	Last    error
}

func (e *CircuitError) Error() string {
	what := fmt.Sprintf("%s crashed %d times within a minute on %s", e.Runtime, e.Deaths, e.Model)
	if e.Model == "" {
		what = fmt.Sprintf("%s crashed %d times within a minute while starting", e.Runtime, e.Deaths)
	}
	return fmt.Sprintf("%s and is left alone until %s; the last time: %v", what, e.Retry.Format(time.TimeOnly), e.Last)
}

func (e *CircuitError) Unwrap() error { return e.Last }

type death struct {
	at    time.Time
	model string
	proc  *process // nil: it never said hello
	err   error
}

type breaker struct {
	runtime string
	now     func() time.Time // nil: time.Now

	mu     sync.Mutex
	deaths []death
}

func (b *breaker) clock() time.Time {
	if b.now != nil {
		return b.now()
	}
	return time.Now()
}

// recent drops deaths that are out of the window; b.mu is held.
func (b *breaker) recent() []death {
	limit := b.clock().Add(-deathWindow)
	b.deaths = slices.DeleteFunc(b.deaths, func(d death) bool { return d.at.Before(limit) })
	return b.deaths
}

// died records a death. Several calls may report the same one: a model is
// counted once a process.
func (b *breaker) died(model string, p *process, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.recent() {
		if p != nil && d.proc == p && d.model == model {
			return
		}
	}
	b.deaths = append(b.deaths, death{at: b.clock(), model: model, proc: p, err: err})
}

// allow returns a *CircuitError where model has died too often.
func (b *breaker) allow(model string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if model == "" {
		return nil
	}
	var same []death
	for _, d := range b.recent() {
		if d.model == model {
			same = append(same, d)
		}
	}
	if len(same) < maxDeaths {
		return nil
	}
	name := model
	if model == startKey {
		name = ""
	}
	return &CircuitError{
		Runtime: b.runtime, Model: name, Deaths: len(same),
		Retry: same[len(same)-maxDeaths].at.Add(deathWindow), Last: same[len(same)-1].err,
	}
}

// wait pauses before a successor is started.
func (b *breaker) wait(ctx context.Context) error {
	b.mu.Lock()
	n := 0
	for i, d := range b.recent() {
		if i == 0 || d.proc == nil || d.proc != b.deaths[i-1].proc {
			n++
		}
	}
	b.mu.Unlock()
	if n == 0 {
		return ctx.Err()
	}
	t := time.NewTimer(backoff[min(n, len(backoff))-1])
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

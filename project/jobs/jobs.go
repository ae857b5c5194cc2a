package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"slipway/conversion/diag"
)

// State is where a job stands.
type State string

// The states of a job.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended reports whether the state is final.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// Status is a job's state at one moment, a value.
type Status struct {
	ID       int64
	Kind     string // "convert", "bench", "eval"
	Title    string
	State    State
	Stage    string
	Fraction float64 // 0..1
	Created  time.Time
	Started  time.Time
	Ended    time.Time
	Findings diag.List
	Log      []string
}

// ETA estimates the time left from the share done; 0 where it cannot be told.
func (s Status) ETA(now time.Time) time.Duration {
	if s.State != Running || s.Fraction < 0.05 {
		return 0
	}
	spent := now.Sub(s.Started)
	return time.Duration(float64(spent) * (1 - s.Fraction) / s.Fraction)
}

// maxLog bounds a job's log, in lines.
const maxLog = 1000

// Handle is what a running job reports with; safe for concurrent use.
type Handle struct {
	q *Queue
	j *job
}

// Progress reports the stage and the share done, 0..1.
func (h *Handle) Progress(stage string, fraction float64) {
	h.q.change(h.j, func(s *Status) { s.Stage, s.Fraction = stage, min(max(fraction, 0), 1) })
}

// Log adds a line.
func (h *Handle) Log(format string, args ...any) {
	h.q.change(h.j, func(s *Status) {
		s.Log = append(s.Log, fmt.Sprintf(format, args...))
		if len(s.Log) > maxLog {
			s.Log = slices.Clone(s.Log[len(s.Log)-maxLog:])
		}
	})
}

// Find adds a finding.
func (h *Handle) Find(f ...*diag.Finding) {
	h.q.change(h.j, func(s *Status) { s.Findings = append(s.Findings, f...) })
}

type job struct {
	status Status
	run    func(context.Context, *Handle) error
	cancel context.CancelFunc
	done   chan struct{}
}

// Queue runs jobs, Width at a time, in the order of submission.
type Queue struct {
	mu       sync.Mutex
	jobs     []*job
	next     int64
	width    int
	running  int
	listener []func(Status)
	ctx      context.Context
	stop     context.CancelFunc
}

// NewQueue makes a queue that runs width jobs at a time.
func NewQueue(width int) *Queue {
	ctx, stop := context.WithCancel(context.Background())
	return &Queue{width: max(width, 1), ctx: ctx, stop: stop}
}

// Listen calls f with every change, from any goroutine, in order for each job.
// f must not call back into the queue.
func (q *Queue) Listen(f func(Status)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.listener = append(q.listener, f)
}

// Submit queues a job and returns its number. An error of run marks it failed
// (its findings become the job's), a panic too; a cancelled context marks it
// cancelled.
func (q *Queue) Submit(kind, title string, run func(context.Context, *Handle) error) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next++
	j := &job{status: Status{ID: q.next, Kind: kind, Title: title, State: Queued, Created: time.Now()}, run: run, done: make(chan struct{})}
	q.jobs = append(q.jobs, j)
	q.tell(j)
	q.startMore()
	return j.status.ID
}

func (q *Queue) startMore() {
	for _, j := range q.jobs {
		if q.running >= q.width || q.ctx.Err() != nil {
			return
		}
		if j.status.State != Queued {
			continue
		}
		ctx, cancel := context.WithCancel(q.ctx)
		j.cancel = cancel
		j.status.State, j.status.Started = Running, time.Now()
		q.running++
		q.tell(j)
		go q.execute(ctx, j)
	}
}

func (q *Queue) execute(ctx context.Context, j *job) {
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = diag.Errorf("job.panic", "the job failed in an unexpected way: %v\n%s", p, debug.Stack())
			}
		}()
		return j.run(ctx, &Handle{q, j})
	}()
	q.mu.Lock()
	defer q.mu.Unlock()
	s := &j.status
	s.Ended = time.Now()
	switch {
	case err == nil:
		s.State, s.Fraction = Done, 1
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		s.State = Cancelled
	default:
		s.State = Failed
		s.Findings = append(s.Findings, diag.FromError("job.failed", err)...)
	}
	j.cancel()
	q.running--
	q.tell(j)
	close(j.done)
	q.startMore()
}

// Cancel stops a job: a queued one at once, a running one by its context.
func (q *Queue) Cancel(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range q.jobs {
		if j.status.ID != id {
			continue
		}
		switch j.status.State {
		case Queued:
			j.status.State, j.status.Ended = Cancelled, time.Now()
			q.tell(j)
			close(j.done)
		case Running:
			j.cancel()
		}
	}
}

// Again queues a job that failed or was cancelled once more, in place of itself,
// under a new number; 0 where there is none that ended so.
func (q *Queue) Again(id int64) int64 {
	q.mu.Lock()
	i := slices.IndexFunc(q.jobs, func(j *job) bool {
		return j.status.ID == id && (j.status.State == Failed || j.status.State == Cancelled)
	})
	if i < 0 || q.ctx.Err() != nil {
		q.mu.Unlock()
		return 0
	}
	j := q.jobs[i]
	q.jobs = slices.Delete(q.jobs, i, i+1)
	q.mu.Unlock()
	return q.Submit(j.status.Kind, j.status.Title, j.run)
}

// Remove takes a job that has ended off the list.
func (q *Queue) Remove(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = slices.DeleteFunc(q.jobs, func(j *job) bool { return j.status.ID == id && j.status.State.Ended() })
}

// Wait blocks until the job has ended or ctx is done, and returns its status.
func (q *Queue) Wait(ctx context.Context, id int64) (Status, error) {
	q.mu.Lock()
	var j *job
	for _, k := range q.jobs {
		if k.status.ID == id {
			j = k
		}
	}
	q.mu.Unlock()
	if j == nil {
		return Status{}, fmt.Errorf("jobs: there is no job %d", id)
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		return Status{}, ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return j.status.copy(), nil
}

// List returns all jobs, newest first.
func (q *Queue) List() []Status {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []Status
	for _, j := range slices.Backward(q.jobs) {
		out = append(out, j.status.copy())
	}
	return out
}

// Close cancels everything and waits until nothing runs.
func (q *Queue) Close() {
	q.mu.Lock()
	q.stop()
	var wait []chan struct{}
	for _, j := range q.jobs {
		switch j.status.State {
		case Queued:
			j.status.State, j.status.Ended = Cancelled, time.Now()
			q.tell(j)
			close(j.done)
		case Running:
			wait = append(wait, j.done)
		}
	}
	q.mu.Unlock()
	for _, d := range wait {
		<-d
	}
}

func (q *Queue) change(j *job, f func(*Status)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f(&j.status)
	q.tell(j)
}

// tell is called with the lock held, so that listeners hear changes in order.
func (q *Queue) tell(j *job) {
	s := j.status.copy()
	for _, f := range q.listener {
		f(s)
	}
}

func (s Status) copy() Status {
	s.Log, s.Findings = slices.Clone(s.Log), slices.Clone(s.Findings)
	return s
}

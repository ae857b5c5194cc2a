package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"slipway/runtimes"
	"slipway/runtimes/worker/wire"
)

// JobFunc does one job. It must return soon after ctx ends, calls progress from
// any goroutine as often as it likes, and leaves no file under a final name
// when it fails: the process may be killed at any moment.
type JobFunc func(ctx context.Context, payload []byte, progress func([]byte)) ([]byte, error)

// Guest is what a worker process can do.
type Guest struct {
	// Open makes the named runtime with its library; it must not load the
	// library yet. It is called once, in the worker process.
	Open func(name, library string) (runtimes.Runtime, error)
	// Jobs are the functions behind worker.Job, by kind.
	Jobs map[string]JobFunc
}

// BeatEvery is the time between two heartbeats.
const BeatEvery = 500 * time.Millisecond

// NoRuntime is the name with which a worker is started that only does jobs.
const NoRuntime = "none"

// Main serves the host that started this process with the verb "worker";
// args are what follows the verb: the runtime's name and its library's path.
// It returns the exit status for a call that is no host's; otherwise it ends
// the process itself.
func Main(args []string, g Guest) int {
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: studio worker RUNTIME LIBRARY (started by the studio itself)")
		return 2
	}
	conn, err := connect()
	if err != nil {
		fmt.Fprintf(os.Stderr, "worker: this command is started by the studio itself: %v\n", err)
		return 2
	}
	confine()
	s := &server{conn: conn, guest: g, name: args[0], library: args[1], cancels: map[uint64]context.CancelFunc{}, sessions: map[uint64]*session{}}
	if err := s.send(&wire.Message{Kind: wire.Hello, JSON: wire.JSON(wire.HelloBody{Version: wire.Version, Cookie: os.Getenv(wire.CookieEnv)})}); err != nil {
		return 1
	}
	go s.beat()
	err = s.serve()
	// Sessions and libraries are left as they are: destructors of vendor
	// libraries are known to crash at exit.
	if err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintf(os.Stderr, "worker: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
	return 0
}

type server struct {
	conn    io.ReadWriter
	guest   Guest
	name    string
	library string

	write sync.Mutex

	once sync.Once
	rt   runtimes.Runtime
	err  error

	mu       sync.Mutex
	stage    string
	cancels  map[uint64]context.CancelFunc
	sessions map[uint64]*session
	last     uint64
}

func (s *server) send(m *wire.Message) error {
	s.write.Lock()
	defer s.write.Unlock()
	return wire.Write(s.conn, m)
}

// beat tells the host every half second what this process is doing, from a
// goroutine that never touches the runtime.
func (s *server) beat() {
	for range time.Tick(BeatEvery) {
		s.mu.Lock()
		stage := s.stage
		s.mu.Unlock()
		rss, peak := memory()
		if s.send(&wire.Message{Kind: wire.Heartbeat, JSON: wire.JSON(wire.BeatBody{Stage: stage, RSS: rss, Peak: peak})}) != nil {
			return
		}
	}
}

func (s *server) serve() error {
	for {
		m, err := wire.Read(s.conn)
		if err != nil {
			return err
		}
		if m.Kind == wire.Cancel {
			s.mu.Lock()
			if cancel := s.cancels[m.ID]; cancel != nil {
				cancel()
			}
			s.mu.Unlock()
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		s.mu.Lock()
		s.cancels[m.ID] = cancel
		s.mu.Unlock()
		go s.answer(ctx, m)
	}
}

func (s *server) answer(ctx context.Context, m *wire.Message) {
	reply, err := s.handle(ctx, m)
	s.mu.Lock()
	s.cancels[m.ID]()
	delete(s.cancels, m.ID)
	if len(s.cancels) == 0 {
		s.stage = ""
	}
	s.mu.Unlock()
	if err != nil {
		reply = &wire.Message{Kind: wire.Failure, JSON: wire.EncodeError(err)}
	} else {
		reply.Kind = wire.Result
	}
	reply.ID = m.ID
	if err := s.send(reply); err != nil {
		fmt.Fprintf(os.Stderr, "worker: answer: %v\n", err)
		os.Exit(1)
	}
}

func (s *server) begin(stage string) {
	s.mu.Lock()
	s.stage = stage
	s.mu.Unlock()
}

func (s *server) handle(ctx context.Context, m *wire.Message) (reply *wire.Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			stack := debug.Stack()
			fmt.Fprintf(os.Stderr, "worker: panic: %v\n%s", r, stack)
			err = fmt.Errorf("worker: panic: %v\n%s", r, stack) // whoever reports it has it all
		}
	}()
	reply = &wire.Message{}
	switch m.Kind {
	case wire.Job:
		f := s.guest.Jobs[m.Text]
		if f == nil {
			return nil, fmt.Errorf("worker: there is no job called %q", m.Text)
		}
		s.begin("job " + m.Text)
		reply.Payload, err = f(ctx, m.Payload, func(p []byte) {
			_ = s.send(&wire.Message{ID: m.ID, Kind: wire.Progress, Payload: p})
		})
		return reply, err
	case wire.Info:
		s.begin("info")
		info := runtimes.Info{Name: s.name, Library: s.library}
		if rt, err := s.runtime(); err == nil {
			info = rt.Info()
		}
		reply.JSON = wire.JSON(info)
		return reply, nil
	case wire.Check:
		s.begin("check")
		rt, err := s.runtime()
		if err != nil {
			return nil, err
		}
		return reply, rt.Check(ctx)
	case wire.Open:
		return s.open(ctx, m)
	}
	s.mu.Lock()
	session := s.sessions[m.Session]
	s.mu.Unlock()
	if session == nil {
		return nil, runtimes.ErrStopped
	}
	return s.session(ctx, session, m)
}

func (s *server) runtime() (runtimes.Runtime, error) {
	s.once.Do(func() {
		if s.guest.Open == nil || s.name == NoRuntime {
			s.err = fmt.Errorf("worker: this worker has no runtime")
			return
		}
		s.rt, s.err = s.guest.Open(s.name, s.library)
	})
	return s.rt, s.err
}

func (s *server) open(ctx context.Context, m *wire.Message) (*wire.Message, error) {
	var body wire.OpenBody
	if err := json.Unmarshal(m.JSON, &body); err != nil {
		return nil, fmt.Errorf("worker: open: %w", err)
	}
	rt, err := s.runtime()
	if err != nil {
		return nil, err
	}
	s.begin("open " + filepath.Base(body.Model.Path))
	s.mu.Lock()
	alone := len(s.sessions) == 0
	s.mu.Unlock()
	if alone {
		resetPeak()
	}
	start := time.Now()
	opened, err := rt.Open(ctx, body.Model, body.Options)
	if err != nil {
		return nil, err
	}
	own := &session{Session: opened, load: time.Since(start), alone: alone, path: filepath.Base(body.Model.Path)}
	s.mu.Lock()
	s.last++
	id := s.last
	s.sessions[id] = own
	s.mu.Unlock()
	_, tracer := opened.(runtimes.Tracer)
	return &wire.Message{Session: id, JSON: wire.JSON(wire.OpenedBody{
		Inputs: opened.Inputs(), Outputs: opened.Outputs(), Tracer: tracer && body.Options.Profile,
	})}, nil
}

func (s *server) session(ctx context.Context, own *session, m *wire.Message) (*wire.Message, error) {
	reply := &wire.Message{}
	var err error
	switch m.Kind {
	case wire.Run:
		s.begin("run " + own.path)
		reply.Tensors, err = own.Run(ctx, m.Tensors)
	case wire.Time:
		s.begin("time " + own.path)
		var t runtimes.Timing
		if err := json.Unmarshal(m.JSON, &t); err != nil {
			return nil, fmt.Errorf("worker: time: %w", err)
		}
		timed, err := own.time(ctx, m.Tensors, t)
		if err != nil {
			return nil, err
		}
		reply.JSON = wire.JSON(timed)
	case wire.Trace:
		s.begin("trace " + own.path)
		tracer, ok := own.Session.(runtimes.Tracer)
		if !ok {
			return nil, runtimes.Refuse(s.name, "trace", "it cannot tell per-layer times")
		}
		times, err := tracer.Trace(ctx)
		if err != nil {
			return nil, err
		}
		reply.JSON = wire.JSON(times)
	case wire.Close:
		s.mu.Lock()
		delete(s.sessions, m.Session)
		s.mu.Unlock()
		err = own.Close()
	default:
		err = fmt.Errorf("worker: unexpected message of kind %d", m.Kind)
	}
	return reply, err
}

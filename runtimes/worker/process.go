package worker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"slipway/runtimes"
	"slipway/runtimes/worker/wire"
)

// process is one child from its start to its death.
type process struct {
	name string // the runtime's
	cmd  *exec.Cmd
	conn io.ReadWriteCloser
	log  *ring
	out  chan *wire.Message // to the writer

	dead chan struct{} // closed after the process is gone and reason is set

	mu      sync.Mutex
	last    uint64
	pending map[uint64]*pending
	reason  error // why it was stopped by us; the first one counts
	beat    wire.BeatBody
	beatAt  time.Time
	died    func(stage string) error // set before dead is closed
}

// pending is a call that waits for its answer.
type pending struct {
	reply chan *wire.Message // holds one

	mu       sync.Mutex
	progress func([]byte) // nil when the caller has gone
}

func (w *pending) report(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.progress != nil {
		w.progress(b)
	}
}

// start runs the program and shakes hands with it.
func start(ctx context.Context, c Config) (*process, error) {
	begin, cookie := time.Now(), rand.Text()
	cmd := exec.Command(c.Executable, "worker", c.Runtime, c.LibraryPath)
	cmd.Env = append(os.Environ(), wire.CookieEnv+"="+cookie)
	cmd.Env = append(cmd.Env, c.Env...)
	p := &process{
		name: c.Runtime, cmd: cmd, log: newRing(), out: make(chan *wire.Message),
		dead: make(chan struct{}), pending: map[uint64]*pending{}, beatAt: begin,
	}
	cmd.Stderr = p.log
	// A grandchild that keeps the pipe open must not keep us waiting.
	cmd.WaitDelay = 200 * time.Millisecond
	conn, child, err := connect(cmd, p.log)
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	p.conn = conn
	isolate(cmd)

	started := make(chan error)
	hello := make(chan error, 1)
	go p.live(child, started)
	if err := <-started; err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("worker: %s: %w", c.Runtime, err)
	}
	go p.read(cookie, hello)
	go p.writer()
	watchMemory(p, c.MemoryLimit)
	watchSilence(p, c.SilenceLimit)

	timer := time.NewTimer(c.StartTimeout)
	defer timer.Stop()
	select {
	case err = <-hello:
		if err == nil {
			return p, nil
		}
		p.stop(&runtimes.CrashError{Runtime: c.Runtime, Signal: err.Error()})
	case <-p.dead:
	case <-timer.C:
		p.stop(&runtimes.TimeoutError{Runtime: c.Runtime, Stage: "start", After: c.StartTimeout})
	case <-ctx.Done():
		p.stop(ended(c.Runtime, "start", time.Since(begin), ctx.Err()))
	}
	<-p.dead
	return nil, p.died("start")
}

// live starts the process and waits for its end. The parent-death signal of
// Linux is that of the thread which started the child, so this goroutine keeps
// its thread, and the thread ends with the child.
func (p *process) live(child []*os.File, started chan<- error) {
	runtime.LockOSThread()
	err := p.cmd.Start()
	for _, f := range child {
		_ = f.Close()
	}
	started <- err
	if err != nil {
		return
	}
	err = p.cmd.Wait()
	p.mu.Lock()
	reason := p.reason
	p.mu.Unlock()
	status := exitStatus(p.cmd.ProcessState, err, p.log.String())
	p.died = func(stage string) error {
		var crash *runtimes.CrashError
		switch {
		case errors.As(reason, &crash):
			c := *crash
			c.Stage, c.Stderr = stage, p.log.tail()
			return &c
		case reason != nil:
			return reason
		}
		return &runtimes.CrashError{Runtime: p.name, Stage: stage, Signal: status, Stderr: p.log.tail()}
	}
	close(p.dead)
	_ = p.conn.Close()
}

// stop kills the process group for a reason; calls under way return it.
func (p *process) stop(reason error) {
	p.mu.Lock()
	if p.reason == nil {
		p.reason = reason
	}
	p.mu.Unlock()
	kill(p.cmd)
}

func (p *process) writer() {
	for {
		select {
		case m := <-p.out:
			if err := wire.Write(p.conn, m); err != nil {
				p.hangUp(err)
				return
			}
		case <-p.dead:
			return
		}
	}
}

// hangUp handles a broken connection: either the process is dying by itself, or
// it talks nonsense and has to go.
func (p *process) hangUp(err error) {
	t := time.NewTimer(Grace)
	defer t.Stop()
	if err == nil || errors.Is(err, io.EOF) || isClosed(err) {
		select {
		case <-p.dead:
			return
		case <-t.C:
			err = errors.New("it closed the connection")
		}
	}
	p.stop(&runtimes.CrashError{Runtime: p.name, Signal: "protocol error: " + err.Error()})
}

func (p *process) read(cookie string, hello chan<- error) {
	m, err := wire.ReadHello(p.conn)
	if err == nil {
		err = greet(m, cookie)
	}
	if err != nil {
		if errors.Is(err, io.EOF) || isClosed(err) {
			p.hangUp(err)
			return
		}
		hello <- fmt.Errorf("protocol error: %w", err)
		return
	}
	hello <- nil
	for {
		m, err := wire.Read(p.conn)
		if err != nil {
			p.hangUp(err)
			return
		}
		p.mu.Lock()
		waiting := p.pending[m.ID]
		p.mu.Unlock()
		switch m.Kind {
		case wire.Heartbeat:
			p.heard(m)
		case wire.Progress:
			if waiting != nil {
				waiting.report(m.Payload)
			}
		case wire.Result, wire.Failure:
			if waiting != nil {
				select {
				case waiting.reply <- m:
				default:
				}
			}
		default:
			p.hangUp(fmt.Errorf("a guest sent a message of kind %d", m.Kind))
			return
		}
	}
}

func greet(m *wire.Message, cookie string) error {
	var body wire.HelloBody
	if m.Kind != wire.Hello || json.Unmarshal(m.JSON, &body) != nil || body.Cookie != cookie {
		return errors.New("this is no worker")
	}
	if body.Version != wire.Version {
		return fmt.Errorf("it speaks version %d, not %d", body.Version, wire.Version)
	}
	return nil
}

func (p *process) heard(m *wire.Message) {
	var beat wire.BeatBody
	if json.Unmarshal(m.JSON, &beat) != nil {
		return
	}
	p.mu.Lock()
	p.beat, p.beatAt = beat, time.Now()
	p.mu.Unlock()
}

func (p *process) state() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := State{PID: p.cmd.Process.Pid, Alive: true, Stage: p.beat.Stage, RSS: p.beat.RSS, Peak: p.beat.Peak, Quiet: time.Since(p.beatAt)}
	select {
	case <-p.dead:
		s.Alive = false
	default:
		s.Stuck = s.Quiet > Silence
	}
	return s
}

// call sends m and waits for its answer, or for the end of ctx or of the
// process. stage names the call in errors.
func (p *process) call(ctx context.Context, stage string, m *wire.Message, progress func([]byte)) (*wire.Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, ended(p.name, stage, 0, err)
	}
	begin := time.Now()
	w := &pending{reply: make(chan *wire.Message, 1), progress: progress}
	p.mu.Lock()
	p.last++
	m.ID = p.last
	p.pending[m.ID] = w
	p.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.progress = nil
		w.mu.Unlock()
		p.mu.Lock()
		delete(p.pending, m.ID)
		p.mu.Unlock()
	}()
	select {
	case p.out <- m:
	case <-p.dead:
		return nil, p.died(stage)
	case <-ctx.Done():
		return p.abandon(ctx, stage, begin, w, nil)
	}
	select {
	case reply := <-w.reply:
		return answer(reply)
	case <-p.dead:
		return nil, p.died(stage)
	case <-ctx.Done():
		return p.abandon(ctx, stage, begin, w, &wire.Message{ID: m.ID, Kind: wire.Cancel})
	}
}

// abandon asks a call to stop and kills the process where it does not. An
// answer that comes all the same is thrown away: the caller has gone.
func (p *process) abandon(ctx context.Context, stage string, begin time.Time, w *pending, cancel *wire.Message) (*wire.Message, error) {
	err := ended(p.name, stage, time.Since(begin), ctx.Err())
	if cancel == nil {
		return nil, err
	}
	t := time.NewTimer(Grace)
	defer t.Stop()
	sent, answered := p.out, w.reply
	for {
		select {
		case sent <- cancel:
			sent = nil
		case reply := <-answered:
			if reply.Kind == wire.Result && reply.Session != 0 {
				p.discard(reply.Session)
			}
			return nil, err
		case <-p.dead:
			return nil, err
		case <-t.C:
			p.stop(&runtimes.CrashError{Runtime: p.name, Signal: bystander})
			<-p.dead
			return nil, err
		}
	}
}

// discard closes a session that nobody waits for any more.
func (p *process) discard(session uint64) {
	go func() {
		select {
		case p.out <- &wire.Message{Kind: wire.Close, Session: session}:
		case <-p.dead:
		}
	}()
}

// ended turns the end of a context into the error that callers see.
func ended(name, stage string, after time.Duration, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &runtimes.TimeoutError{Runtime: name, Stage: stage, After: after.Round(time.Millisecond)}
	}
	return err
}

func answer(m *wire.Message) (*wire.Message, error) {
	if m.Kind == wire.Failure {
		return nil, wire.DecodeError(m.JSON)
	}
	return m, nil
}

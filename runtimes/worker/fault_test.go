//go:build unix

package worker

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// within bounds waits that should be short, so that a hang fails with a message.
const within = 20 * time.Second

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	return ctx
}

func wantCrash(t *testing.T, err error, stage, signal string) *runtimes.CrashError {
	t.Helper()
	var crash *runtimes.CrashError
	if !errors.As(err, &crash) {
		t.Fatalf("got %v (%T), want a crash by %s", err, err, signal)
	}
	if crash.Stage != stage || !strings.Contains(crash.Signal, signal) {
		t.Fatalf("got a crash during %q by %q, want %q by %q", crash.Stage, crash.Signal, stage, signal)
	}
	return crash
}

func TestStartFaults(t *testing.T) {
	for name, signal := range map[string]string{
		"exits": "exit status 3", "stranger": "this is no worker", "newer": "speaks version", "text": "protocol error",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Start(limited(t), Config{Runtime: name})
			crash := wantCrash(t, err, "start", signal)
			if name == "exits" && !strings.Contains(crash.Stderr, "cannot open shared object") {
				t.Errorf("stderr %q", crash.Stderr)
			}
		})
	}
	t.Run("mute", func(t *testing.T) {
		_, err := Start(limited(t), Config{Runtime: "mute", StartTimeout: 200 * time.Millisecond})
		var timeout *runtimes.TimeoutError
		if !errors.As(err, &timeout) || timeout.Stage != "start" {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("no program", func(t *testing.T) {
		if _, err := Start(limited(t), Config{Executable: "/nonexistent/studio"}); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := Start(ctx, Config{Runtime: "mute"})
		var timeout *runtimes.TimeoutError
		if !errors.As(err, &timeout) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestDeathInJob(t *testing.T) {
	for job, signal := range map[string]string{"segv": "SIGSEGV", "abort": "SIGABRT", "exit": "exit status 7"} {
		t.Run(job, func(t *testing.T) {
			w := begin(t, Config{})
			_, err := w.Job(limited(t), job, nil, nil)
			crash := wantCrash(t, err, "job "+job, signal)
			if job == "exit" && crash.Stderr != "last words on stdout" {
				t.Errorf("stderr %q", crash.Stderr)
			}
			if out, err := w.Job(limited(t), "echo", []byte("again"), nil); err != nil || string(out) != "again" {
				t.Errorf("the next job: %q, %v", out, err)
			}
		})
	}
}

func TestKilledInJob(t *testing.T) {
	w := begin(t, Config{})
	begun := make(chan struct{})
	go func() {
		<-begun
		_ = syscall.Kill(w.State().PID, syscall.SIGKILL)
	}()
	_, err := w.Job(limited(t), "hang", nil, func([]byte) { close(begun) })
	wantCrash(t, err, "job hang", "SIGKILL")
}

func TestSessionDiesWithItsProcess(t *testing.T) {
	w := begin(t, Config{})
	rt := w.Runtime()
	in := []*tensor.Tensor{tensor.New(tensor.Float32, 1)}
	good, err := rt.Open(limited(t), runtimes.Model{Path: "good"}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bad, err := rt.Open(limited(t), runtimes.Model{Path: "crash in run"}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = bad.Run(limited(t), in)
	wantCrash(t, err, "run", "SIGSEGV")
	_, err = good.Run(limited(t), in)
	wantCrash(t, err, "run", "SIGSEGV")
	if err := good.Close(); err != nil {
		t.Errorf("closing a dead session: %v", err)
	}
	again, err := rt.Open(limited(t), runtimes.Model{Path: "good"}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Run(limited(t), in); err != nil {
		t.Error(err)
	}
}

func TestCircuit(t *testing.T) {
	w := begin(t, Config{})
	rt := w.Runtime()
	open := func(path string) error {
		_, err := rt.Open(limited(t), runtimes.Model{Path: path}, runtimes.Options{})
		return err
	}
	saved := backoff
	backoff = []time.Duration{time.Millisecond}
	defer func() { backoff = saved }()
	for range maxDeaths {
		wantCrash(t, open("segv"), "open", "SIGSEGV")
	}
	var circuit *CircuitError
	if err := open("segv"); !errors.As(err, &circuit) || circuit.Deaths != maxDeaths || circuit.Model != "segv" {
		t.Fatalf("the fourth time: %v", err)
	}
	wantCrash(t, circuit, "open", "SIGSEGV")
	if err := open("good"); err != nil {
		t.Errorf("another model: %v", err)
	}
	w.breaker.now = func() time.Time { return time.Now().Add(deathWindow + time.Second) }
	wantCrash(t, open("segv"), "open", "SIGSEGV")
}

func TestDeadline(t *testing.T) {
	for _, what := range []string{"hang", "stopped", "deaf"} {
		t.Run(what, func(t *testing.T) {
			c := Config{}
			if what == "deaf" {
				c.Runtime = "deaf"
			}
			w := begin(t, c)
			pid := w.State().PID
			payload := []byte(nil)
			switch what {
			case "stopped":
				if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			case "deaf":
				payload = make([]byte, 64<<20)
			}
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_, err := w.Job(ctx, "hang", payload, nil)
			var timeout *runtimes.TimeoutError
			if !errors.As(err, &timeout) || timeout.Stage != "job hang" {
				t.Fatalf("got %v", err)
			}
			// The call's own time begins after the deadline's does.
			if whole := time.Since(begun); timeout.After <= 0 || timeout.After > whole {
				t.Errorf("stopped after %v of %v", timeout.After, whole)
			}
			if w.State().Alive {
				t.Error("the process was not stopped")
			}
		})
	}
}

// TestSilence stops a guest that owes an answer for good: nobody waits for it
// without end.
func TestSilence(t *testing.T) {
	w := begin(t, Config{SilenceLimit: 3 * time.Second})
	begun := make(chan struct{})
	go func() {
		<-begun
		_ = syscall.Kill(w.State().PID, syscall.SIGSTOP)
	}()
	_, err := w.Job(limited(t), "hang", nil, func([]byte) { close(begun) })
	var timeout *runtimes.TimeoutError
	if !errors.As(err, &timeout) || timeout.After != 3*time.Second || timeout.Stage == "" {
		t.Fatalf("got %v", err)
	}
	if out, err := w.Job(limited(t), "echo", []byte("again"), nil); err != nil || string(out) != "again" {
		t.Errorf("the next job: %q, %v", out, err)
	}
}

func TestCancel(t *testing.T) {
	w := begin(t, Config{})
	pid := w.State().PID
	for _, job := range []string{"wait", "hang"} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := w.Job(ctx, job, nil, func([]byte) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", job, err)
		}
		s := w.State()
		if lives := s.Alive && s.PID == pid; lives != (job == "wait") {
			t.Errorf("%s: the process lives: %v", job, lives)
		}
	}
}

// TestCallLimit: a library that computes for ever while the process's heart beats
// is stopped, and the next call finds a new process.
func TestCallLimit(t *testing.T) {
	w := begin(t, Config{CallLimit: 2 * time.Second})
	s, err := w.Runtime().Open(limited(t), runtimes.Model{Path: "hang"}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Run(limited(t), []*tensor.Tensor{tensor.New(tensor.Float32, 1)})
	var timeout *runtimes.TimeoutError
	if !errors.As(err, &timeout) || timeout.Stage != "run" {
		t.Fatalf("got %v", err)
	}
	if _, err := w.Runtime().Open(limited(t), runtimes.Model{Path: "other"}, runtimes.Options{}); err != nil {
		t.Error(err)
	}
}

func TestBystander(t *testing.T) {
	w := begin(t, Config{})
	s, err := w.Runtime().Open(limited(t), runtimes.Model{Path: "hang"}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error)
	go func() {
		_, err := s.Run(limited(t), []*tensor.Tensor{tensor.New(tensor.Float32, 1)})
		result <- err
	}()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := w.Job(ctx, "hang", nil, func([]byte) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	wantCrash(t, <-result, "run", "another call")
	if err := w.breaker.allow("hang"); err != nil || len(w.breaker.deaths) != 0 {
		t.Errorf("an innocent model was blamed: %v", w.breaker.deaths)
	}
}

func TestNonsense(t *testing.T) {
	for name, signal := range map[string]string{"garbage": "protocol error", "huge": "claims 4294967295 bytes", "closes": "closed the connection"} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, Config{Runtime: name})
			_, err := w.Job(limited(t), "echo", nil, nil)
			wantCrash(t, err, "job echo", signal)
		})
	}
}

func TestNoise(t *testing.T) {
	w := begin(t, Config{})
	out, err := w.Job(limited(t), "noise", []byte("ok"), nil)
	if err != nil || string(out) != "ok" {
		t.Fatalf("%q, %v", out, err)
	}
	// The pipe may still hold the end of it.
	for ctx := limited(t); !strings.HasSuffix(w.Log(), "the end\n"); time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatal("the end of the noise never came")
		}
	}
	if n := len(w.Log()); n != ringSize {
		t.Errorf("%d bytes kept", n)
	}
}

func TestMemoryLimit(t *testing.T) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("memory is watched on Linux only")
	}
	w := begin(t, Config{MemoryLimit: 256 << 20})
	_, err := w.Job(limited(t), "grow", nil, nil)
	wantCrash(t, err, "job grow", "its limit is 256 MB")
}

func TestCloseDuringJob(t *testing.T) {
	w := begin(t, Config{})
	_, err := w.Job(limited(t), "hang", nil, func([]byte) { go w.Close() })
	if !errors.Is(err, runtimes.ErrStopped) {
		t.Fatalf("got %v", err)
	}
	if _, err := w.Job(limited(t), "echo", nil, nil); !errors.Is(err, runtimes.ErrStopped) {
		t.Fatalf("after Close: %v", err)
	}
}

func TestAbsentRuntime(t *testing.T) {
	w := begin(t, Config{Runtime: "absent"})
	var absent *runtimes.NotAvailableError
	if err := w.Runtime().Check(limited(t)); !errors.As(err, &absent) || absent.Cure != "install it" {
		t.Fatalf("got %v", err)
	}
}

func TestHostDies(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := exec.Command(self, "host")
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	ctx := limited(t)
	for running(pid) {
		if ctx.Err() != nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("worker %d outlived its host", pid)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// running is false for a process that is gone or waits for its new parent to
// take notice.
func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

func TestState(t *testing.T) {
	w := begin(t, Config{})
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	go func() { _, _ = w.Job(ctx, "wait", nil, nil) }()
	for s := w.State(); s.Stage != "job wait" || s.RSS < 1<<20 || s.Stuck; s = w.State() {
		if ctx.Err() != nil {
			t.Fatalf("the heartbeat says %+v", s)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := syscall.Kill(w.State().PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for s := w.State(); !s.Stuck || !s.Alive || s.Quiet < Silence; s = w.State() {
		if ctx.Err() != nil {
			t.Fatalf("a stopped process counts as %+v", s)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

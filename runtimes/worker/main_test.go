//go:build unix

package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/worker/guest"
	"slipway/runtimes/worker/wire"
)

// TestMain makes the test binary its own worker, well behaved or not.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "worker":
			os.Exit(child(os.Args[2:]))
		case "host":
			os.Exit(doomedHost())
		}
	}
	os.Exit(m.Run())
}

// child is the worker process; the runtime's name says how it misbehaves.
func child(args []string) int {
	conn := os.NewFile(3, "host")
	hello := func(cookie string, version int) error {
		return wire.Write(conn, &wire.Message{Kind: wire.Hello, JSON: wire.JSON(wire.HelloBody{Version: version, Cookie: cookie})})
	}
	cookie := os.Getenv(wire.CookieEnv)
	switch args[0] {
	case "exits":
		fmt.Fprintln(os.Stderr, "libfake.so: cannot open shared object file")
		return 3
	case "mute":
		time.Sleep(time.Hour)
	case "stranger":
		_ = hello("guess", wire.Version)
		time.Sleep(time.Hour)
	case "newer":
		_ = hello(cookie, wire.Version+1)
		time.Sleep(time.Hour)
	case "text":
		_, _ = conn.WriteString("Welcome to the fake library 1.0, a friendly banner\n")
		time.Sleep(time.Hour)
	case "garbage", "huge", "deaf", "closes":
		_ = hello(cookie, wire.Version)
		if args[0] == "deaf" {
			time.Sleep(time.Hour) // never reads: the socket fills up
		}
		if _, err := wire.Read(conn); err != nil {
			return 1
		}
		switch args[0] {
		case "garbage":
			_, _ = conn.Write([]byte{5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff})
		case "huge":
			_, _ = conn.Write([]byte{0xff, 0xff, 0xff, 0xff})
		case "closes":
			_ = conn.Close()
		}
		time.Sleep(time.Hour)
	}
	return guest.Main(args, guest.Guest{
		Open: func(name, library string) (runtimes.Runtime, error) {
			if name == "absent" {
				return nil, &runtimes.NotAvailableError{Runtime: name, Reason: "no library", Cure: "install it"}
			}
			return fake{library: library}, nil
		},
		Jobs: map[string]guest.JobFunc{
			"echo": func(_ context.Context, p []byte, progress func([]byte)) ([]byte, error) {
				for i := range 3 {
					progress([]byte{byte(i)})
				}
				return p, nil
			},
			"wait": func(ctx context.Context, _ []byte, progress func([]byte)) ([]byte, error) {
				progress([]byte("begun"))
				<-ctx.Done()
				return nil, ctx.Err()
			},
			"hang": func(_ context.Context, _ []byte, progress func([]byte)) ([]byte, error) {
				progress([]byte("begun"))
				select {}
			},
			"panic": func(context.Context, []byte, func([]byte)) ([]byte, error) { panic("oh") },
			"finding": func(context.Context, []byte, func([]byte)) ([]byte, error) {
				return nil, diag.Errorf("fake.code", "bad").At("conv1")
			},
			"segv":  func(context.Context, []byte, func([]byte)) ([]byte, error) { return nil, die(syscall.SIGSEGV) },
			"abort": func(context.Context, []byte, func([]byte)) ([]byte, error) { return nil, die(syscall.SIGABRT) },
			"exit": func(context.Context, []byte, func([]byte)) ([]byte, error) {
				fmt.Println("last words on stdout")
				os.Exit(7)
				return nil, nil
			},
			"noise": func(_ context.Context, p []byte, _ func([]byte)) ([]byte, error) {
				w := bufio.NewWriterSize(os.Stderr, 1<<20)
				line := strings.Repeat("noise ", 170) + "\n"
				for range 100 << 20 / len(line) {
					_, _ = w.WriteString(line)
				}
				_, _ = w.WriteString("the end\n")
				return p, w.Flush()
			},
			"grow": func(context.Context, []byte, func([]byte)) ([]byte, error) {
				var keep [][]byte
				for {
					b := make([]byte, 16<<20)
					for i := 0; i < len(b); i += 4096 {
						b[i] = 1
					}
					keep = append(keep, b)
					if len(keep) > 1024 {
						return nil, errors.New("nobody stopped it")
					}
				}
			},
		},
	})
}

func die(sig syscall.Signal) error {
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		return err
	}
	select {}
}

// fake is a runtime whose models misbehave by name.
type fake struct{ library string }

func (f fake) Info() runtimes.Info {
	return runtimes.Info{Name: "fake", Title: "Fake", Version: "1.2", Library: f.library, Devices: []string{"CPU"}}
}
func (fake) Check(context.Context) error { return nil }

func (fake) Open(_ context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	switch m.Path {
	case "refused":
		return nil, runtimes.Refuse("fake", "open", "no such operator")
	case "segv":
		return nil, die(syscall.SIGSEGV)
	}
	return &fakeSession{path: m.Path, profile: o.Profile}, nil
}

type fakeSession struct {
	path    string
	profile bool
	closed  bool
}

func (s *fakeSession) Inputs() []runtimes.IO {
	return []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{-1}}}
}

func (s *fakeSession) Outputs() []runtimes.IO {
	return []runtimes.IO{{Name: "y", DType: tensor.Float32, Shape: []int{-1}}, {Name: "any"}, {Name: "scalar", Shape: []int{}}}
}

func (s *fakeSession) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	switch s.path {
	case "hang":
		select {}
	case "crash in run":
		return nil, die(syscall.SIGSEGV)
	}
	return []*tensor.Tensor{in[0], tensor.New(tensor.Int4, 3), tensor.Scalar(int64(4))}, nil
}

func (s *fakeSession) Trace(context.Context) ([]runtimes.LayerTime, error) {
	return []runtimes.LayerTime{{Layer: "conv1", Type: "Conv", Exec: "ref", Time: time.Millisecond}}, nil
}

func (s *fakeSession) Close() error {
	if s.closed {
		return errors.New("closed twice")
	}
	s.closed = true
	return nil
}

// doomedHost starts a worker, says its process id and waits to be killed.
func doomedHost() int {
	w, err := Start(context.Background(), Config{Runtime: "fake"})
	if err != nil {
		return 1
	}
	go func() { _, _ = w.Job(context.Background(), "hang", nil, nil) }()
	fmt.Println(w.State().PID)
	select {}
}

//go:build unix

package worker

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

func begin(t *testing.T, c Config) *Worker {
	t.Helper()
	if c.Runtime == "" {
		c.Runtime = "fake"
	}
	w, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func TestSession(t *testing.T) {
	w := begin(t, Config{LibraryPath: "/lib/libfake.so", Version: "1.2.3"})
	rt := w.Runtime()
	if i := rt.Info(); i.Version != "1.2.3" || i.Library != "/lib/libfake.so" || i.Title != "Fake" {
		t.Errorf("info: %+v", i)
	}
	if err := rt.Check(t.Context()); err != nil {
		t.Error(err)
	}
	s, err := rt.Open(t.Context(), runtimes.Model{Path: "good"}, runtimes.Options{Profile: true})
	if err != nil {
		t.Fatal(err)
	}
	want := (&fakeSession{}).Outputs()
	if got := s.Outputs(); !reflect.DeepEqual(got, want) {
		t.Errorf("outputs %#v, want %#v", got, want)
	}
	x := tensor.Of([]float32{1, 2, 3}, 3)
	out, err := s.Run(t.Context(), []*tensor.Tensor{x})
	if err != nil {
		t.Fatal(err)
	}
	if !tensor.Equal(out[0], x) || out[1].DType() != tensor.Int4 || !tensor.Equal(out[2], tensor.Scalar(int64(4))) {
		t.Errorf("run gave %v", out)
	}
	timed, err := s.(runtimes.Timer).Time(t.Context(), []*tensor.Tensor{x}, runtimes.Timing{MinRuns: 5, MaxRuns: 5, Duration: time.Hour})
	if err != nil || len(timed.Runs) != 5 || timed.First <= 0 || timed.PeakRSS < 1<<20 {
		t.Errorf("time: %+v, %v", timed, err)
	}
	layers, err := s.(runtimes.Tracer).Trace(t.Context())
	if err != nil || len(layers) != 1 || layers[0].Exec != "ref" || layers[0].Time != time.Millisecond {
		t.Errorf("trace: %+v, %v", layers, err)
	}
	var refused *runtimes.RefusedError
	if _, err := s.Run(t.Context(), nil); !errors.As(err, &refused) || refused.Stage != "run" {
		t.Errorf("no inputs: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil && !errors.Is(err, runtimes.ErrStopped) {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := s.Run(t.Context(), []*tensor.Tensor{x}); !errors.Is(err, runtimes.ErrStopped) {
		t.Errorf("run after close: %v", err)
	}
	if _, err := rt.Open(t.Context(), runtimes.Model{Path: "refused"}, runtimes.Options{}); !errors.As(err, &refused) || *refused != (runtimes.RefusedError{Runtime: "fake", Stage: "open", Text: "no such operator"}) {
		t.Errorf("refused: %v", err)
	}
	plain, err := rt.Open(t.Context(), runtimes.Model{Path: "good"}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := plain.(runtimes.Tracer); ok {
		t.Error("a session without profiling offers Trace")
	}
}

func TestSessionsAtOnce(t *testing.T) {
	rt := begin(t, Config{}).Runtime()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s, err := rt.Open(t.Context(), runtimes.Model{Path: "good"}, runtimes.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			x := tensor.Of([]float32{float32(i)}, 1)
			for range 50 {
				out, err := s.Run(t.Context(), []*tensor.Tensor{x})
				if err != nil || !tensor.Equal(out[0], x) {
					t.Errorf("session %d got %v, %v", i, out, err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func TestJob(t *testing.T) {
	w := begin(t, Config{})
	var seen []byte
	payload := bytes.Repeat([]byte("model"), 1<<20)
	out, err := w.Job(t.Context(), "echo", payload, func(b []byte) { seen = append(seen, b...) })
	if err != nil || !bytes.Equal(out, payload) || !slices.Equal(seen, []byte{0, 1, 2}) {
		t.Errorf("echo gave %d bytes, progress %v, %v", len(out), seen, err)
	}
	_, err = w.Job(t.Context(), "finding", nil, nil)
	var f *diag.Finding
	if !errors.As(err, &f) || f.Code != "fake.code" || f.Layer != "conv1" {
		t.Errorf("finding: %v", err)
	}
	pid := w.State().PID
	if _, err = w.Job(t.Context(), "panic", nil, nil); err == nil || !strings.Contains(err.Error(), "panic: oh") {
		t.Errorf("panic: %v", err)
	}
	if _, err = w.Job(t.Context(), "nothing", nil, nil); err == nil {
		t.Error("an unknown job ran")
	}
	if w.State().PID != pid {
		t.Error("the worker did not live through a job's panic")
	}
}

func TestPool(t *testing.T) {
	found := false
	p := NewPool(Config{}, func(name string) (Library, error) {
		if !found {
			return Library{}, errors.New("looked everywhere")
		}
		return Library{Path: "/lib/" + name, Version: "1.2.9"}, nil
	})
	defer p.Close()
	rt := p.Get("fake")
	var absent *runtimes.NotAvailableError
	if err := rt.Check(t.Context()); !errors.As(err, &absent) || absent.Reason != "looked everywhere" {
		t.Errorf("absent: %v", err)
	}
	found = true
	if err := rt.Check(t.Context()); err != nil {
		t.Errorf("after installing: %v", err)
	}
	if i := rt.Info(); i.Version != "1.2.9" || i.Library != "/lib/fake" {
		t.Errorf("info: %+v", i)
	}
	a, _ := p.Worker("fake")
	b, _ := p.Worker("fake")
	if a == nil || a != b {
		t.Error("the worker is not shared")
	}
	if err := p.Forget("fake"); err != nil || a.State().Alive {
		t.Errorf("forgotten: %v", err)
	}
	if err := rt.Check(t.Context()); err != nil {
		t.Errorf("after Forget: %v", err)
	}
	if c, _ := p.Worker("fake"); c == a {
		t.Error("the forgotten worker is still used")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := rt.Check(context.Background()); !errors.Is(err, runtimes.ErrStopped) {
		t.Errorf("after Close: %v", err)
	}
}

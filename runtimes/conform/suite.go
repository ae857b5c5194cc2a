package conform

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Run checks one runtime with the models of its format.
func Run(t *testing.T, rt runtimes.Runtime, m Models) {
	s := suite{rt: rt, m: m}
	t.Run("info", s.info)
	t.Run("metadata", s.metadata)
	t.Run("run", s.run)
	t.Run("dtypes", s.dtypes)
	t.Run("wrong inputs", s.wrongInputs)
	t.Run("bad files", s.badFiles)
	t.Run("sessions at once", s.atOnce)
	t.Run("threads", s.threads)
	t.Run("close", s.close)
	t.Run("cancel", s.cancel)
	t.Run("profile", s.profile)
	t.Run("taps", s.taps)
	t.Run("no optimization", s.noOptimize)
}

type suite struct {
	rt runtimes.Runtime
	m  Models
}

func (s suite) open(t *testing.T, path string, o runtimes.Options) runtimes.Session {
	t.Helper()
	ses, err := s.rt.Open(t.Context(), runtimes.Model{Path: path}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ses.Close() })
	return ses
}

// pair makes inputs for Add with n rows, different for each seed. No sum is
// zero, because runtimes differ in the sign of a negated zero.
func pair(n, seed int) []*tensor.Tensor {
	x, y := make([]float32, 3*n), make([]float32, 3*n)
	for i := range x {
		x[i], y[i] = float32(i+seed+1), float32(2*i-seed)
	}
	return []*tensor.Tensor{tensor.Of(x, n, 3), tensor.Of(y, n, 3)}
}

// checkAdd compares Add's outputs with what its inputs make exactly.
func checkAdd(in, out []*tensor.Tensor) error {
	x, y := in[0].Float32s(), in[1].Float32s()
	neg, product := make([]float32, len(x)), make([]float32, len(x))
	for i := range x {
		neg[i], product[i] = -(x[i] + y[i]), x[i]*y[i]
	}
	shape := in[0].Shape()
	if len(out) < 2 || !tensor.Equal(out[0], tensor.Of(neg, shape...)) || !tensor.Equal(out[1], tensor.Of(product, shape...)) {
		return fmt.Errorf("%v gave %v", in, out)
	}
	return nil
}

func (s suite) info(t *testing.T) {
	if err := s.rt.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	i := s.rt.Info()
	if i.Name == "" || i.Title == "" || i.Version == "" || len(i.Devices) == 0 || len(i.Formats) == 0 || i.Library == "" {
		t.Errorf("info is incomplete: %+v", i)
	}
	if i.Devices[0] != "CPU" && !strings.Contains(fmt.Sprint(i.Devices), "CPU") {
		t.Errorf("devices %v", i.Devices)
	}
}

func (s suite) metadata(t *testing.T) {
	ses := s.open(t, s.m.Add, runtimes.Options{})
	describe := func(list []runtimes.IO) (out string) {
		for _, io := range list {
			out += fmt.Sprintf("%s %v%v;", io.Name, io.DType, io.Shape)
		}
		return out
	}
	if got, want := describe(ses.Inputs()), "x f32[-1 3];y f32[-1 3];"; got != want {
		t.Errorf("inputs %s want %s", got, want)
	}
	if got, want := describe(ses.Outputs()), "neg f32[-1 3];product f32[-1 3];"; got != want {
		t.Errorf("outputs %s want %s", got, want)
	}
}

func (s suite) run(t *testing.T) {
	ses := s.open(t, s.m.Add, runtimes.Options{})
	var kept, keptIn []*tensor.Tensor
	for _, n := range []int{1, 1, 4, 2, 4, 100} {
		in := pair(n, n)
		out, err := ses.Run(t.Context(), in)
		if err != nil {
			t.Fatalf("batch %d: %v", n, err)
		}
		if err := checkAdd(in, out); err != nil {
			t.Errorf("batch %d: %v", n, err)
		}
		if kept == nil {
			kept, keptIn = out, in
		}
	}
	if err := checkAdd(keptIn, kept); err != nil {
		t.Errorf("later runs changed an earlier result: %v", err)
	}
}

func (s suite) dtypes(t *testing.T) {
	for d, path := range s.m.Twice {
		t.Run(d.String(), func(t *testing.T) {
			ses := s.open(t, path, runtimes.Options{})
			if in, out := ses.Inputs()[0], ses.Outputs()[0]; in.DType != d || out.DType != d {
				t.Fatalf("input %v, output %v", in, out)
			}
			x, err := tensor.FromFloat64s(d, []float64{1, 3}, 2)
			if err != nil {
				t.Fatal(err)
			}
			want, err := tensor.FromFloat64s(d, []float64{1, 3, 1, 3}, 4)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				out, err := ses.Run(t.Context(), []*tensor.Tensor{x})
				if err != nil {
					t.Fatal(err)
				}
				if !tensor.Equal(out[0], want) {
					t.Errorf("got %v, want %v", out[0], want)
				}
			}
		})
	}
}

func wantRefused(t *testing.T, err error, stage string) {
	t.Helper()
	var refused *runtimes.RefusedError
	if !errors.As(err, &refused) || refused.Stage != stage || refused.Text == "" {
		t.Errorf("got %v (%T), want it refused during %s", err, err, stage)
	}
}

func (s suite) wrongInputs(t *testing.T) {
	ses := s.open(t, s.m.Add, runtimes.Options{})
	good := pair(2, 0)
	for name, in := range map[string][]*tensor.Tensor{
		"none":       nil,
		"one":        good[:1],
		"three":      {good[0], good[1], good[0]},
		"dtype":      {good[0], tensor.New(tensor.Int32, 2, 3)},
		"rank":       {good[0], tensor.New(tensor.Float32, 6)},
		"dimension":  {good[0], tensor.New(tensor.Float32, 2, 4)},
		"nil tensor": {good[0], nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ses.Run(t.Context(), in)
			wantRefused(t, err, "run")
		})
	}
	// Rows of two and of three cannot be added: only the runtime can know.
	if _, err := ses.Run(t.Context(), []*tensor.Tensor{pair(2, 0)[0], pair(3, 0)[1]}); err != nil {
		wantRefused(t, err, "run")
	} else {
		t.Error("batches of 2 and 3 were added")
	}
	out, err := ses.Run(t.Context(), good)
	if err != nil {
		t.Fatalf("a good run after bad ones: %v", err)
	}
	if err := checkAdd(good, out); err != nil {
		t.Error(err)
	}
}

func (s suite) badFiles(t *testing.T) {
	html := []byte("<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>Not Found</body></html>")
	cases := map[string]string{
		"missing":   filepath.Join(t.TempDir(), filepath.Base(s.m.Add)),
		"directory": t.TempDir(),
		"empty":     spoiled(t, s.m.Add, func([]byte) []byte { return nil }),
		"html":      spoiled(t, s.m.Add, func([]byte) []byte { return html }),
		"zeros":     spoiled(t, s.m.Add, func(b []byte) []byte { return make([]byte, len(b)) }),
		"noise": spoiled(t, s.m.Add, func(b []byte) []byte {
			for i := range b {
				b[i] = byte(i*i*7 + i>>3)
			}
			return b
		}),
	}
	for name, cut := range map[string]int{"cut in half": 2, "cut at a quarter": 4} {
		cases[name] = spoiled(t, s.m.Add, func(b []byte) []byte { return b[:len(b)/cut] })
	}
	for name, path := range cases {
		t.Run(name, func(t *testing.T) {
			ses, err := s.rt.Open(t.Context(), runtimes.Model{Path: path}, runtimes.Options{})
			if err == nil {
				_ = ses.Close()
				t.Fatal("it was opened")
			}
			// What reads models itself says it with findings.
			var finding *diag.Finding
			var list diag.List
			if !errors.As(err, &finding) && !errors.As(err, &list) {
				wantRefused(t, err, "open")
			}
		})
	}
}

func (s suite) atOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ses, err := s.rt.Open(t.Context(), runtimes.Model{Path: s.m.Add}, runtimes.Options{Threads: 1})
			if err != nil {
				t.Error(err)
				return
			}
			defer ses.Close()
			for k := range 20 {
				in := pair(1+k%3, i)
				out, err := ses.Run(t.Context(), in)
				if err == nil {
					err = checkAdd(in, out)
				}
				if err != nil {
					t.Errorf("session %d, run %d: %v", i, k, err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func (s suite) threads(t *testing.T) {
	for _, n := range []int{1, 2} {
		ses := s.open(t, s.m.Add, runtimes.Options{Threads: n, Fast: n == 2})
		in := pair(2, n)
		out, err := ses.Run(t.Context(), in)
		if err == nil {
			err = checkAdd(in, out)
		}
		if err != nil {
			t.Errorf("%d threads: %v", n, err)
		}
	}
	ses, err := s.rt.Open(t.Context(), runtimes.Model{Path: s.m.Add}, runtimes.Options{Device: "WARP"})
	if err == nil {
		_ = ses.Close()
	}
	wantRefused(t, err, "open")
}

func (s suite) close(t *testing.T) {
	ses := s.open(t, s.m.Add, runtimes.Options{})
	if err := ses.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := ses.Close(); err != nil && !errors.Is(err, runtimes.ErrStopped) {
		t.Errorf("second close: %v", err)
	}
	if _, err := ses.Run(t.Context(), pair(1, 0)); !errors.Is(err, runtimes.ErrStopped) {
		t.Errorf("run after close: %v", err)
	}
}

func (s suite) cancel(t *testing.T) {
	done, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.rt.Open(done, runtimes.Model{Path: s.m.Add}, runtimes.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("open with a cancelled context: %v", err)
	}
	if _, err := s.open(t, s.m.Add, runtimes.Options{}).Run(done, pair(1, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("run with a cancelled context: %v", err)
	}
	if !s.m.Cancel {
		return
	}
	ses := s.open(t, s.m.Slow, runtimes.Options{Threads: 1})
	x := []*tensor.Tensor{tensor.New(tensor.Float32, ses.Inputs()[0].Shape...)}
	ctx, stop := context.WithCancel(t.Context())
	timer := time.AfterFunc(20*time.Millisecond, stop)
	defer timer.Stop()
	if _, err := ses.Run(ctx, x); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while it ran: %v", err)
	}
	out, err := ses.Run(t.Context(), x)
	if err != nil {
		t.Fatalf("the run after a cancelled one: %v", err)
	}
	if v := out[0].Float32s()[0]; v < 0.5/384 || v > 2.0/384 {
		t.Errorf("the run after a cancelled one gave %v, want 1/384", v)
	}
}

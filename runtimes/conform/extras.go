package conform

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// profile: where the runtime can tell per-layer times, it tells those of real runs.
func (s suite) profile(t *testing.T) {
	ses := s.open(t, s.m.Add, runtimes.Options{Profile: true})
	tracer, ok := ses.(runtimes.Tracer)
	if ok != s.m.Profile {
		t.Fatalf("it offers Trace: %v, want %v", ok, s.m.Profile)
	}
	if !ok {
		return
	}
	for range 2 {
		for range 3 {
			in := pair(2, 1)
			out, err := ses.Run(t.Context(), in)
			if err == nil {
				err = checkAdd(in, out)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		times, err := tracer.Trace(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(times) == 0 {
			t.Fatal("no layers")
		}
		for _, l := range times {
			if l.Layer == "" || l.Type == "" || l.Time < 0 || l.Time > time.Second {
				t.Errorf("layer %+v", l)
			}
		}
	}
}

func (s suite) taps(t *testing.T) {
	ses, err := s.rt.Open(t.Context(), runtimes.Model{Path: s.m.Add}, runtimes.Options{Taps: []string{"sum"}})
	if !s.m.Taps {
		wantRefused(t, err, "open")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer ses.Close()
	in := pair(2, 5)
	out, err := ses.Run(t.Context(), in)
	if err == nil {
		err = checkAdd(in, out)
	}
	if err != nil {
		t.Fatal(err)
	}
	sum := make([]float32, in[0].Len())
	for i := range sum {
		sum[i] = in[0].Float32s()[i] + in[1].Float32s()[i]
	}
	if list := ses.Outputs(); len(out) != 3 || list[2].Name != "sum" || !tensor.Equal(out[2], tensor.Of(sum, 2, 3)) {
		t.Errorf("outputs %v gave %v", list, out)
	}
	_, err = s.rt.Open(t.Context(), runtimes.Model{Path: s.m.Add}, runtimes.Options{Taps: []string{"nothing"}})
	wantRefused(t, err, "open")
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "slipway-*", "tap-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func (s suite) noOptimize(t *testing.T) {
	ses, err := s.rt.Open(t.Context(), runtimes.Model{Path: s.m.Add}, runtimes.Options{NoOptimize: true})
	if !s.m.NoOptimize {
		wantRefused(t, err, "open")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer ses.Close()
	in := pair(2, 5)
	out, err := ses.Run(t.Context(), in)
	if err == nil {
		err = checkAdd(in, out)
	}
	if err != nil {
		t.Error(err)
	}
}

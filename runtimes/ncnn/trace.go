package ncnn

import (
	"context"
	"slices"
	"time"

	"slipway/runtimes"
)

// step asks for one blob.
type step struct {
	blob    string
	layer   int
	results []int // the outputs that it is
}

// steps lists the blobs to ask for, in the order in which their layers stand:
// ncnn gives a blob's memory back once its reader has run, so that none may be
// asked for later. For a profile every layer's first blob is asked for, which
// runs that layer alone.
func (s *session) steps() []step {
	wanted := map[string][]int{}
	for k, p := range s.outputs {
		wanted[p.blob] = append(wanted[p.blob], k)
	}
	if s.profile && s.spent == nil {
		s.spent = map[int]time.Duration{}
	}
	needed := s.needed()
	var out []step
	for i, l := range s.model.layers {
		for k, b := range l.out {
			timed := s.profile && k == 0 && l.kind != "Input" && needed[i]
			if len(wanted[b]) > 0 || timed {
				out = append(out, step{b, i, wanted[b]})
			}
		}
	}
	return out
}

// needed marks the layers that the outputs follow from.
func (s *session) needed() map[int]bool {
	m := map[int]bool{}
	for _, p := range s.outputs {
		m[p.layer] = true
	}
	for i, l := range slices.Backward(s.model.layers) {
		if !m[i] {
			continue
		}
		for _, b := range l.in {
			m[s.model.producer[b]] = true
		}
	}
	return m
}

// Trace implements runtimes.Tracer. A layer's time holds the copy of its result
// into ordinary order, which ncnn makes of every blob that is asked for.
func (s *session) Trace(ctx context.Context) ([]runtimes.LayerTime, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, runtimes.ErrStopped
	case !s.profile:
		return nil, runtimes.Refuse(Name, "trace", "the session was not opened for profiling")
	case s.runs == 0:
		return nil, runtimes.Refuse(Name, "trace", "nothing was run yet")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out []runtimes.LayerTime
	for i, l := range s.model.layers {
		if d, ok := s.spent[i]; ok && l.kind != "Input" {
			exec := "f32"
			if l.int8() {
				exec = "int8"
			}
			out = append(out, runtimes.LayerTime{Layer: l.name, Type: l.kind, Exec: exec, Time: d / time.Duration(s.runs)})
		}
	}
	return out, nil
}

// int8 reports whether a layer computes in 8-bit integers: its parameter for the
// scales says so.
func (l *layer) int8() bool {
	switch l.kind {
	case "Convolution", "ConvolutionDepthWise", "InnerProduct":
		return l.int(8) != 0
	case "Gemm":
		return l.int(18) != 0
	}
	return false
}

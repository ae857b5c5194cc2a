package litert

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"slipway/runtimes"
	"slipway/runtimes/internal/dl"
)

// Trace implements runtimes.Tracer. An operator that LiteRT runs itself is named
// by its first output tensor; XNNPACK tells only its own operators' numbers
// ("[Delegate]:3"), which are not the model's.
func (s *session) Trace(ctx context.Context) ([]runtimes.LayerTime, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, runtimes.ErrStopped
	case s.profiler == nil:
		return nil, runtimes.Refuse(Name, "trace", "the session was not opened for profiling")
	case s.runs == 0:
		return nil, runtimes.Refuse(Name, "trace", "nothing was run yet")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// The events themselves are C++ objects of no fixed size: the table is what
	// the C interface really offers.
	var p unsafe.Pointer
	err := s.check("trace", s.f.summary(s.profiler, s.compiled, &p))
	if err != nil {
		return nil, err
	}
	table := dl.String(p)
	dl.Free(p)
	times := readSummary(table)
	if len(times) == 0 {
		return nil, runtimes.Refuse(Name, "trace", "its profile has no rows:\n%.200s", table)
	}
	for i, t := range times {
		if n, ok := strings.CutPrefix(t.Layer, "[Builtin]:"); ok {
			if op, err := strconv.Atoi(n); err == nil {
				if name := s.opName(op); name != "" {
					times[i].Layer = name
				}
			}
		}
	}
	return times, nil
}

// row is one line of the table: node type, start, first, average (ms), share,
// cumulated share, memory, calls, name.
var row = regexp.MustCompile(`^\s*(\S.*?)\s+[\d.]+\s+[\d.]+\s+([\d.]+)\s+[\d.]+%\s+[\d.]+%\s+[-\d.]+\s+(\d+)\s+(\S.*)$`)

// readSummary reads the first table of a profile, the one in order of execution.
func readSummary(table string) []runtimes.LayerTime {
	var out []runtimes.LayerTime
	for _, line := range strings.Split(table, "\n") {
		m := row.FindStringSubmatch(line)
		if m == nil {
			if len(out) > 0 {
				break
			}
			continue
		}
		ms, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			continue
		}
		kind, delegated := strings.CutPrefix(m[1], "Delegate/")
		exec := "builtin"
		if delegated {
			exec = "xnnpack " + kind
			kind, _, _ = strings.Cut(kind, " (")
		}
		out = append(out, runtimes.LayerTime{
			Layer: strings.TrimSpace(m[4]), Type: kind, Exec: exec,
			Time: time.Duration(ms * float64(time.Millisecond)),
		})
	}
	return out
}

// opName is the name of operator i's first output, "" where there is none.
func (s *session) opName(i int) string {
	var index uintptr
	var graph, op, t handle
	var name unsafe.Pointer
	steps := []func() int32{
		func() int32 { return s.f.mainSubgraph(s.model, &index) },
		func() int32 { return s.f.subgraph(s.model, index, &graph) },
		func() int32 { return s.f.op(graph, uintptr(i), &op) },
		func() int32 { return s.f.opOutput(op, 0, &t) },
		func() int32 { return s.f.tensorName(t, &name) },
	}
	for _, step := range steps {
		if step() != 0 {
			return ""
		}
	}
	return dl.String(name)
}

package measure

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Subject is one model × runtime to measure. Session must implement
// runtimes.Timer, so that the loop runs beside the runtime.
type Subject struct {
	Name    string
	Runtime runtimes.Info
	Session runtimes.Session
	Inputs  []*tensor.Tensor
	Device  string
	Threads int
	Batch   int
	Load    time.Duration // time that opening took, where the session does not say
}

// Result is one row; its JSON is part of the command line's contract. Times are
// in milliseconds.
type Result struct {
	Name       string     `json:"name"`
	Runtime    string     `json:"runtime"`
	Version    string     `json:"version"`
	Device     string     `json:"device"`
	Threads    int        `json:"threads"`
	Batch      int        `json:"batch"`
	LoadMS     float64    `json:"load_ms"`
	FirstMS    float64    `json:"first_ms"`
	P50MS      float64    `json:"p50_ms"`
	P90MS      float64    `json:"p90_ms"`
	P99MS      float64    `json:"p99_ms"`
	MeanMS     float64    `json:"mean_ms"`
	MinMS      float64    `json:"min_ms"`
	CI95MS     [2]float64 `json:"ci95_ms"`    // of the median
	Throughput float64    `json:"throughput"` // inputs a second, at the median
	PeakRSS    int64      `json:"peak_rss_bytes"`
	Runs       int        `json:"runs"`
	Warnings   []string   `json:"warnings"`
	Layers     []Layer    `json:"layers,omitempty"`
}

// Layer is one row of a per-layer profile.
type Layer struct {
	Layer        string   `json:"layer"`
	Type         string   `json:"type,omitempty"`
	Exec         string   `json:"exec,omitempty"`
	SourceLayers []string `json:"source_layers"`
	MS           float64  `json:"ms"`
	Share        float64  `json:"share"`
}

// Options for Run.
type Options struct {
	Seconds float64       // of timed runs per subject; default 2
	WarmUp  time.Duration // before each round; default a tenth of Seconds, 200 ms at most
	Rounds  int           // default 5
	// Progress, where not nil, is told the fraction done.
	Progress func(fraction float64, what string)
}

// Run measures all subjects, interleaved. A subject that fails gets a nil
// result and its error in the second list; the others go on. The third result
// is set only when ctx ends.
func Run(ctx context.Context, subjects []Subject, o Options) ([]*Result, []error, error) {
	if o.Seconds <= 0 {
		o.Seconds = 2
	}
	if o.Rounds <= 0 {
		o.Rounds = 5
	}
	if o.WarmUp == 0 {
		o.WarmUp = min(200*time.Millisecond, time.Duration(o.Seconds/10*float64(time.Second)))
	}
	timed := make([]runtimes.Timed, len(subjects))
	errs := make([]error, len(subjects))
	before := load()
	for round := range o.Rounds {
		for i, s := range subjects {
			if errs[i] != nil {
				continue
			}
			timer, ok := s.Session.(runtimes.Timer)
			if !ok {
				errs[i] = fmt.Errorf("measure: %s cannot time beside its runtime", s.Name)
				continue
			}
			if o.Progress != nil {
				o.Progress(float64(round*len(subjects)+i)/float64(o.Rounds*len(subjects)), s.Name)
			}
			slice := time.Duration(o.Seconds / float64(o.Rounds) * float64(time.Second))
			t, err := timer.Time(ctx, s.Inputs, runtimes.Timing{WarmUp: o.WarmUp, Duration: slice, MinRuns: 3, MaxRuns: 100000})
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			if err != nil {
				errs[i] = err
				continue
			}
			if round == 0 {
				timed[i].First, timed[i].LoadTime = t.First, t.LoadTime
			}
			timed[i].Runs = append(timed[i].Runs, t.Runs...)
			timed[i].PeakRSS = max(timed[i].PeakRSS, t.PeakRSS)
		}
	}
	out := make([]*Result, len(subjects))
	for i, s := range subjects {
		if errs[i] == nil {
			out[i] = Summarize(s, timed[i])
			if w := disturbed(before); w != "" {
				out[i].Warnings = append(out[i].Warnings, w)
			}
		}
	}
	return out, errs, nil
}

// Summarize turns raw latencies into a row.
func Summarize(s Subject, t runtimes.Timed) *Result {
	ms := make([]float64, len(t.Runs))
	sum := 0.0
	for i, d := range t.Runs {
		ms[i] = d.Seconds() * 1e3
		sum += ms[i]
	}
	slices.Sort(ms)
	load := t.LoadTime
	if load == 0 {
		load = s.Load
	}
	r := &Result{
		Name: s.Name, Runtime: s.Runtime.Name, Version: s.Runtime.Version, Device: s.Device, Threads: s.Threads, Batch: max(s.Batch, 1),
		LoadMS: load.Seconds() * 1e3, FirstMS: t.First.Seconds() * 1e3, PeakRSS: t.PeakRSS, Runs: len(ms), Warnings: []string{},
	}
	if r.Device == "" {
		r.Device = "CPU"
	}
	if r.Threads == 0 {
		r.Threads = runtime.NumCPU()
	}
	if len(ms) == 0 {
		r.Warnings = append(r.Warnings, "nothing was timed")
		return r
	}
	r.P50MS, r.P90MS, r.P99MS = Percentile(ms, 50), Percentile(ms, 90), Percentile(ms, 99)
	r.MeanMS, r.MinMS = sum/float64(len(ms)), ms[0]
	r.CI95MS = MedianInterval(ms)
	r.Throughput = float64(r.Batch) * 1e3 / r.P50MS
	if len(ms) < 30 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("only %d runs: the 99th percentile is the slowest of them", len(ms)))
	}
	if r.P99MS > 3*r.P50MS && len(ms) >= 30 {
		r.Warnings = append(r.Warnings, "uneven: the 99th percentile is more than three times the median")
	}
	return r
}

// Percentile of sorted values, by linear interpolation between closest ranks.
func Percentile(sorted []float64, p float64) float64 {
	x := p / 100 * float64(len(sorted)-1)
	i := int(x)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (x-float64(i))*(sorted[i+1]-sorted[i])
}

// MedianInterval is the distribution-free 95 % confidence interval of the
// median by order statistics: ranks n/2 -+ 1.96*sqrt(n)/2 (Conover, Practical
// Nonparametric Statistics, §3.2).
func MedianInterval(sorted []float64) [2]float64 {
	n := float64(len(sorted))
	h := 1.96 * math.Sqrt(n) / 2
	lo, hi := int(math.Floor(n/2-h)), int(math.Ceil(n/2+h))
	return [2]float64{sorted[max(lo, 0)], sorted[min(hi, len(sorted)-1)]}
}

// Differ reports whether two measurements differ for real: their medians' 95 %
// intervals do not overlap.
func Differ(a, b *Result) bool { return a.CI95MS[1] < b.CI95MS[0] || b.CI95MS[1] < a.CI95MS[0] }

// load is the one-minute load average, or -1 where it cannot be read.
func load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return -1
	}
	f, err := strconv.ParseFloat(strings.Fields(string(b))[0], 64)
	if err != nil {
		return -1
	}
	return f
}

func disturbed(before float64) string {
	if n := float64(runtime.NumCPU()); before > n*0.75 {
		return fmt.Sprintf("the machine was busy (load %.1f on %d cores) when the measurement began", before, runtime.NumCPU())
	}
	return ""
}

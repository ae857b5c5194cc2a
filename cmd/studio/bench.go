package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"slipway/conversion/diag"
	"slipway/profiler/measure"
	"slipway/profiler/verify"
	"slipway/runtimes"
	"slipway/units"
)

type benchFlags struct {
	runtimes       []string
	batch, threads int
	seconds        float64
	layers, fast   bool
}

func (a *app) benchCmd() *cobra.Command {
	f := &benchFlags{}
	c := &cobra.Command{
		Use: "bench MODEL...", Short: "Latency, throughput and memory on the local runtimes, interleaved",
		Args: atLeast(1, "bench needs a model"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.bench(cmd.Context(), args, f) },
	}
	c.Flags().StringSliceVar(&f.runtimes, "runtime", nil, "`RUNTIME,...` to measure on (default: all that open the model)")
	c.Flags().IntVar(&f.batch, "batch", 0, "`SIZE` of an open batch dimension (default 1)")
	c.Flags().IntVar(&f.threads, "threads", 0, "`NUMBER` of threads (default: the runtime's own choice)")
	c.Flags().Float64Var(&f.seconds, "seconds", 2, "`SECONDS` of timed runs for each model and runtime")
	c.Flags().BoolVar(&f.layers, "layers", true, "measure per-layer times where the runtime can")
	c.Flags().BoolVar(&f.fast, "fast", false, "let a runtime compute in its own default precision (bf16 on some hosts)")
	return c
}

// benchRow is one row; its JSON is part of the contract.
type benchRow struct {
	Model string `json:"model"`
	measure.Result
}

func (a *app) bench(ctx context.Context, models []string, f *benchFlags) error {
	if f.seconds <= 0 || f.batch < 0 || f.threads < 0 {
		return usagef("--seconds must be positive, --batch and --threads not negative")
	}
	var subjects []measure.Subject
	var owner []string
	var layers []func() []measure.Layer
	var findings diag.List
	for _, m := range models {
		have, err := a.runtimesOf(ctx, m, f.runtimes)
		if err != nil {
			return err
		}
		for _, s := range have {
			sub, stop, err := a.subject(ctx, m, s.Name, f)
			if err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				findings = append(findings, diag.Errorf("bench.refused", "%s: %v", s.Title, err).In(m))
				continue
			}
			defer stop()
			subjects, owner = append(subjects, *sub), append(owner, m)
			layers = append(layers, func() []measure.Layer { return a.layerTimes(ctx, m, sub, f) })
		}
	}
	bar := newProgress(a.err, 1)
	res, errs, err := measure.Run(ctx, subjects, measure.Options{Seconds: f.seconds, Progress: func(x float64, what string) { bar.set(0, what, x) }})
	bar.end()
	if err != nil {
		return err
	}
	var rows []benchRow
	for i, r := range res {
		if errs[i] != nil {
			findings = append(findings, diag.Errorf("bench.failed", "%s: %v", subjects[i].Runtime.Title, errs[i]).In(owner[i]))
			continue
		}
		if f.layers {
			r.Layers = layers[i]()
		}
		rows = append(rows, benchRow{owner[i], *r})
	}
	if a.json {
		doc, err := envelope(rows)
		if err != nil {
			return err
		}
		if findings == nil {
			findings = diag.List{}
		}
		doc["findings"] = findings
		a.print(doc)
	} else {
		a.benchText(rows, findings)
	}
	if len(findings.Errors()) > 0 {
		return errFailed
	}
	return nil
}

// subject opens a model in a worker of its own, so that the peak memory is that
// of this model alone.
func (a *app) subject(ctx context.Context, model, name string, f *benchFlags) (*measure.Subject, func(), error) {
	r, stop, err := a.machine.Dedicated(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	ses, err := r.Open(ctx, runtimes.Model{Path: model, Format: formatOf(model)}, runtimes.Options{Threads: f.threads, Fast: f.fast})
	if err != nil {
		stop()
		return nil, nil, err
	}
	dims := map[string][]int{}
	for _, io := range ses.Inputs() {
		if len(io.Shape) > 0 && f.batch > 0 {
			if io.Shape[0] >= 0 && io.Shape[0] != f.batch {
				stop()
				return nil, nil, fmt.Errorf("input %q has a fixed batch of %d; convert with --batch %d first", io.Name, io.Shape[0], f.batch)
			}
			dims[io.Name] = []int{f.batch}
		}
	}
	in, err := verify.Samples(ses.Inputs(), 1, dims)
	if err != nil {
		stop()
		return nil, nil, err
	}
	batch := 1
	if len(in[0]) > 0 && in[0][0].Rank() > 1 {
		batch = in[0][0].Shape()[0]
	}
	return &measure.Subject{Name: model, Runtime: r.Info(), Session: ses, Inputs: in[0], Threads: f.threads, Batch: batch}, stop, nil
}

// layerTimes is nil where the runtime cannot tell.
func (a *app) layerTimes(ctx context.Context, model string, s *measure.Subject, f *benchFlags) []measure.Layer {
	r, err := a.machine.Get(s.Runtime.Name)
	if err != nil {
		return nil
	}
	l, err := measure.Trace(ctx, r, runtimes.Model{Path: model, Format: formatOf(model)}, runtimes.Options{Threads: f.threads, Fast: f.fast}, s.Inputs, nil)
	if err != nil {
		return nil
	}
	return l
}

func (a *app) benchText(rows []benchRow, findings diag.List) {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "model\truntime\tthreads\tload\tfirst\tp50\t95 % of p50\tp90\tp99\tthroughput\tpeak memory\truns")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s %s\t%d\t%s\t%s\t%s\t%s–%s\t%s\t%s\t%.1f/s\t%s\t%d\n", shorten(r.Model, 40), r.Runtime, r.Version, r.Threads,
			units.Milliseconds(r.LoadMS), units.Milliseconds(r.FirstMS), units.Milliseconds(r.P50MS), units.Milliseconds(r.CI95MS[0]), units.Milliseconds(r.CI95MS[1]),
			units.Milliseconds(r.P90MS), units.Milliseconds(r.P99MS), r.Throughput, units.Bytes(r.PeakRSS), r.Runs)
	}
	w.Flush()
	for _, r := range rows {
		for _, m := range r.Warnings {
			fmt.Fprintf(a.out, "note: %s on %s: %s\n", shorten(r.Model, 40), r.Runtime, m)
		}
	}
	for _, r := range rows {
		if len(r.Layers) == 0 {
			continue
		}
		fmt.Fprintf(a.out, "\nslowest layers of %s on %s\n", shorten(r.Model, 40), r.Runtime)
		w = tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		for _, l := range r.Layers[:min(10, len(r.Layers))] {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", units.Percent(l.Share), units.Milliseconds(l.MS), l.Layer, l.Type, strings.TrimSpace(l.Exec))
		}
		w.Flush()
	}
	for _, f := range findings {
		printFinding(a.out, f)
	}
}

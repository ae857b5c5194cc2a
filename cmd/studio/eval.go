package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"slipway/conversion/diag"
	"slipway/profiler/accuracy"
	"slipway/project"
	"slipway/runtimes"
	"slipway/runtimes/task"
	"slipway/units"
)

func (a *app) evalCmd() *cobra.Command {
	f := &runFlags{}
	var dataset string
	var top []int
	var limit int
	c := &cobra.Command{
		Use: "eval MODEL... --dataset DIR", Short: "Accuracy on labelled pictures, and agreement with the first model",
		Args: atLeast(1, "eval needs a model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if dataset == "" {
				return usagef("eval needs --dataset DIR")
			}
			return a.eval(cmd.Context(), args, dataset, limit, f)
		},
	}
	c.Flags().StringVar(&dataset, "dataset", "", "`DIR` with a folder a class, or with pictures and a labels file")
	c.Flags().IntSliceVar(&top, "top", []int{1, 5}, "`RANKS` to count as right (1 and 5 are always reported)")
	c.Flags().IntVar(&limit, "limit", 0, "use at most `NUMBER` pictures, evenly spread (default: all)")
	c.Flags().StringVar(&f.task, "task", "", "task `FILE` (default: the one beside the first model)")
	c.Flags().StringVar(&f.labels, "labels", "", "`FILE` with a class name a line")
	c.Flags().StringSliceVar(&f.runtimes, "runtime", nil, "`RUNTIME,...` to compute on (default: each model's own)")
	return c
}

func (a *app) eval(ctx context.Context, models []string, dataset string, limit int, f *runFlags) error {
	var subjects []accuracy.Subject
	var on []string
	for _, m := range models {
		o, err := a.open(ctx, m, f.runtimes, runtimes.Options{})
		if err != nil {
			return err
		}
		defer o.ses.Close()
		subjects, on = append(subjects, accuracy.Subject{Name: m, Session: o.ses}), append(on, o.runtime.Name)
	}
	t, err := a.taskOf(models[0], f.task, f.labels, subjects[0].Session)
	if err != nil {
		return err
	}
	d, err := task.OpenDataset(dataset, t)
	if err != nil {
		return err
	}
	bar := newProgress(a.err, 1)
	res, findings, err := accuracy.Run(ctx, t, subjects, project.Spread(d.Samples, limit), func(done, all int) {
		bar.set(0, fmt.Sprintf("%d of %d pictures", done, all), float64(done)/float64(all))
	})
	bar.end()
	if err != nil {
		return err
	}
	findings = append(d.Findings, findings...)
	type row struct {
		accuracy.Result
		Runtime string `json:"runtime"`
	}
	var rows []row
	for i, r := range res {
		rows = append(rows, row{*r, on[i]})
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
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "model\truntime\tpictures\ttop-1\t95 %\ttop-5\tagreement\tSQNR")
	for _, r := range rows {
		sqnr := "–"
		if r.SQNR != nil {
			sqnr = fmt.Sprintf("%.1f dB", *r.SQNR)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", shorten(r.Model, 40), r.Runtime, r.Images, units.Percent(r.Top1),
			strings.Join([]string{units.Percent(r.CI95[0]), units.Percent(r.CI95[1])}, "–"), units.Percent(r.Top5), units.Percent(r.Agreement), sqnr)
	}
	w.Flush()
	for _, f := range findings {
		printFinding(a.out, f)
	}
	return nil
}

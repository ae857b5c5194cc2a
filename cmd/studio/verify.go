package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"slipway/conversion/source"
	"slipway/profiler/verify"
	"slipway/project/local"
	"slipway/project/pipeline"
	"slipway/runtimes/task"
)

func (a *app) verifyCmd() *cobra.Command {
	q := pipeline.VerifyRequest{}
	var images, taskFile string
	c := &cobra.Command{
		Use: "verify MODEL ARTEFACT...", Short: "Compare artefacts with the model they were made from, down to the first layer that differs",
		Args: atLeast(2, "verify needs a model and at least one artefact"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if q.Pictures, err = picturesIn(images, 16); err != nil {
				return usageError{err}
			}
			if taskFile != "" {
				if q.Task, err = task.Load(taskFile); err != nil {
					return usageError{err}
				}
			} else {
				q.Task = a.taskFor(cmd.Context(), args[0])
			}
			return a.verify(cmd.Context(), args[0], args[1:], q)
		},
	}
	c.Flags().IntVar(&q.Samples, "samples", 4, "`NUMBER` of random inputs to compare on")
	c.Flags().StringVar(&images, "images", "", "`DIR` of pictures to compare on as well")
	c.Flags().StringVar(&taskFile, "task", "", "task `FILE` that says how pictures become inputs")
	c.Flags().StringVar(&q.Precision, "precision", "fp32", "number `FORMAT` of the artefacts, which chooses the tolerance: fp32, fp16 or int8")
	return c
}

func (a *app) verify(ctx context.Context, model string, artefacts []string, q pipeline.VerifyRequest) error {
	m, err := local.Open(ctx, model, source.Options{KeepUnknown: true})
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }() // only releases the map
	type row struct {
		Model    string `json:"model"`
		Artefact string `json:"artefact"`
		*verify.Verdict
	}
	var rows []row
	failed := false
	for _, art := range artefacts {
		q.Model, q.Artefact, q.Target, q.Graph = model, art, formatOf(art), m.Graph
		v, err := a.machine.Pipeline().Verify(ctx, q)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			v = verify.NotRunVerdict("", err.Error())
		}
		failed = failed || v.Verdict == verify.Mismatch || v.Verdict == verify.NotRun
		rows = append(rows, row{model, art, v})
	}
	if a.json {
		doc, err := envelope(rows)
		if err != nil {
			return err
		}
		a.print(doc)
	} else {
		for _, r := range rows {
			fmt.Fprintf(a.out, "%s: %s", r.Artefact, r.Verdict.Verdict)
			if r.Runtime != "" {
				fmt.Fprintf(a.out, " on %s %s against %s (%d samples, largest error %.2g of the range, cosine %.6f)", r.Runtime, r.Version, r.Reference, r.Samples, r.MaxRel, r.Cosine)
			}
			fmt.Fprintln(a.out)
			if r.Why != "" {
				fmt.Fprintf(a.out, "  %s\n", r.Why)
			}
			if r.FirstLayer != "" {
				fmt.Fprintf(a.out, "  first layer that differs: %s\n", r.FirstLayer)
			}
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

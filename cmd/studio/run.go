package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
	"slipway/profiler/verify"
	"slipway/runtimes"
	"slipway/runtimes/task"
	"slipway/units"
)

// runFlags choose how pictures become inputs and what runs them.
type runFlags struct {
	task, labels string
	runtimes     []string
	top          int
}

func (a *app) runCmd() *cobra.Command {
	f := &runFlags{}
	c := &cobra.Command{
		Use: "run MODEL IMAGE...", Short: "Predictions for pictures",
		Args: atLeast(2, "run needs a model and at least one picture"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.predict(cmd.Context(), args[0], args[1:], f) },
	}
	c.Flags().StringVar(&f.task, "task", "", "`TASK`: classify, detect, embed, or a task file (default: NAME.task.yaml beside the model)")
	c.Flags().StringVar(&f.labels, "labels", "", "`FILE` with a class name a line")
	c.Flags().StringSliceVar(&f.runtimes, "runtime", nil, "`RUNTIME,...` to compute on (default: the model's own)")
	c.Flags().IntVar(&f.top, "top", 5, "`NUMBER` of predictions to print")
	return c
}

// prediction is one row of run; its JSON is part of the contract.
type prediction struct {
	Model       string            `json:"model"`
	Image       string            `json:"image"`
	Task        task.Kind         `json:"task"`
	Runtime     string            `json:"runtime"`
	Predictions []task.Prediction `json:"predictions"`
	Embedding   []float32         `json:"embedding,omitempty"`
	Findings    diag.List         `json:"findings,omitempty"`
}

func (a *app) predict(ctx context.Context, model string, images []string, f *runFlags) error {
	m, err := a.open(ctx, model, f.runtimes, runtimes.Options{})
	if err != nil {
		return err
	}
	defer m.ses.Close()
	t, err := a.taskOf(model, f.task, f.labels, m.ses)
	if err != nil {
		return err
	}
	if t.Kind == task.Generic || t.Kind == "" {
		return diag.Errorf("task.generic", "nothing says how a picture becomes this model's input").In(model).
			Suggest("name a task file with --task")
	}
	failed := false
	var rows []prediction
	for _, img := range images {
		p := prediction{Model: model, Image: img, Task: t.Kind, Runtime: m.runtime.Name, Predictions: []task.Prediction{}}
		if err := p.fill(ctx, t, m.ses, f.top); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p.Findings = diag.FromError("run.failed", err)
			failed = true
		}
		rows = append(rows, p)
	}
	if a.json {
		doc, err := envelope(rows)
		if err != nil {
			return err
		}
		a.print(doc)
	} else {
		a.predictText(rows)
	}
	if failed {
		return errFailed
	}
	return nil
}

func (p *prediction) fill(ctx context.Context, t *task.Task, ses runtimes.Session, top int) error {
	img, err := task.DecodeFile(p.Image)
	if err != nil {
		return err
	}
	x, geo, err := t.Prepare(img)
	if err != nil {
		return err
	}
	in, err := verify.Fit([]*tensor.Tensor{x}, ses.Inputs())
	if err != nil {
		return err
	}
	out, err := ses.Run(ctx, in)
	if err != nil {
		return err
	}
	if t.Kind == task.Embed {
		if len(out) == 0 {
			return fmt.Errorf("the model has no output")
		}
		p.Embedding = out[0].Float32s()
		return nil
	}
	pred, err := t.Predict(out, geo, top)
	if pred != nil {
		p.Predictions = pred
	}
	return err
}

func (a *app) predictText(rows []prediction) {
	for _, r := range rows {
		fmt.Fprintf(a.out, "%s (%s)\n", r.Image, r.Runtime)
		for _, p := range r.Predictions {
			fmt.Fprintf(a.out, "  %6s  %s", units.Percent(p.Score), p.Label)
			if p.Box != nil {
				fmt.Fprintf(a.out, "  [%.0f %.0f %.0f %.0f]", p.Box[0], p.Box[1], p.Box[2], p.Box[3])
			}
			fmt.Fprintln(a.out)
		}
		if r.Embedding != nil {
			fmt.Fprintf(a.out, "  %d numbers: %.4g …\n", len(r.Embedding), r.Embedding[:min(4, len(r.Embedding))])
		}
		for _, f := range r.Findings {
			printFinding(a.out, f)
		}
	}
}

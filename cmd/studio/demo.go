package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"slipway/assets"
	"slipway/conversion/diag"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/atomicfile"
	"slipway/project/jobs"
	"slipway/project/store"
	"slipway/units"
)

// demoBenchSeconds is short: the demo shows the road, it does not compare
// machines.
const demoBenchSeconds = 0.6

func (a *app) demoCmd() *cobra.Command {
	out := "slipway-demo"
	noWindow := false
	c := &cobra.Command{
		Use: "demo", Short: "The main job on the bundled sample: open, optimise, convert, verify, measure, report",
		Args: exactly(0, "demo takes no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.demo(cmd.Context(), out)
			if dir != "" && hasWindow() && !noWindow && cmd.Context().Err() == nil {
				err = errors.Join(err, a.window(cmd.Context(), []string{dir}))
			}
			return err
		},
	}
	c.Flags().StringVar(&out, "out", out, "`DIR` for the sample, the project and the report")
	c.Flags().BoolVar(&noWindow, "no-window", false, "do not open the window afterwards")
	return c
}

// demonstration is one run of the demo.
type demonstration struct {
	app    *app
	studio *project.Studio
	out    string // folder
	photos string // labelled pictures
	bar    *progress
	report demoReport
}

// demoReport is the document that demo --json prints.
type demoReport struct {
	Studio   string                  `json:"studio"`
	OK       bool                    `json:"ok"`
	Model    string                  `json:"model"`
	Project  string                  `json:"project"`
	Report   string                  `json:"report"`
	Seconds  float64                 `json:"seconds"`
	Steps    []demoStep              `json:"steps"`
	Variants []demoVariant           `json:"variants"`
	Runtimes []project.RuntimeStatus `json:"runtimes"`
	Findings diag.List               `json:"findings"`
}

type demoStep struct {
	Name    string  `json:"name"`
	OK      bool    `json:"ok"`
	Seconds float64 `json:"seconds"`
	Result  string  `json:"result"`
}

type demoVariant struct {
	Title   string          `json:"title"`
	Target  string          `json:"target"`
	Bytes   int64           `json:"bytes"`
	Verify  *verify.Verdict `json:"verify,omitempty"`
	Runtime string          `json:"runtime,omitempty"`
	P50MS   float64         `json:"p50_ms,omitempty"`
	P99MS   float64         `json:"p99_ms,omitempty"`
	PeakRSS int64           `json:"peak_rss_bytes,omitempty"`
	Top1    *float64        `json:"top1,omitempty"`
	Agree   *float64        `json:"agreement,omitempty"`
}

// demo does the whole job and returns the project folder, "" where it was not
// even made.
func (a *app) demo(ctx context.Context, out string) (dir string, err error) {
	start := time.Now()
	if out, err = filepath.Abs(out); err != nil {
		return "", usageError{err}
	}
	sample := filepath.Join(out, "sample")
	model, err := assets.Unpack(sample)
	if err != nil {
		if f := atomicfile.Unwritten("demo.unpack", "the sample", out, err); f != nil {
			return "", f
		}
		return "", diag.Errorf("demo.unpack", "%v", err).In(out).Suggest("choose another folder with --out")
	}
	d := &demonstration{
		app: a, out: out, photos: filepath.Join(sample, assets.SamplePhotos),
		studio: a.machine.Studio(version, out), bar: newProgress(a.err, 1),
		report: demoReport{
			Studio: version, Model: model, Findings: diag.List{}, Steps: []demoStep{}, Variants: []demoVariant{},
			Project: filepath.Join(out, "efficientnet-lite0"+store.Extension), Report: filepath.Join(out, "report.html"),
		},
	}
	defer d.studio.Close()
	d.studio.Jobs().Listen(func(j jobs.Status) {
		if j.State == jobs.Running {
			d.bar.set(0, j.Title+": "+j.Stage, j.Fraction)
		}
	})
	d.report.OK = true
	for _, s := range []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"open", d.open},
		{"runtimes", d.runtimes},
		{"convert to fp32", d.convertFloat},
		{"convert to int8", d.convertInt8},
		{"prune and convert", d.convertPruned},
		{"test pictures", d.testPictures},
		{"measure", d.measure},
		{"evaluate", d.evaluate},
		{"report", d.writeReport},
	} {
		if err := d.step(ctx, s.name, s.run); err != nil {
			return "", err
		}
		if s.name == "open" && !d.report.OK {
			break // the rest needs the model
		}
	}
	d.report.Seconds = time.Since(start).Seconds()
	d.variants()
	if a.json {
		a.print(d.report)
	} else {
		d.text()
	}
	if d.studio.Dir() != "" {
		dir = d.report.Project
	}
	if !d.report.OK {
		return dir, errFailed
	}
	return dir, nil
}

// step runs one part and notes how it went; only an interruption is an error.
func (d *demonstration) step(ctx context.Context, name string, run func(context.Context) (string, error)) error {
	start := time.Now()
	result, err := run(ctx)
	d.bar.end()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s := demoStep{Name: name, OK: err == nil, Seconds: time.Since(start).Seconds(), Result: result}
	if err != nil {
		d.report.OK = false
		d.report.Findings = append(d.report.Findings, diag.FromError("demo.failed", err)...)
		if s.Result == "" {
			s.Result = firstLine(err.Error())
		}
	}
	d.report.Steps = append(d.report.Steps, s)
	if !d.app.json {
		state := "ok    "
		if err != nil {
			state = "FAILED"
		}
		fmt.Fprintf(d.app.out, "%s  %-18s %7s  %s\n", state, name, units.Milliseconds(s.Seconds*1e3), s.Result)
	}
	return nil
}

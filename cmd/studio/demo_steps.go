package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"slipway/assets"
	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/runtimes/task"
	"slipway/units"
)

func (d *demonstration) open(ctx context.Context) (string, error) {
	if err := d.studio.OpenModel(ctx, d.report.Model, d.report.Project); err != nil {
		return "", err
	}
	if f := d.studio.Unkept(); f != nil {
		why := *f
		why.Severity = diag.Error // the project is what the demonstration leaves
		return "", errors.Join(&why, d.studio.CloseModel())
	}
	s := d.studio.Model().Summary
	return fmt.Sprintf("%s: %s parameters, %s multiply-accumulates, %d layers", filepath.Base(d.report.Model), units.Count(s.Params), units.Count(s.MACs), len(s.Layers)), nil
}

// runtimes looks for them; one that is missing is said, with what is lost.
func (d *demonstration) runtimes(ctx context.Context) (string, error) {
	d.report.Runtimes = d.studio.LookAtRuntimes(ctx)
	text := ""
	for _, r := range d.report.Runtimes {
		if !r.OK {
			d.report.Findings = append(d.report.Findings, diag.Infof("runtime.missing", "%s is not available: %s; without it: %s", r.Title, firstLine(r.Reason), r.Loses).Suggest("%s", r.Cure))
			continue
		}
		if text != "" {
			text += ", "
		}
		text += r.Title
		if r.Version != "" {
			text += " " + r.Version
		}
	}
	return text, nil
}

func (d *demonstration) convertFloat(ctx context.Context) (string, error) {
	return d.convert(ctx, plan.Default(), nil)
}

func (d *demonstration) convertInt8(ctx context.Context) (string, error) {
	r := plan.Default()
	r.Precision = "int8"
	r.Quantize.Calibration = d.photos
	return d.convert(ctx, r, nil)
}

func (d *demonstration) convertPruned(ctx context.Context) (string, error) {
	r := plan.Default()
	r.Prune.Method, r.Prune.Ratio = "magnitude", 0.3
	return d.convert(ctx, r, []string{"onnx"})
}

// convert sets the recipe and makes it for the targets, all where none is
// named.
func (d *demonstration) convert(ctx context.Context, r plan.Recipe, targets []string) (string, error) {
	if err := d.studio.SetRecipe(r); err != nil {
		return "", err
	}
	if targets == nil {
		for _, t := range d.studio.Targets() {
			if slices.Contains(t.Info.Precisions, r.Precision) {
				targets = append(targets, t.Info.Name)
			}
		}
	}
	ids, err := d.studio.Convert(targets)
	if err != nil {
		return "", err
	}
	var failed diag.List
	for _, id := range ids {
		st, err := d.studio.Jobs().Wait(ctx, id)
		if err != nil {
			return "", err
		}
		failed = append(failed, d.judge(st)...)
	}
	text := ""
	for _, v := range d.studio.Variants() {
		y, want := v.Recipe, r
		if v.ID == 0 || !slices.Contains(targets, v.Target) || y.Key() != want.Key() || v.Result == nil {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += v.Target + " " + v.Result.Verify.Verdict
	}
	return text, failed.Err()
}

// judge keeps a job's findings and returns those that mean that it failed.
func (d *demonstration) judge(st jobs.Status) diag.List {
	if st.State == jobs.Done {
		d.report.Findings = append(d.report.Findings, st.Findings...)
		return nil
	}
	failed := st.Findings.Errors()
	if len(failed) == 0 {
		failed = diag.List{diag.Errorf("demo.job", "%s: %s", st.Title, st.State)}
	}
	return failed
}

func (d *demonstration) testPictures(ctx context.Context) (string, error) {
	paths, err := pictures(d.photos, filepath.Join(filepath.Dir(d.photos), assets.SampleUnlabelled))
	if err != nil {
		return "", err
	}
	id, err := d.studio.TestPictures(paths)
	if err != nil {
		return "", err
	}
	st, err := d.studio.Jobs().Wait(ctx, id)
	if err != nil {
		return "", err
	}
	failed := d.judge(st)
	answers, same, all := 0, 0, 0
	for _, p := range d.studio.Pictures() {
		if p.Err != nil {
			failed = append(failed, diag.FromError("demo.picture", p.Err)...)
		}
		first := ""
		for _, c := range p.Cells {
			switch {
			case c.Err != nil:
				if d.has(c.Runtime) {
					failed = append(failed, diag.FromError("demo.prediction", c.Err)...)
				}
				continue
			case len(c.Predictions) == 0:
				continue
			case c.Variant == 0:
				first = c.Predictions[0].Label
			default:
				all++
				if c.Predictions[0].Label == first {
					same++
				}
			}
			answers++
		}
	}
	return fmt.Sprintf("%d pictures, %d answers; %d of %d artefacts' answers are the source's", len(paths), answers, same, all), failed.Err()
}

// pictures lists all pictures below the folders.
func pictures(dirs ...string) ([]string, error) {
	var out []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && task.IsPicture(p) {
				out = append(out, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// has reports whether a runtime works here.
func (d *demonstration) has(name string) bool {
	return slices.ContainsFunc(d.report.Runtimes, func(r project.RuntimeStatus) bool { return r.Name == name && r.OK })
}

// checkable lists the variants that some runtime found here can run.
func (d *demonstration) checkable() []*project.Variant {
	var out []*project.Variant
	for _, v := range d.studio.Variants() {
		format := v.Target
		if v.ID == 0 {
			format = "onnx"
		}
		runs := slices.ContainsFunc(d.report.Runtimes, func(r project.RuntimeStatus) bool { return r.OK && slices.Contains(r.Formats, format) })
		if v.Usable() && runs {
			out = append(out, v)
		}
	}
	return out
}

func (d *demonstration) measure(ctx context.Context) (string, error) {
	o := project.BenchOptions{Seconds: demoBenchSeconds}
	measurable := slices.DeleteFunc(d.checkable(), func(v *project.Variant) bool { return !d.studio.Measurable(v) })
	for _, v := range measurable {
		o.Variants = append(o.Variants, v.ID)
	}
	id, err := d.studio.Bench(o)
	if err != nil {
		return "", err
	}
	st, err := d.studio.Jobs().Wait(ctx, id)
	if err != nil {
		return "", err
	}
	failed := d.judge(st)
	rows := d.studio.BenchRows()
	for _, v := range measurable {
		if !slices.ContainsFunc(rows, func(b project.BenchRow) bool { return b.Variant == v.ID }) {
			failed = append(failed, diag.Errorf("demo.not-measured", "%s could not be measured on any runtime", v.Title))
		}
	}
	return fmt.Sprintf("%d variants on the runtimes that open them, %d rows", len(o.Variants), len(rows)), failed.Err()
}

func (d *demonstration) evaluate(ctx context.Context) (string, error) {
	o := project.EvalOptions{Dataset: d.photos}
	for _, v := range d.checkable() {
		o.Variants = append(o.Variants, v.ID)
	}
	id, err := d.studio.Eval(o)
	if err != nil {
		return "", err
	}
	st, err := d.studio.Jobs().Wait(ctx, id)
	if err != nil {
		return "", err
	}
	failed := d.judge(st)
	rows := d.studio.EvalRows()
	text := ""
	for _, v := range d.checkable() {
		i := slices.IndexFunc(rows, func(e project.EvalRow) bool { return e.Variant == v.ID })
		if i < 0 {
			failed = append(failed, diag.Errorf("demo.not-scored", "%s could not be scored", v.Title))
		} else if v.ID == 0 {
			text = fmt.Sprintf("the source is right on %d of %d labelled pictures", rows[i].Correct, rows[i].Images)
		}
	}
	return text, failed.Err()
}

func (d *demonstration) writeReport(ctx context.Context) (string, error) {
	if err := d.studio.WriteReport(ctx, d.report.Report); err != nil {
		return "", err
	}
	return d.report.Report, nil
}

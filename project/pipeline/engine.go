package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/runtimes"
)

// Builder builds the engine that a build file asks for, in its folder, and
// returns the files that it made. earlier is the note of an engine that stands
// in the place of the new one, "" where there is none; why says what made that
// useless here.
type Builder func(ctx context.Context, build, earlier string, progress func(share float64, stage string)) (files []string, why string, err error)

// engine builds a TensorRT engine where the library and a GPU are there. Without
// them the artefact stays as it is, with the finding that says so; a refusal is
// a warning, as the model itself is whole.
func (e *Env) engine(ctx context.Context, q Request, res *Result, progress func(plan.Event)) error {
	if e.Engine == nil || !res.OK {
		return nil
	}
	build := ""
	for _, a := range res.Artefacts {
		if strings.HasSuffix(a.Path, ".build.json") {
			build = within(q.Private, a.Path)
		}
	}
	if build == "" {
		return nil
	}
	files, why, err := e.Engine(ctx, build, q.Earlier, func(share float64, stage string) {
		progress(plan.Event{Stage: "engine", Fraction: 0.9 + share/10, Text: stage})
	})
	var absent *runtimes.NotAvailableError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &absent):
		return nil
	case err != nil:
		res.Findings = append(res.Findings, diag.Warnf("tensorrt.engine", "no engine was built: %v", err).
			Suggest("the model and its build file are whole: change the flags there, or build it elsewhere"))
		return nil
	}
	if why != "" {
		res.Findings = append(res.Findings, diag.Infof("tensorrt.rebuilt", "the engine was built again: %s", why))
	}
	for _, f := range files {
		st, err := os.Stat(filepath.Join(q.Private, f))
		if err != nil {
			return err
		}
		sum, err := HashFile(filepath.Join(q.Private, f))
		if err != nil {
			return err
		}
		res.Artefacts = append(res.Artefacts, plan.Artefact{Path: f, Bytes: st.Size(), SHA256: sum})
	}
	keep := res.Findings[:0]
	for _, f := range res.Findings {
		if f.Code != "tensorrt.not-built" {
			keep = append(keep, f)
		}
	}
	res.Findings = append(keep, diag.Infof("tensorrt.built", "the engine was built here; its numbers are those of ONNX Runtime's check, it was not run"))
	return nil
}

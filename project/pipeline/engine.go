package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/runtimes"
	"slipway/runtimes/tensorrt"
)

// Builder builds the engine that a build file asks for, in its folder. earlier is
// the build file of an engine that stands in the place of the new one, "" where
// there is none.
type Builder func(ctx context.Context, build, earlier string, progress func(share float64, stage string)) (*Built, error)

// Built is an engine that was built or taken over.
type Built struct {
	Files  []string `json:"files"`            // in the build file's folder, made or changed
	Why    string   `json:"why,omitempty"`    // what made an earlier engine useless here
	Reused bool     `json:"reused,omitempty"` // the earlier engine was taken over
}

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
	b, err := e.Engine(ctx, build, q.Earlier, func(share float64, stage string) {
		progress(plan.Event{Stage: "engine", Fraction: 0.9 + share/10, Text: stage})
	})
	var absent *runtimes.NotAvailableError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &absent):
		for _, f := range res.Findings {
			if f.Code == "tensorrt.not-built" {
				f.Text += "; " + absent.Reason
			}
		}
		return standing(q, res, build)
	case err != nil:
		res.Findings = append(res.Findings, diag.Warnf("tensorrt.engine", "no engine was built: %v", err).
			Suggest("the model and its build file are whole: change the flags there, or build it elsewhere"))
		return nil
	}
	if b.Why != "" {
		res.Findings = append(res.Findings, diag.Infof("tensorrt.rebuilt", "the engine was built again: %s", b.Why))
	}
	for _, f := range b.Files {
		if err := renew(q, res, f); err != nil {
			return err
		}
	}
	did := "built here"
	if b.Reused {
		did = "taken over from before, as model, GPU and version are the same"
	}
	res.Findings = slices.DeleteFunc(res.Findings, func(f *diag.Finding) bool { return f.Code == "tensorrt.not-built" })
	res.Findings = append(res.Findings, diag.Infof("tensorrt.built", "the engine was %s; its numbers are those of ONNX Runtime's check, it was not run", did))
	return nil
}

// renew notes the file f of an artefact, which was made or has changed.
func renew(q Request, res *Result, f string) error {
	st, err := os.Stat(filepath.Join(q.Private, f))
	if err != nil {
		return err
	}
	sum, err := HashFile(filepath.Join(q.Private, f))
	if err != nil {
		return err
	}
	made := plan.Artefact{Path: f, Bytes: st.Size(), SHA256: sum}
	if i := slices.IndexFunc(res.Artefacts, func(a plan.Artefact) bool { return a.Path == f }); i >= 0 {
		res.Artefacts[i] = made
	} else {
		res.Artefacts = append(res.Artefacts, made)
	}
	return nil
}

// standing tells of an engine that stands beside the new model and that nothing
// here can build again.
func standing(q Request, res *Result, build string) error {
	left, err := tensorrt.Standing(build, q.Earlier)
	if left == nil || err != nil {
		return err
	}
	if err := renew(q, res, filepath.Base(build)); err != nil {
		return err
	}
	made := fmt.Sprintf("%s was built for %s (compute capability %s) by TensorRT %s", left.File, left.Name, left.Compute, left.TensorRT)
	if left.Why != "" {
		res.Findings = append(res.Findings, diag.Warnf("tensorrt.stale-engine", "%s; it is of no use for the new model: %s", made, left.Why).
			Suggest("build it again on that machine: convert there, or trtexec with the flags of %s; until then delete it", filepath.Base(build)))
		return nil
	}
	res.Findings = append(res.Findings, diag.Infof("tensorrt.engine-kept", "%s and still fits the model, on that GPU and version alone", made).
		Suggest("for another GPU or version build it there: trtexec with the flags of %s", filepath.Base(build)))
	return nil
}

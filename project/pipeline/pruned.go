package pipeline

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/runtimes"
)

// pruned reports whether the recipe changes the model's function on purpose, so
// that no artefact of it can match the source.
func pruned(r *plan.Recipe) bool { return r.Prune.Method != "" && r.Prune.Method != "none" }

// changed reports whether the artefact has other weights than the source on
// purpose.
func changed(r *plan.Recipe, target string) bool { return pruned(r) || r.Compresses(target) }

// againstPruned makes the source with the same weights set to zero or stored in
// few bits, in single precision, the side that the artefact is compared with:
// that tells a wrong conversion from the change that was asked for. How far the
// change itself moved the outputs is a finding. That source is written into dir.
func (e *Env) againstPruned(ctx context.Context, dir string, q Request, res *Result, c *verify.Config) error {
	r := q.Recipe.Clone()
	r.Precision, r.Layout = "fp32", "source"
	rep, err := e.Convert(ctx, plan.Request{Model: q.Model, Name: "pruned", Target: "onnx", Recipe: r, Dir: dir, As: q.Target}, q.Task, nil)
	if err != nil {
		return err
	}
	if !rep.OK || len(rep.Artefacts) == 0 {
		return fmt.Errorf("the changed source could not be written: %w", rep.Findings.Err())
	}
	source := c.Source
	c.Source.Model = runtimes.Model{Path: filepath.Join(dir, rep.Artefacts[0].Path)}
	moved, err := verify.Run(ctx, verify.Config{Source: source, Artefact: c.Source, Precision: "fp32", Samples: c.Samples})
	if err != nil {
		return err
	}
	res.Findings = append(res.Findings, movedBy(&q.Recipe, moved))
	if q.Target == "onnx" && r.Precision == q.Recipe.Precision {
		// The same file on the same runtime would prove nothing.
		if c.Source.Runtime, err = e.Runtime("reference"); err != nil {
			return err
		}
	}
	tensors := map[string]string{}
	for _, l := range rep.Layers {
		tensors[l.Name] = l.Artefact
	}
	layers := c.Layers
	c.Layers = nil
	for _, l := range layers {
		if t := tensors[l.Name]; t != "" {
			c.Layers = append(c.Layers, verify.Layer{Name: l.Name, Source: t, Artefact: l.Artefact})
		}
	}
	return nil
}

// farCosine is the similarity below which pruning changed the outputs so much
// that a person should know before reading on.
const farCosine = 0.99

func movedBy(r *plan.Recipe, v *verify.Verdict) *diag.Finding {
	code, what, cure := "prune.changed", "pruning itself", "measure the accuracy; a smaller ratio, or a ratio for each layer, keeps more of it"
	if !pruned(r) {
		code, what, cure = "compress.changed", "storing the weights in fewer bits", "measure the accuracy; more bits, smaller blocks, or layers that stay in float keep more of it"
	}
	const text = "%s changes the outputs: largest difference %.3g of their range, cosine %.4f, signal to noise %.1f dB against the source on %d samples"
	db := math.Inf(1)
	if v.SQNR != nil {
		db = *v.SQNR
	}
	if v.Cosine >= farCosine {
		return diag.Infof(code, text, what, v.MaxRel, v.Cosine, db, v.Samples)
	}
	return diag.Warnf(code, text, what, v.MaxRel, v.Cosine, db, v.Samples).Suggest("%s", cure)
}

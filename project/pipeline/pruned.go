package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/runtimes"
)

// pruned reports whether the recipe changes the model's function on purpose, so
// that no artefact of it can match the source.
func pruned(r *plan.Recipe) bool { return r.Prune.Method != "" && r.Prune.Method != "none" }

// againstPruned makes the source with the same weights set to zero, in single
// precision, the side that the artefact is compared with: that tells a wrong
// conversion from the pruning that was asked for. How far pruning itself moved
// the outputs is a finding. remove deletes what was written.
func (e *Env) againstPruned(ctx context.Context, q Request, res *Result, c *verify.Config) (remove func(), err error) {
	dir, err := os.MkdirTemp("", "studio-pruned-")
	if err != nil {
		return nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			remove()
		}
	}()
	r := q.Recipe.Clone()
	r.Precision, r.Layout = "fp32", "source"
	rep, err := e.Convert(ctx, plan.Request{Model: q.Model, Name: "pruned", Target: "onnx", Recipe: r, Dir: dir}, q.Task, nil)
	if err != nil {
		return nil, err
	}
	if !rep.OK || len(rep.Artefacts) == 0 {
		return nil, fmt.Errorf("the pruned source could not be written: %w", rep.Findings.Err())
	}
	source := c.Source
	c.Source.Model = runtimes.Model{Path: filepath.Join(dir, rep.Artefacts[0].Path)}
	moved, err := verify.Run(ctx, verify.Config{Source: source, Artefact: c.Source, Precision: "fp32", Samples: c.Samples})
	if err != nil {
		return nil, err
	}
	res.Findings = append(res.Findings, movedBy(moved))
	if q.Target == "onnx" && r.Precision == q.Recipe.Precision {
		// The same file on the same runtime would prove nothing.
		if c.Source.Runtime, err = e.Runtime("reference"); err != nil {
			return nil, err
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
	return remove, nil
}

// farCosine is the similarity below which pruning changed the outputs so much
// that a person should know before reading on.
const farCosine = 0.99

func movedBy(v *verify.Verdict) *diag.Finding {
	const text = "pruning itself changes the outputs: largest difference %.3g of their range, cosine %.4f against the source on %d samples"
	if v.Cosine >= farCosine {
		return diag.Infof("prune.changed", text, v.MaxRel, v.Cosine, v.Samples)
	}
	return diag.Warnf("prune.changed", text, v.MaxRel, v.Cosine, v.Samples).
		Suggest("measure the accuracy; a smaller ratio, or a ratio for each layer, keeps more of it")
}

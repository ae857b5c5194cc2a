package plan

import (
	"context"
	"fmt"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/pass/prune"
	"slipway/conversion/pass/quantize"
)

// Calibrator measures ranges for static quantization: it runs graphs, and makes
// inputs of what the user gave as calibration data.
type Calibrator interface {
	quantize.Runner
	// Inputs yields at most limit inputs for g made of the pictures or tensors in
	// folder.
	Inputs(ctx context.Context, g *ir.Graph, folder string, limit int) (quantize.Batches, error)
	// Random yields n inputs for g of random numbers, the same every time, of the kind
	// that the result is verified on where there are no others.
	Random(g *ir.Graph, n int) (quantize.Batches, error)
}

func (r *run) prune() error {
	p := r.Recipe.Prune
	switch p.Method {
	case "", "none":
		return nil
	case "2:4":
		return r.pass(prune.Structured, &prune.NofM{Keep: 2, Group: 4})
	}
	o := p.Options
	return r.pass(prune.Magnitude, &o)
}

// weightsAlone lists the targets that hold 8-bit weights and compute in floats.
var weightsAlone = map[string]bool{"coreml": true}

func (r *run) quantize() error {
	if r.Recipe.Precision != "int8" {
		return nil
	}
	if r.compressed() {
		return nil
	}
	q := r.Recipe.Quantize
	if weightsAlone[r.Request.Target] && q.Scheme != "weight-only" {
		r.report.Findings = append(r.report.Findings, diag.Infof("quantize.weight-only", "%s quantizes weights alone: scheme %q is taken as weight-only, and nothing is calibrated", r.target.Info().Title, q.Scheme))
		q.Scheme = "weight-only"
	}
	switch q.Scheme {
	case "dynamic", "weight-only":
		o := quantize.WeightDefaults(r.Request.Target)
		o.KeepFloat = q.KeepFloat
		p := quantize.WeightOnly
		if q.Scheme == "dynamic" {
			p = quantize.Dynamic
		}
		return r.pass(p, o)
	}
	profile := quantize.Profiles[r.Request.Target]
	if profile == nil {
		return diag.Errorf("quantize.target", "static quantization for %s is not known", r.target.Info().Title)
	}
	o := q.Options
	o.Profile = profile
	chosen, err := r.calibrate(&o)
	if err != nil {
		return err
	}
	return r.pass(quantize.Static, chosen)
}

// calibrate returns o with its measurements and, where it left that open, its
// method.
func (r *run) calibrate(o *quantize.Options) (*quantize.Options, error) {
	q := r.Recipe.Quantize
	if r.Env.Calibrate == nil {
		return nil, diag.Errorf("quantize.no-runtime", "there is nothing to run the model with for calibration").
			Suggest("install ONNX Runtime: studio runtimes install onnxruntime")
	}
	limit := max(q.Images, 1)
	var batches quantize.Batches
	if f := r.Recipe.Uncalibrated(r.Request.Target); f != nil {
		limit = randomInputs
		r.report.Findings = append(r.report.Findings, f)
		var err error
		if batches, err = r.Env.Calibrate.Random(r.graph, limit); err != nil {
			return nil, err
		}
	} else {
		var err error
		if batches, err = r.Env.Calibrate.Inputs(r.ctx, r.graph, q.Calibration, limit); err != nil {
			return nil, err
		}
	}
	progress := func(done int) {
		r.progress(Event{"calibrate", 0.2 + 0.45*min(1, float64(done)/float64(limit)), fmt.Sprintf("calibration input %d", done)})
	}
	chosen, err := o, error(nil)
	if o.Method == "auto" {
		var trials []quantize.Trial
		if chosen, trials, err = quantize.Auto(r.ctx, r.graph, r.Registry, o, r.Env.Calibrate, batches, progress); err == nil && len(trials) > 0 {
			r.report.Findings = append(r.report.Findings, tried(trials))
			if n := len(chosen.KeepFloat) - len(o.KeepFloat); n > 0 {
				f := diag.Infof("quantize.kept-float", "the first layers stay in float: 8 bits do not hold their values").
					Suggest("another method of calibration than auto quantizes them all the same")
				f.Layers = chosen.KeepFloat[len(o.KeepFloat):]
				r.report.Findings = append(r.report.Findings, f)
			}
		}
	} else {
		o.Stats, err = quantize.Calibrate(r.ctx, r.graph, r.Registry, o, r.Env.Calibrate, batches, progress)
	}
	if err != nil {
		if r.ctx.Err() != nil {
			return nil, r.ctx.Err()
		}
		return nil, diag.FromError("quantize.calibration", err)
	}
	return chosen, nil
}

// tried tells which way was chosen and what speaks for it.
func tried(trials []quantize.Trial) *diag.Finding {
	best := trials[0]
	var s []string
	for _, t := range trials {
		if t.SQNR == t.SQNR {
			s = append(s, fmt.Sprintf("%s %.1f (pooled %.1f) dB", t.Method, t.SQNR, t.Pooled))
		}
		if t.Chosen {
			best = t
		}
	}
	if len(s) == 0 {
		return diag.Warnf("quantize.method", "ranges by %s: the quantized graph could not be tried here", best.Method)
	}
	return diag.Infof("quantize.method", "ranges by %s: signal to noise of the outputs on calibration inputs: %s", best.Method, strings.Join(s, ", "))
}

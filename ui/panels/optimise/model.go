package optimise

import (
	"fmt"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/project"
	"slipway/units"
)

func ratioText(v float64) string {
	if v == 0 {
		return "as the rest"
	}
	return fmt.Sprintf("%.0f %%", v*100)
}

// Effect says in words and numbers what the recipe will do to the model.
func Effect(m *project.Model, r *plan.Recipe) string {
	if m == nil {
		return "Open a model to see the effect of these settings."
	}
	bits := map[string]int64{"fp32": 32, "fp16": 16, "int8": 8}[r.Precision]
	var s []string
	s = append(s, fmt.Sprintf("%s parameters at %d bits: about %s of weights (the source has %s).",
		units.Count(m.Summary.Params), bits, units.Bytes(m.Summary.Params*bits/8), units.Bytes(m.Summary.Bytes)))
	switch {
	case r.Uncalibrated("") != nil: // Warning says it
	case r.Precision == "int8" && r.Quantize.Scheme == "static":
		by := r.Quantize.Method
		if by == "auto" {
			by = "the method that keeps the outputs nearest"
		}
		s = append(s, fmt.Sprintf("Activations are calibrated on up to %d inputs by %s.", r.Quantize.Images, by))
	case r.Precision == "int8" && r.Quantize.Scheme == "dynamic":
		s = append(s, "Dynamic quantization pays for matrix products (transformers). Convolutions would become slower and stay in float.")
	case r.Precision == "int8":
		s = append(s, "Only weights are stored in 8 bits; arithmetic stays in float: smaller, not faster.")
	}
	if n := len(r.Quantize.KeepFloat); n > 0 && r.Precision == "int8" {
		s = append(s, fmt.Sprintf("%d layers stay in float.", n))
	}
	switch r.Prune.Method {
	case "magnitude":
		s = append(s, fmt.Sprintf("%.0f %% of the weights become zero: smaller after compression, not faster, and accuracy may drop.", r.Prune.Ratio*100))
	case "2:4":
		s = append(s, "Two of every four weights become zero: faster on NVIDIA Ampere and later, smaller after compression elsewhere.")
	}
	return strings.Join(s, "\n\n")
}

// Warning says what about the recipe is likely to hurt, nil where nothing is.
func Warning(m *project.Model, r *plan.Recipe) *diag.Finding {
	if m == nil {
		return nil
	}
	return r.Uncalibrated("")
}

// KeepFloat adds or removes a layer from those that are not quantized.
func KeepFloat(r *plan.Recipe, layer string, on bool) {
	var keep []string
	for _, k := range r.Quantize.KeepFloat {
		if k != layer {
			keep = append(keep, k)
		}
	}
	if on {
		keep = append(keep, layer)
	}
	r.Quantize.KeepFloat = keep
}

// PruneLayer sets the ratio of one layer; 0 takes its own ratio away. A ratio
// switches pruning by magnitude on.
func PruneLayer(r *plan.Recipe, layer string, ratio float64) {
	if ratio == 0 {
		delete(r.Prune.Layers, layer)
		return
	}
	if r.Prune.Layers == nil {
		r.Prune.Layers = map[string]float64{}
	}
	r.Prune.Layers[layer] = ratio
	r.Prune.Method = "magnitude"
}

package plan

import "slipway/conversion/diag"

// Calibrator measures ranges for static quantization.
type Calibrator interface{}

func (r *run) prune() error {
	if r.Recipe.Prune.Method == "none" {
		return nil
	}
	return diag.Errorf("recipe.prune", "pruning by %s is not available", r.Recipe.Prune.Method)
}

func (r *run) quantize() error {
	if r.Recipe.Precision != "int8" {
		return nil
	}
	return diag.Errorf("recipe.quantize", "int8 is not available")
}

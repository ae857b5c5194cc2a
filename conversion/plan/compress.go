package plan

import (
	"slipway/conversion/diag"
	"slipway/conversion/pass/compress"
)

// values are the settings of one target, as target.Options holds them; nil where
// it has none.
func (r *Recipe) values(target string) map[string]string {
	if target == "coreml" {
		return r.CoreML.Values()
	}
	return nil
}

// Compresses reports whether the recipe asks for weights of few bits in a form
// that the target alone has.
func (r *Recipe) Compresses(target string) bool {
	return target == "coreml" && r.CoreML.Weights != "" && r.CoreML.Weights != "precision"
}

// compressed is Compresses for the target whose settings count.
func (r *run) compressed() bool {
	if r.As != "" {
		return r.Recipe.Compresses(r.As)
	}
	return r.Recipe.Compresses(r.Request.Target)
}

// compress stores weights in the few bits that the target's settings ask for.
func (r *run) compress() error {
	if !r.compressed() {
		return nil
	}
	s := r.Recipe.CoreML
	if s.Weights == "int4" && !s.Blocks() {
		return diag.Errorf("coreml.version", "weights of 4 bits in blocks need specification 9 (iOS 18); %s was asked for", s.Version).
			Suggest("set the version to auto or 9, or store the weights in a palette of 4 bits")
	}
	o := *compress.Weights.Options.(*compress.Options)
	o.Scheme, o.Bits, o.Block, o.Smallest, o.KeepFloat = s.Weights, s.PaletteBits(), s.Block, s.Smallest, r.Recipe.Quantize.KeepFloat
	o.Plain = r.As != "" // what another artefact is compared with
	return r.pass(compress.Weights, &o)
}

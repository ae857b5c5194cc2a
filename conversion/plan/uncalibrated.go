package plan

import "slipway/conversion/diag"

// UncalibratedCode is the code of the finding that Uncalibrated makes.
const UncalibratedCode = "quantize.random-calibration"

// CalibrateCure is what to do about it.
const CalibrateCure = "calibrate on a folder of typical inputs: pictures, or .npy and .npz tensors"

// randomInputs is how many inputs stand in for calibration data.
const randomInputs = 8

// Uncalibrated says that int8 activations for target get no calibration inputs,
// and what stands in for them: before a conversion and after it, in the same
// words. It is nil where the recipe names a folder, or the target measures no
// ranges; target "" is one that measures them.
func (r *Recipe) Uncalibrated(target string) *diag.Finding {
	if r.Quantize.Calibration != "" || !r.measures(target) {
		return nil
	}
	return diag.Warnf(UncalibratedCode, "int8 activations have no calibration inputs: their ranges come from %d random inputs instead, and accuracy suffers", randomInputs).
		Suggest("%s", CalibrateCure)
}

// measures reports whether int8 for target measures activations' ranges.
func (r *Recipe) measures(target string) bool {
	return r.Precision == "int8" && r.Quantize.Scheme == "static" && !weightsAlone[target] && !r.Compresses(target)
}

// CalibratedOn is the folder whose files a conversion to target measures on, and how
// many of them at most: what they hold influences the artefact beside the recipe. It
// is "" where none is read.
func (r *Recipe) CalibratedOn(target string) (folder string, limit int) {
	q := &r.Quantize
	switch {
	case q.Calibration == "":
	case r.measures(target):
		return q.Calibration, max(q.Images, 1)
	case r.Precision == "fp16" && watched[target]:
		return q.Calibration, watchInputs
	}
	return "", 0
}

package plan

import "testing"

func TestUncalibratedIsSaidWhereRangesAreMeasured(t *testing.T) {
	for name, c := range map[string]struct {
		set    func(*Recipe)
		target string
		want   bool
	}{
		"static int8":       {func(*Recipe) {}, "onnx", true},
		"any target":        {func(*Recipe) {}, "", true},
		"with a folder":     {func(r *Recipe) { r.Quantize.Calibration = "pictures" }, "onnx", false},
		"dynamic":           {func(r *Recipe) { r.Quantize.Scheme = "dynamic" }, "onnx", false},
		"fp32":              {func(r *Recipe) { r.Precision = "fp32" }, "onnx", false},
		"weights alone":     {func(*Recipe) {}, "coreml", false},
		"weights in a form": {func(r *Recipe) { r.CoreML.Weights = "int4" }, "coreml", false},
	} {
		r := Default()
		r.Precision = "int8"
		c.set(&r)
		f := r.Uncalibrated(c.target)
		if (f != nil) != c.want || f != nil && (f.Code != UncalibratedCode || f.Suggestion != CalibrateCure) {
			t.Errorf("%s: %v", name, f)
		}
	}
}

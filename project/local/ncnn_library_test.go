package local

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
)

// TestNCNN: an ncnn model is proved on a libncnn, where one is found, in every
// precision, inside a worker.
func TestNCNN(t *testing.T) {
	zoo := testkit.Zoo(t)
	m := machine(t)
	need(t, m, "ort", "ncnn")
	for _, c := range []struct{ file, precision, images string }{
		{"cifar/resnet20_cifar10.onnx", "fp32", ""},
		{"cifar/resnet20_cifar10.onnx", "fp16", ""},
		{"cifar/resnet20_cifar10.onnx", "int8", "cifar10-200"},
		{"torch/mobilenet_v3_small_raw.onnx", "fp32", ""},
		{"imagenet/squeezenet_fp16.onnx", "fp16", ""},
		{"tiny/mnist.onnx", "fp32", ""},
	} {
		t.Run(filepath.Base(c.file)+"/"+c.precision, func(t *testing.T) {
			r := plan.Default()
			r.Precision = c.precision
			if c.images != "" {
				r.Quantize.Calibration, r.Quantize.Images = filepath.Join(zoo, "images", c.images), 24
			}
			res, err := m.Pipeline().RunTo(context.Background(), pipeline.Request{Model: filepath.Join(zoo, c.file), Target: "ncnn", Recipe: r}, t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if v := res.Verify; v.Verdict != verify.Match || v.Runtime != "ncnn" || v.Samples == 0 {
				t.Errorf("%+v", v)
			}
			if len(res.Artefacts) != 2 || !strings.HasSuffix(res.Artefacts[0].Path, ".param") || !strings.HasSuffix(res.Artefacts[1].Path, ".bin") {
				t.Errorf("artefacts %v", res.Artefacts)
			}
		})
	}
}

//go:build cgo

package ort

import (
	"maps"
	"strings"

	ortgo "github.com/yalue/onnxruntime_go"

	"slipway/runtimes"
)

// providerSettings is what the names of Options.Extra begin with that belong to
// the TensorRT provider and not to the session.
const providerSettings = "trt_"

// appendTensorRT puts the TensorRT provider first. A library that was built
// without it, or that does not find TensorRT itself, is a
// *runtimes.NotAvailableError.
func appendTensorRT(so *ortgo.SessionOptions, extra map[string]string) error {
	absent := func(err error) error {
		return &runtimes.NotAvailableError{
			Runtime: Name, Reason: "this ONNX Runtime has no working TensorRT provider: " + strings.TrimSpace(err.Error()),
			Cure: "install NVIDIA's TensorRT, or a build of ONNX Runtime for GPUs together with the TensorRT that it was built for",
		}
	}
	trt, err := ortgo.NewTensorRTProviderOptions()
	if err != nil {
		return absent(err)
	}
	defer func() { _ = trt.Destroy() }()
	settings := maps.Clone(extra)
	maps.DeleteFunc(settings, func(k, _ string) bool { return !strings.HasPrefix(k, providerSettings) })
	if len(settings) > 0 {
		if err := trt.Update(settings); err != nil {
			return runtimes.Refuse(Name, "open", "%v", err)
		}
	}
	if err := so.AppendExecutionProviderTensorRT(trt); err != nil {
		return absent(err)
	}
	return nil
}

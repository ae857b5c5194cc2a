package all

import (
	"fmt"
	"strings"

	"slipway/conversion/target"
	"slipway/conversion/target/coreml"
	"slipway/conversion/target/ncnn"
	"slipway/conversion/target/onnx"
	"slipway/conversion/target/openvino"
	"slipway/conversion/target/tensorrt"
	"slipway/conversion/target/tflite"
)

// Targets lists the targets in the order in which people are shown them.
func Targets() []target.Target {
	return []target.Target{onnx.Target{}, openvino.Target{}, tflite.Target{}, coreml.Target{}, tensorrt.Target{}, ncnn.Target{}}
}

// Get returns the target with the given name.
func Get(name string) (target.Target, error) {
	var names []string
	for _, t := range Targets() {
		if t.Info().Name == name {
			return t, nil
		}
		names = append(names, t.Info().Name)
	}
	return nil, fmt.Errorf("there is no target %q; there are %s", name, strings.Join(names, ", "))
}

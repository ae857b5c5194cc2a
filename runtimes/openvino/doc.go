// Package openvino runs models on Intel's OpenVINO through its C API, bound at
// run time without cgo. It opens OpenVINO IR (.xml with its .bin), and ONNX and
// TFLite files through OpenVINO's own front ends.
//
// Inference is exact (f32) unless Options.Fast asks for the plugin's own
// default, which is bf16 on some hosts.
package openvino

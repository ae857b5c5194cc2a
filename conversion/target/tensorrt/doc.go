// Package tensorrt writes a graph for NVIDIA's TensorRT: an ONNX file whose
// element types and QuantizeLinear/DequantizeLinear pairs say every layer's
// precision (a strongly typed network, the only kind that TensorRT 11 builds),
// and beside it NET.build.json, which holds the optimisation profiles and flags
// that an engine is built with.
//
// Integers are symmetric: zero points are 0 and biases stay in float, as the
// parser demands; unsigned ones are given another type before (unsigned). Which
// operators exist is the table of its published support matrix
// (operators.go). An engine depends on GPU and version, so it is built where it
// runs; the file itself is checked on ONNX Runtime.
package tensorrt

// Package tflite writes a graph as a TensorFlow Lite model (.tflite), the format
// that LiteRT runs on phones and small devices.
//
// Orders of axes come from pass/layout; quantization parameters from the
// QuantizeLinear/DequantizeLinear pairs of the graph. One file a family of
// operators holds the spellings: what the target can say of an operator and
// what it cannot.
package tflite

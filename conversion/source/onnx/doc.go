// Package onnx reads ONNX models (operator sets 7 and later; older ones
// operator by operator) into the intermediate representation.
//
// The protobuf is read by hand over a memory map, so that weights are views of
// the file and opening a large model costs milliseconds. A model file is not
// trusted: every claimed size is checked against the bytes that are there before
// anything is allocated, external data stays inside the model's folder, nesting
// and node counts have limits, and whatever is not understood becomes a finding
// with a stable code.
package onnx

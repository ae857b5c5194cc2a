// Package ort runs ONNX models on ONNX Runtime.
//
// It is the one package that needs cgo; a build without cgo has the same New,
// whose runtime says that it is not available. ONNX Runtime keeps one
// environment a process: the first library that is loaded stays.
package ort

// Name is the runtime's key in lists and on the command line.
const Name = "ort"

const title = "ONNX Runtime"

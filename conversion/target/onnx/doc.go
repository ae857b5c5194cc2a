// Package onnx writes a graph as an ONNX model: one fixed operator set (17, or
// the smallest later one that can hold what is in the graph), weights streamed
// from where they lie, a side file for the data of very large models. The file
// itself is package onnxfile's, which it shares with TensorRT's artefact.
package onnx

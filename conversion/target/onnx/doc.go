// Package onnx writes a graph as an ONNX model: one fixed operator set (17, or
// the smallest later one that can hold what is in the graph), weights streamed
// from where they lie, a side file for the data of very large models.
//
// What an operator set has is read from a table of the operators' published
// signatures (schemas.txt); what it spells differently from the intermediate
// representation, which follows the newest set, is lowered while writing.
package onnx

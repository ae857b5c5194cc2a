// Package onnxfile writes a graph as an ONNX file, for every target whose
// artefact is one: operators spelled in one operator set, weights streamed from
// where they lie, a side file for the data of very large models.
//
// What an operator set has is read from a table of the operators' published
// signatures (schemas.txt); what it spells differently from the intermediate
// representation, which follows the newest set, is lowered while writing.
package onnxfile

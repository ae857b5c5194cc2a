// Package conformance is the room in which every target is tried on ONNX's own
// conformance cases: each case is converted the way a person would convert it,
// run on the target's runtime, and compared with the results that ONNX
// publishes. table.txt holds what came out, findings.txt why cases are refused,
// exceptions/ the cases that differ for a reason outside this program. Nothing
// imports this package; `make conformance` renews the files.
package conformance

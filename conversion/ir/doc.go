// Package ir is the intermediate representation that every model passes
// through: a Graph of Nodes joined by Values.
//
// Operators keep the names and the semantics of the newest ONNX opset; sources
// lower older spellings to it. The logical layout is NCHW. Shapes may be
// symbolic (Dim). Weights are constant Values whose bytes may still lie in the
// model's file. Every Node knows the source layers it came from (Origin),
// through every pass.
//
// A Graph is not safe for concurrent use while it is edited. All edits go
// through a Patch, which keeps names, uses and order consistent.
package ir

// Package mil reads and writes what an .mlpackage of Core ML consists of: the
// protobuf messages of an ML Program (Model, Function, Operation, Value), the
// file of weights beside them, and the package's manifest.
//
// The messages are written by hand over protowire, field numbers as in the
// .proto files that coremltools publishes; only what a tensor program needs is
// there. What a file holds beyond that (nested blocks, tuples, neural-network
// layers) is an error on reading, never dropped.
package mil

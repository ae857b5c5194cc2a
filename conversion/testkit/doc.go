// Package testkit helps tests of the conversion core: where the test models
// lie, comparison within a tolerance, small graphs, ONNX's own conformance
// cases and the vendors' packages as second readers. Only tests import it.
package testkit

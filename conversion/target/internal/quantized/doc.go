// Package quantized knows layers of models that come quantized, for the targets whose
// runtimes get some of them wrong in integers: which nodes they lie between, and how
// the layers are told that are computed in floats instead.
package quantized

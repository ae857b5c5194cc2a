// Package sequence defines the operators on sequences of tensors and on optional
// values. Where a sequence is built inside the graph and its length is known,
// each of them decomposes into operators on plain tensors.
package sequence

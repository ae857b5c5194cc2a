// Package random defines the operators that draw random numbers.
//
// The generator is PCG-DXSM of math/rand/v2, seeded by the bits of attribute seed
// or, without one, by a hash of the node's name, so that the reference gives the
// same numbers in every run. Other runtimes draw others; ONNX leaves the numbers
// open even where a seed is given.
package random

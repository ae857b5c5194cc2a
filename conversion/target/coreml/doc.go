// Package coreml writes Core ML packages: a folder NAME.mlpackage that holds an
// ML Program, its weights and a manifest.
//
// The program is of specification version 7 (iOS 16, macOS 13), fully typed:
// every operation carries the type of each result. Core ML computes with
// floats, 32-bit integers and truth values alone, so other types are held in
// those; and tensors have at most five dimensions, all of known size. Constants
// are operations of their own; those of ten and more numbers lie in the file of
// weights. Weights of 8-bit integers stay what they are
// (constexpr_affine_dequantize).
package coreml

// Package coreml writes Core ML packages: a folder NAME.mlpackage that holds an
// ML Program, its weights and a manifest.
//
// The program is of specification version 7 (iOS 16, macOS 13), or 9 (iOS 18)
// where the settings ask for what that has: weights in blocks, attention as one
// operation. It is fully typed: every operation carries the type of each result.
// Core ML computes with floats, 32-bit integers and truth values alone, so other
// types are held in those; tensors have at most five dimensions, whose sizes are
// known or stay in the ranges that the interface tells. Constants are operations
// of their own; those of ten and more numbers lie in the file of weights. Weights
// of few bits stay what they are: integers with scales
// (constexpr_affine_dequantize, constexpr_blockwise_shift_scale) or indices into a
// palette (constexpr_lut_to_dense).
//
// Where the task of the model is known the interface takes pictures, which the
// program scales, and names the classes of a classifier.
//
// Nothing here runs on Core ML but on a Mac. Elsewhere the numbers of a package
// are checked: by reading it back into a graph, by coremltools' typed rebuild, and
// by a computation of that rebuilt program in numpy (testdata/walk).
package coreml

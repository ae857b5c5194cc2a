// Package arith holds the elementwise operators: arithmetic, rounding,
// comparison, logic and selection, with ONNX broadcasting.
package arith

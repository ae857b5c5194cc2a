// Package linalg defines the operators of linear algebra and the normalised
// exponentials: Gemm, MatMul, Einsum, Softmax, LogSoftmax and Hardmax.
package linalg

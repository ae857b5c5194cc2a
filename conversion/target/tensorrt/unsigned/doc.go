// Package unsigned frees a graph of inner tensors of 8-bit unsigned integers, which
// TensorRT has only as inputs that are cast at once and as outputs that were just
// cast. What is quantized with constant zero points is shifted by 128 to signed
// integers; what has computed ones, or is an input or output itself, is held as whole
// numbers in floats. Neither changes a value.
//
// The TFLite writer shifts too, but as it writes, by tensors of its own format: there
// is no graph that it could share.
package unsigned

// Package kernel holds the loops and the shape rules that operators of several
// families share: broadcasting, elementwise maps, axes, fresh dimensions. It
// knows tensors and symbolic shapes, no operators.
package kernel

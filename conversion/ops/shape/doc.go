// Package shape holds the operators that move, select, join or make elements
// without arithmetic: Reshape, Transpose, Slice, Gather, Pad, Cast and their
// kin, and those that compute with shapes.
package shape

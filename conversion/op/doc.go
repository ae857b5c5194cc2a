// Package op defines what an operator is: its signature, shape inference,
// reference arithmetic, one-step decomposition, comparison tolerance and the
// readers that lower each source's spelling to it. The operators themselves
// live in conversion/ops, one file each; a Registry holds them.
package op

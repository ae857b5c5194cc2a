// Package prune sets the least important weights to zero: the smallest of a
// whole model or of each layer, or N of every M neighbours. The artefact keeps
// its shape; it compresses better, and runs faster only where a runtime has
// kernels for it.
package prune

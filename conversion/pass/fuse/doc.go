// Package fuse holds the passes that merge neighbours into one operation: what
// scales and shifts the result of a convolution or a matrix product goes into
// its weights, computed in float64; padding goes into the convolution that
// follows; chains of bounds become one Clip.
package fuse

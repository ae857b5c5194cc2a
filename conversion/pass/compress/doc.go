// Package compress stores weights in few bits and leaves the arithmetic in
// floats: integers of 8 or 4 bits with a scale for each channel or block, or
// indices into a palette of values. The graph then holds what the artefact will
// hold: integers behind DequantizeLinear, or floats of which a tensor has no more
// different ones than its palette.
package compress

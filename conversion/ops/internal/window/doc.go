// Package window is the geometry that convolutions and pools share: kernel,
// strides, dilations, padding and automatic padding over the spatial axes, and
// the output sizes that follow from them, for numbers and for symbols.
package window

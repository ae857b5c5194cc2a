// Package conv defines the convolutions: Conv and ConvTranspose over one, two
// or three spatial axes.
package conv

// Package kernel holds the inner loops of the heavy operators: a packed,
// register-blocked matrix product over panels that a caller fills, so that a
// convolution multiplies straight from its input without an unfolded copy.
package kernel

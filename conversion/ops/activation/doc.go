// Package activation holds the elementwise non-linearities that follow layers:
// Relu, Sigmoid, HardSwish, Gelu, Clip and their kin.
package activation

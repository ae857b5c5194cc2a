package kernel

import (
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// CheckSize refuses result shapes that a few attributes can blow up beyond what
// any model needs.
func CheckSize(shape ...int) error { return kernel.CheckSize(tensor.Float32, shape) }

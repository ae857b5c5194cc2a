package faults

import (
	"math"

	"slipway/conversion/ir"
)

// Integers says why the runtime does not compute n as the operator does in the kernel
// of integers that it takes where n lies between integers with steps of in and of out:
// it gives wrong numbers or ends with an error. "" where it is right, and for what
// Bias knows. Types and shapes of n have been inferred; a size that is open is taken to
// be the worst.
func Integers(n *ir.Node, in, out float64) string {
	switch n.Op {
	case "Softmax":
		// The table of powers leaves a factor of e⁵ and of the row's length to the
		// largest float; with more steps to 1 than that, large results come out as 0.
		if row := max(1, size(n.In(0), int(n.Int("axis", -1)))); 1/out > 0.99*math.Exp(5)*float64(row) {
			return "the runtime's Softmax of integers runs over where steps of the results are so small for the rows' length"
		}
	case "AveragePool":
		if n.Int("ceil_mode", 0) != 0 && n.Int("count_include_pad", 0) != 0 && overhangs(n) {
			return "the runtime's AveragePool of integers counts what the last windows reach beyond the padding"
		}
	case "GlobalAveragePool":
		places := 1.0
		for i := 2; i < n.In(0).Rank(); i++ {
			places *= math.Max(1, float64(size(n.In(0), i)))
		}
		if in >= 255*out*places {
			return "the runtime's GlobalAveragePool of integers refuses steps of the results that are so much smaller than the input's"
		}
	}
	return ""
}

// Bias says why the runtime does not add these biases to a Conv, ConvTranspose or Gemm
// of integers whose input has steps of in and whose weights, for each channel or for
// all, steps of weights: it rounds them to 32-bit integers in steps of the product, to
// which it adds the products. "" where it does.
func Bias(bias []float32, in float64, weights []float32) string {
	for i, b := range bias {
		step := float32(in) * weights[i%len(weights)]
		if !(math.Abs(float64(b/step)) < math.MaxInt32/2) {
			return "the runtime's biases of 32-bit integers run over, as steps of the weights are so small in a channel"
		}
	}
	return ""
}

// overhangs reports whether a window of the pool may reach beyond what is padded.
func overhangs(n *ir.Node) bool {
	kernel := n.Ints("kernel_shape")
	k := len(kernel)
	at := func(name string, i int, def int64) int64 {
		if list := n.Ints(name); i < len(list) {
			return list[i]
		}
		return def
	}
	for i := range k {
		in, out := size(n.In(0), i+2), size(n.Out(0), i+2)
		reach := (out-1)*at("strides", i, 1) + (kernel[i]-1)*at("dilations", i, 1) + 1
		if in < 0 || out < 0 || reach > in+at("pads", i, 0)+at("pads", i+k, 0) {
			return true
		}
	}
	return false
}

// size is v's size along an axis, counted from the end where it is negative; -1 while
// it is open.
func size(v *ir.Value, axis int) int64 {
	if axis < 0 {
		axis += v.Rank()
	}
	if axis < 0 || axis >= len(v.Shape) {
		return -1
	}
	if d, ok := v.Shape[axis].Int(); ok {
		return d
	}
	return -1
}

package faults

import (
	"fmt"

	"slipway/conversion/ir"
)

// Integers says why the plugin does not compute n, whose input and weights would be
// integers of 8 bits, as the operator does: it gives wrong numbers, some from memory
// that nobody wrote, or refuses the file. "" where it is right, and for operators
// other than convolutions. Types and shapes of n have been inferred; a size that is
// open is taken to be a usual one.
func Integers(n *ir.Node) string {
	if n.Op != "Conv" && n.Op != "ConvTranspose" || n.In(1) == nil {
		return ""
	}
	w, known := n.In(1).Shape.Ints()
	if !known || len(w) < 3 {
		return ""
	}
	if n.Op == "Conv" {
		return convolution(n, w)
	}
	return transposed(n, w)
}

// convolution knows weights of shape [outputs, inputs of a group, kernel…].
func convolution(n *ir.Node, w []int) string {
	groups := int(n.Int("group", 1))
	in, kernel := w[1], w[2:]
	if groups > 1 {
		out := w[0] / groups
		switch {
		case ones(kernel) && in > 64 && in%64 != 0 && (in%4 == 0 || out > 64):
			return fmt.Sprintf("the runtime gets 1x1 convolutions of %d groups of %d channels wrong in integers", groups, in)
		case out > 16 && in%4 != 0:
			// Where the input's zero is not the integer 0.
			return fmt.Sprintf("the runtime gets convolutions of %d groups of %d to %d channels wrong in integers", groups, in, out)
		}
	}
	if narrow(n, len(kernel)) {
		return "the runtime gets convolutions with strides wrong in integers whose result is one column wide"
	}
	if len(kernel) == 3 && kernel[0] > 1 && size(n.In(0), 2) == 1 {
		return "the runtime gets convolutions of volumes wrong in integers that are one layer deep"
	}
	return ""
}

// narrow reports whether n steps over the last axis, to one place there and several
// along another axis.
func narrow(n *ir.Node, spatial int) bool {
	last := spatial - 1
	if spatial < 2 || at(n.Ints("strides"), last) == 1 || size(n.Out(0), 2+last) != 1 {
		return false
	}
	for i := range last {
		if size(n.Out(0), 2+i) != 1 {
			return true
		}
	}
	return false
}

// transposed knows weights of shape [inputs, outputs of a group, kernel…]. The
// plugin computes those of several groups in floats.
func transposed(n *ir.Node, w []int) string {
	if n.Int("group", 1) > 1 {
		return ""
	}
	kernel := w[2:]
	switch {
	case len(kernel) == 1:
		return "the runtime gets transposed convolutions of one axis wrong in integers"
	case w[0]%8 != 0:
		return fmt.Sprintf("the runtime gets transposed convolutions of %d channels wrong in integers", w[0])
	}
	for i, k := range kernel {
		if int64(k) < at(n.Ints("strides"), i) || at(n.Ints("dilations"), i) != 1 {
			return "the runtime gets transposed convolutions wrong in integers whose kernel leaves gaps"
		}
	}
	return ""
}

func ones(sizes []int) bool {
	for _, s := range sizes {
		if s != 1 {
			return false
		}
	}
	return true
}

// at is element i of an attribute that is ones where it is absent.
func at(list []int64, i int) int64 {
	if i < len(list) {
		return list[i]
	}
	return 1
}

// size is v's size along an axis, -1 while it is open.
func size(v *ir.Value, axis int) int64 {
	if v == nil || axis >= len(v.Shape) {
		return -1
	}
	if d, ok := v.Shape[axis].Int(); ok {
		return d
	}
	return -1
}

package tflite

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
)

// maxBorder bounds how many rows an edge is repeated by: each is an operand.
const maxBorder = 64

// legalBorders: what is repeated at the borders is cut out, where that is there.
func legalBorders(n *ir.Node) string {
	mode := n.Str("mode", "constant")
	pads, why := padsOf(n)
	if why != "" {
		return why
	}
	for a, p := range pads {
		if p == [2]int32{} {
			continue
		}
		size, known := n.In(0).Shape[a].Int()
		switch {
		case !known || size == 0:
			return "mode " + mode + " along an axis of unknown size, or without elements"
		case mode == "wrap" && int64(max(p[0], p[1])) > size:
			return fmt.Sprintf("mode wrap by more than the %d elements there are", size)
		case mode == "edge" && max(p[0], p[1]) > maxBorder:
			return fmt.Sprintf("mode edge by more than %d", maxBorder)
		}
	}
	return ""
}

// borders joins x, along each stored axis, with its first and last rows, repeated,
// or with its other end.
func (e *emitter) borders(x int, pads [][2]int32, wrap bool) int {
	for axis, p := range pads {
		if p == [2]int32{} {
			continue
		}
		dims := e.m.Tensors[x].Shape
		cut := func(from, count int32) int {
			if count == dims[axis] {
				return x
			}
			begin, size := make([]int32, len(dims)), slices.Clone(dims) // of an unknown size all there is
			begin[axis], size[axis] = from, count
			return e.slice(x, begin, size)
		}
		var parts []int
		add := func(count, edge, other int32) {
			switch {
			case count == 0:
			case wrap:
				parts = append(parts, cut(other, count))
			default:
				parts = append(parts, slices.Repeat([]int{cut(edge, 1)}, int(count))...)
			}
		}
		add(p[0], 0, dims[axis]-p[0])
		parts = append(parts, x)
		add(p[1], dims[axis]-1, 0)
		all := slices.Clone(dims)
		all[axis] += p[0] + p[1]
		y := e.temp(x, all)
		e.join(parts, axis, y)
		x = y
	}
	return x
}

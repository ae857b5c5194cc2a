package arith

import (
	"slipway/conversion/op/kernel"
)

type number interface {
	float32 | float64 | int64 | uint64
}

// The four basic operations are spelled as loops, one for each pair of steps,
// because a function value called for every element would cost several times
// the addition.

func addRow[T number](dst, a []T, sa int, b []T, sb int) {
	switch {
	case sa == 1 && sb == 1:
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] + b[i]
		}
	case sa == 1:
		a, y := a[:len(dst)], b[0]
		for i := range dst {
			dst[i] = a[i] + y
		}
	default:
		x := a[0]
		for i := range dst {
			dst[i] = x + b[i*sb]
		}
	}
}

func subRow[T number](dst, a []T, sa int, b []T, sb int) {
	switch {
	case sa == 1 && sb == 1:
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] - b[i]
		}
	case sa == 1:
		a, y := a[:len(dst)], b[0]
		for i := range dst {
			dst[i] = a[i] - y
		}
	default:
		x := a[0]
		for i := range dst {
			dst[i] = x - b[i*sb]
		}
	}
}

func mulRow[T number](dst, a []T, sa int, b []T, sb int) {
	switch {
	case sa == 1 && sb == 1:
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] * b[i]
		}
	case sa == 1:
		a, y := a[:len(dst)], b[0]
		for i := range dst {
			dst[i] = a[i] * y
		}
	default:
		x := a[0]
		for i := range dst {
			dst[i] = x * b[i*sb]
		}
	}
}

// divRow divides; integers truncate toward zero and must not be divided by zero.
func divRow[T number](dst, a []T, sa int, b []T, sb int) {
	switch {
	case sa == 1 && sb == 1:
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] / b[i]
		}
	case sa == 1:
		a, y := a[:len(dst)], b[0]
		for i := range dst {
			dst[i] = a[i] / y
		}
	default:
		x := a[0]
		for i := range dst {
			dst[i] = x / b[i*sb]
		}
	}
}

// The built-in max and min propagate NaN, as ONNX Runtime and numpy do.
func maxRow[T number](dst, a []T, sa int, b []T, sb int) {
	for i := range dst {
		dst[i] = max(a[i*sa], b[i*sb])
	}
}

func minRow[T number](dst, a []T, sa int, b []T, sb int) {
	for i := range dst {
		dst[i] = min(a[i*sa], b[i*sb])
	}
}

func lessRow[T number](dst []bool, a []T, sa int, b []T, sb int) {
	for i := range dst {
		dst[i] = a[i*sa] < b[i*sb]
	}
}

func lessOrEqualRow[T number](dst []bool, a []T, sa int, b []T, sb int) {
	for i := range dst {
		dst[i] = a[i*sa] <= b[i*sb]
	}
}

func equalRow[T number](dst []bool, a []T, sa int, b []T, sb int) {
	for i := range dst {
		dst[i] = a[i*sa] == b[i*sb]
	}
}

// swapped exchanges the operands of a row.
func swapped[A, R any](f kernel.Row[A, R]) kernel.Row[A, R] {
	return func(dst []R, a []A, sa int, b []A, sb int) { f(dst, b, sb, a, sa) }
}

var (
	addRows         = &numeric{addRow[float32], addRow[float64], addRow[int64], addRow[uint64]}
	subRows         = &numeric{subRow[float32], subRow[float64], subRow[int64], subRow[uint64]}
	mulRows         = &numeric{mulRow[float32], mulRow[float64], mulRow[int64], mulRow[uint64]}
	divRows         = &numeric{divRow[float32], divRow[float64], divRow[int64], divRow[uint64]}
	maxRows         = &numeric{maxRow[float32], maxRow[float64], maxRow[int64], maxRow[uint64]}
	minRows         = &numeric{minRow[float32], minRow[float64], minRow[int64], minRow[uint64]}
	equalRows       = &predicate{equalRow[float32], equalRow[float64], equalRow[int64], equalRow[uint64]}
	lessRows        = &predicate{lessRow[float32], lessRow[float64], lessRow[int64], lessRow[uint64]}
	lessOrEqualRows = &predicate{lessOrEqualRow[float32], lessOrEqualRow[float64], lessOrEqualRow[int64], lessOrEqualRow[uint64]}
	greaterRows     = &predicate{
		swapped(lessRow[float32]), swapped(lessRow[float64]), swapped(lessRow[int64]), swapped(lessRow[uint64]),
	}
	greaterOrEqualRows = &predicate{
		swapped(lessOrEqualRow[float32]), swapped(lessOrEqualRow[float64]), swapped(lessOrEqualRow[int64]), swapped(lessOrEqualRow[uint64]),
	}
)

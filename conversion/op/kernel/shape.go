package kernel

import (
	"fmt"
	"strings"

	"slipway/conversion/ir"
)

// Axis resolves an axis of a tensor of the given rank: negative ones count from
// the end. One outside [-rank, rank) is an error.
func Axis(axis int64, rank int) (int, error) {
	a := axis
	if a < 0 {
		a += int64(rank)
	}
	if a < 0 || a >= int64(rank) {
		return 0, fmt.Errorf("axis %d is outside a tensor of rank %d", axis, rank)
	}
	return int(a), nil
}

// AxisSet resolves a list of axes; the result has one bool a dimension. An axis
// given twice is an error.
func AxisSet(axes []int64, rank int) ([]bool, error) {
	set := make([]bool, rank)
	for _, x := range axes {
		a, err := Axis(x, rank)
		if err != nil {
			return nil, err
		}
		if set[a] {
			return nil, fmt.Errorf("axis %d is given twice in %v", x, axes)
		}
		set[a] = true
	}
	return set, nil
}

// BroadcastShape is the shape that static shapes broadcast to (ONNX,
// "multidirectional broadcasting").
func BroadcastShape(shapes ...[]int) ([]int, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		off := rank - len(s)
		for i, d := range s {
			switch {
			case d == out[off+i] || d == 1:
			case out[off+i] == 1:
				out[off+i] = d
			default:
				return nil, fmt.Errorf("shapes %s do not broadcast: %d against %d", list(shapes), out[off+i], d)
			}
		}
	}
	return out, nil
}

// BroadcastDims is BroadcastShape for symbolic shapes. Where any rank is unknown
// the result is. A symbol against a static size other than 1 gives the size: it
// must turn out to be equal or 1. Two different symbols give the symbol
// max(a,b), which is right for every pair that broadcasts.
func BroadcastDims(shapes ...ir.Shape) (ir.Shape, error) {
	rank := 0
	for _, s := range shapes {
		if s == nil {
			return nil, nil
		}
		rank = max(rank, len(s))
	}
	out := make(ir.Shape, rank)
	for i := range out {
		out[i] = ir.Static(1)
	}
	for _, s := range shapes {
		off := rank - len(s)
		for i, d := range s {
			m, ok := BroadcastDim(out[off+i], d)
			if !ok {
				return nil, fmt.Errorf("shapes %s do not broadcast: %v against %v", list(shapes), out[off+i], d)
			}
			out[off+i] = m
		}
	}
	return out, nil
}

// BroadcastDim joins two dimensions; false where they are known not to fit.
func BroadcastDim(a, b ir.Dim) (ir.Dim, bool) {
	switch {
	case a.Equal(b) || b.Is(1):
		return a, true
	case a.Is(1):
		return b, true
	case a.IsStatic() && b.IsStatic():
		return a, false
	case a.IsStatic():
		return a, true
	case b.IsStatic():
		return b, true
	}
	return Max(a, b), true
}

// Max is the symbol max(a,b), the same for both orders.
func Max(a, b ir.Dim) ir.Dim { return symmetric("max", a, b) }

// Min is the symbol min(a,b), the same for both orders.
func Min(a, b ir.Dim) ir.Dim { return symmetric("min", a, b) }

func symmetric(f string, a, b ir.Dim) ir.Dim {
	x, y := a.String(), b.String()
	if y < x {
		x, y = y, x
	}
	return ir.Symbol(fmt.Sprintf("%s(%s,%s)", f, x, y))
}

func list[S []int | ir.Shape](shapes []S) string {
	p := make([]string, len(shapes))
	for i, s := range shapes {
		p[i] = strings.ReplaceAll(fmt.Sprint(s), " ", ",")
	}
	return strings.Join(p, " and ")
}

// Fresh is a new symbol for dimension axis of v, a size that depends on data.
// It is the same whenever v's shape is inferred again.
func Fresh(v *ir.Value, axis int) ir.Dim {
	name := "_"
	if v != nil {
		name = strings.Map(func(r rune) rune {
			if r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return '_'
		}, v.Name)
	}
	return ir.Symbol(fmt.Sprintf("%s.%d", name, axis))
}

// FreshShape is a shape of the given rank of which nothing else is known.
func FreshShape(v *ir.Value, rank int) ir.Shape {
	s := make(ir.Shape, rank)
	for i := range s {
		s[i] = Fresh(v, i)
	}
	return s
}

// Strides are the row-major element strides of a shape.
func Strides(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// Product is the number of elements of a checked shape.
func Product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

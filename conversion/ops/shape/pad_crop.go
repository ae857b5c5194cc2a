package shape

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// cropThenPad makes what a Pad removes a Slice of its own, before what it adds.
func cropThenPad(b *op.Builder) ([]*ir.Value, error) {
	no := func(why string) ([]*ir.Value, error) { return nil, fmt.Errorf("%s: %w", why, op.ErrNoDecomposition) }
	s := b.In(0).Shape
	pads, ok := b.In(1).ConstInts()
	if !ok || s == nil {
		return nil, op.ErrNoDecomposition
	}
	var axes []int64
	if v := b.In(3); v != nil {
		if axes, ok = v.ConstInts(); !ok {
			return nil, op.ErrNoDecomposition
		}
	}
	at, err := padAxes(len(pads), axes, len(s))
	if err != nil {
		return nil, err
	}
	var starts, ends, cut []int64
	grow := make([]int64, len(pads))
	adds := false
	for i, a := range at {
		before, after := pads[i], pads[len(at)+i]
		grow[i], grow[len(at)+i] = max(before, 0), max(after, 0)
		adds = adds || max(before, after) > 0
		if min(before, after) >= 0 {
			continue
		}
		size, known := s[a].Int()
		switch {
		case !known:
			return no("removes elements of an axis of unknown size")
		case min(before, 0)+min(after, 0)+size <= 0:
			return no("removes all elements of an axis")
		case max(before, after) > 0 && b.Str("mode", "constant") != "constant":
			return no("removes and adds elements of one axis by what was there before")
		}
		end := int64(math.MaxInt64)
		if after < 0 {
			end = size + after
		}
		starts, ends, cut = append(starts, max(-before, 0)), append(ends, end), append(cut, int64(a))
	}
	if len(cut) == 0 {
		return nil, op.ErrNoDecomposition // removes nothing
	}
	x := b.Op("Slice", nil, b.In(0), b.Ints(starts...), b.Ints(ends...), b.Ints(cut...))
	if !adds {
		return []*ir.Value{x}, nil
	}
	return []*ir.Value{b.Op("Pad", ir.Attrs{"mode": b.Str("mode", "constant")}, x, b.Ints(grow...), b.In(2), b.In(3))}, nil
}

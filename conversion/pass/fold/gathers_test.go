package fold

import (
	"slices"
	"testing"

	"slipway/conversion/ir"
)

func TestInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		of       []int
		indices  []int64
		repeated []bool // nil: not in order
	}{
		"in order":         {[]int{2, 1, 3}, []int64{0, 0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 2}, []bool{false, false, false}},
		"from the end":     {[]int{6}, []int64{0, 0, 0, 1, 0, -1, -1, 0, 1, 1, 1, 2}, []bool{false}},
		"repeated":         {[]int{2, 6}, slices.Repeat([]int64{0, 0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 2}, 2), []bool{true, false}},
		"not all":          {[]int{5}, []int64{0, 0, 0, 1, 0, 2, 1, 0, 1, 1}, nil},
		"another order":    {[]int{6}, []int64{0, 0, 1, 0, 0, 1, 1, 1, 0, 2, 1, 2}, nil},
		"beyond an axis":   {[]int{6}, []int64{0, 0, 0, 1, 0, 2, 0, 3, 1, 1, 1, 2}, nil},
		"beyond the other": {[]int{6}, []int64{0, 0, 0, 1, 0, 2, 2, -3, 1, 1, 1, 2}, nil},
	} {
		got, ok := inOrder(ir.Dims(2, 3), c.of, c.indices)
		if ok != (c.repeated != nil) || ok && !slices.Equal(got, c.repeated) {
			t.Errorf("%s: %v %v", name, got, ok)
		}
	}
}

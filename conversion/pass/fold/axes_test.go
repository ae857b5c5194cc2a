package fold

import (
	"slices"
	"testing"
)

func TestJoin(t *testing.T) {
	for _, c := range []struct {
		dims        []int
		perm        []int64
		small, want []int64
	}{
		{[]int{1, 8, 7, 8, 7, 96}, []int64{0, 1, 3, 2, 4, 5}, []int64{8, 7, 8, 672}, []int64{0, 2, 1, 3}},
		{[]int{2, 3, 4, 5, 6, 7}, []int64{0, 3, 1, 4, 2, 5}, []int64{2, 3, 4, 5, 6, 7}, []int64{0, 3, 1, 4, 2, 5}},
		{[]int{2, 3, 4}, nil, []int64{2, 3, 4}, []int64{2, 1, 0}},
		{[]int{5, 1, 6}, []int64{2, 0, 1}, []int64{5, 6}, []int64{1, 0}},
		{[]int{2, 3, 4}, []int64{0, 1, 2}, []int64{24}, []int64{0}},
	} {
		small, order := join(c.dims, c.perm)
		if !slices.Equal(small, c.small) || !slices.Equal(order, c.want) {
			t.Errorf("%v by %v: %v by %v", c.dims, c.perm, small, order)
		}
	}
}

package ncnn

import (
	"slices"
	"testing"
)

// TestExchanges: every permutation of five comes out of at most three exchanges.
func TestExchanges(t *testing.T) {
	var each func(p, rest []int)
	each = func(p, rest []int) {
		if len(rest) == 0 {
			got := []int{0, 1, 2, 3, 4}
			row := exchanges(p)
			for _, x := range row {
				got = x.apply(got)
			}
			if !slices.Equal(got, p) || len(row) > 3 {
				t.Errorf("%v: %v gives %v", p, row, got)
			}
			return
		}
		for i, x := range rest {
			each(append(slices.Clone(p), x), slices.Delete(slices.Clone(rest), i, i+1))
		}
	}
	each(nil, []int{0, 1, 2, 3, 4})
}

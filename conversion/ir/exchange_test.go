package ir

import (
	"slices"
	"testing"
)

// TestExchanges: every permutation of five comes out of at most three exchanges,
// each of at most four blocks that make up the whole.
func TestExchanges(t *testing.T) {
	var each func(p, rest []int)
	each = func(p, rest []int) {
		if len(rest) == 0 {
			got := []int{0, 1, 2, 3, 4}
			row := Exchanges(p)
			for _, x := range row {
				blocks, perm := x.Blocks(got)
				var moved []int
				for _, b := range perm {
					moved = append(moved, blocks[b]...)
				}
				if got = x.Apply(got); !slices.Equal(got, moved) || len(blocks) > 4 {
					t.Errorf("%v of %v is not %v of %v", x, got, perm, blocks)
				}
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

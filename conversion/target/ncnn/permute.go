package ncnn

import (
	"slices"
	"strings"
)

// permute is Permute on a blob of two to four dimensions, outermost first:
// dimension k of the result is dimension p[k] of b.
func (e *emitter) permute(b *blob, p []int) *blob {
	names := []string{"", "W", "HW", "CHW", "CDHW"}[len(p)]
	var order strings.Builder
	out := make([]int, len(p))
	for k, g := range p {
		out[k] = b.dims[g]
	}
	for _, g := range slices.Backward(p) {
		order.WriteByte(names[g])
	}
	return e.add("Permute", []*blob{b}, out, num(0, slices.Index(orders[len(p)], order.String())))
}

// exchange swaps the neighbouring blocks [lo,mid) and [mid,hi).
type exchange struct{ lo, mid, hi int }

func (x exchange) apply(order []int) []int {
	return slices.Concat(order[:x.lo], order[x.mid:x.hi], order[x.lo:x.mid], order[x.hi:])
}

// exchanges is a shortest row of exchanges that turns 0, 1, 2, … into p. Each is
// a permutation of at most four dimensions, whatever the number of p's.
func exchanges(p []int) []exchange {
	start := make([]int, len(p))
	for i := range start {
		start[i] = i
	}
	type state struct {
		order []int
		path  []exchange
	}
	key := func(o []int) string {
		b := make([]byte, len(o))
		for i, x := range o {
			b[i] = byte(x)
		}
		return string(b)
	}
	seen, queue := map[string]bool{key(start): true}, []state{{start, nil}}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if slices.Equal(s.order, p) {
			return s.path
		}
		for lo := range p {
			for mid := lo + 1; mid < len(p); mid++ {
				for hi := mid + 1; hi <= len(p); hi++ {
					x := exchange{lo, mid, hi}
					o := x.apply(s.order)
					if k := key(o); !seen[k] {
						seen[k] = true
						queue = append(queue, state{o, append(slices.Clone(s.path), x)})
					}
				}
			}
		}
	}
	return nil
}

// maxJoined bounds the search: no transposition that a model has is larger.
const maxJoined = 7

// permuteMany permutes a blob of more dimensions than ncnn has, as a row of
// exchanges of neighbouring blocks, each block seen as one dimension.
func (e *emitter) permuteMany(b *blob, dims, p []int) *blob {
	order := make([]int, len(dims))
	for i := range order {
		order[i] = i
	}
	size := func(from []int) int {
		n := 1
		for _, g := range from {
			n *= dims[g]
		}
		return n
	}
	for _, x := range exchanges(p) {
		blocks := [][]int{order[:x.lo], order[x.lo:x.mid], order[x.mid:x.hi], order[x.hi:]}
		perm := []int{0, 2, 1, 3}
		if x.hi == len(order) {
			blocks, perm = blocks[:3], perm[:3]
		}
		if x.lo == 0 {
			blocks, perm = blocks[1:], perm[1:]
			for i := range perm {
				perm[i]--
			}
		}
		seen := make([]int, len(blocks))
		for i, g := range blocks {
			seen[i] = size(g)
		}
		b = e.permute(e.reshape(b, seen), perm)
		order = x.apply(order)
	}
	return b
}

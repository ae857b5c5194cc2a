package ir

import "slices"

// Exchange swaps the neighbouring blocks of axes [Lo,Mid) and [Mid,Hi). Seen in
// blocks it moves at most four axes, however many there are.
type Exchange struct{ Lo, Mid, Hi int }

// Apply is order after the exchange.
func (x Exchange) Apply(order []int) []int {
	return slices.Concat(order[:x.Lo], order[x.Mid:x.Hi], order[x.Lo:x.Mid], order[x.Hi:])
}

// Blocks are the axes of each block that the exchange sees in order, without empty
// ones, and the permutation of the blocks.
func (x Exchange) Blocks(order []int) (blocks [][]int, perm []int) {
	blocks, perm = [][]int{order[:x.Lo], order[x.Lo:x.Mid], order[x.Mid:x.Hi], order[x.Hi:]}, []int{0, 2, 1, 3}
	if x.Hi == len(order) {
		blocks, perm = blocks[:3], perm[:3]
	}
	if x.Lo == 0 {
		blocks, perm = blocks[1:], perm[1:]
		for i := range perm {
			perm[i]--
		}
	}
	return blocks, perm
}

// MaxExchanged is the most axes that Exchanges takes: it searches, and no
// transposition that a model has is larger.
const MaxExchanged = 7

// Exchanges is a shortest row of exchanges that turns 0, 1, 2, … into p, a
// permutation of at most MaxExchanged axes.
func Exchanges(p []int) []Exchange {
	start := make([]int, len(p))
	for i := range start {
		start[i] = i
	}
	type state struct {
		order []int
		path  []Exchange
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
					x := Exchange{lo, mid, hi}
					o := x.Apply(s.order)
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

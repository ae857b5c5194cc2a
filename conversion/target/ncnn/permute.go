package ncnn

import (
	"slices"
	"strings"

	"slipway/conversion/ir"
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

// permuteMany permutes a blob of more dimensions than ncnn has, as a row of
// exchanges of neighbouring blocks, each block seen as one dimension.
func (e *emitter) permuteMany(b *blob, dims, p []int) *blob {
	order := make([]int, len(dims))
	for i := range order {
		order[i] = i
	}
	for _, x := range ir.Exchanges(p) {
		blocks, perm := x.Blocks(order)
		seen := make([]int, len(blocks))
		for i, block := range blocks {
			seen[i] = 1
			for _, g := range block {
				seen[i] *= dims[g]
			}
		}
		b = e.permute(e.reshape(b, seen), perm)
		order = x.Apply(order)
	}
	return b
}

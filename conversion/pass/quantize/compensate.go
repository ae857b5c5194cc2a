package quantize

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// compensator rounds weights so that their errors cancel out in what the layer
// gives, rather than each to the nearest integer.
//
// With H = XᵀX of the layer's inputs, rounding a row w of the weights to ŵ costs
// (w-ŵ)H(w-ŵ)ᵀ = |(w-ŵ)L|² for the lower Cholesky factor L of H. Column j of L
// has nothing above its diagonal, so from the last weight to the first each is
// rounded with what those behind it left over: Frantar and Alistarh, "Optimal
// Brain Compression", 2022, and Frantar et al., "GPTQ", 2022, in the order of
// Babai's nearest plane (Chen et al., "The Geometry of LLM Quantization: GPTQ as
// Babai's Nearest Plane Algorithm", 2025), which needs no inverse of H.
type compensator struct {
	ctx context.Context
	reg *op.Registry
	o   *Options
}

// damping, as a share of the mean of H's diagonal, is added to the diagonal, so
// that directions which the inputs do not show are not made use of.
const damping = 0.01

// compensate rounds the weights of all products for which there are patches; the
// result is for Options.rounded.
func compensate(ctx context.Context, g *ir.Graph, reg *op.Registry, o *Options, seen map[*ir.Node]*patches) (map[layerKey][]int8, error) {
	if o.smooth != nil {
		copied, err := o.smooth.applied(g, reg)
		if err != nil {
			return nil, err
		}
		g, seen = copied, o.smooth.divided(copied, seen)
	}
	c := &compensator{ctx, reg, o}
	out := map[layerKey][]int8{}
	p := NewPlan(g, o)
	for _, n := range g.Nodes {
		s := seen[n]
		if s == nil || p.roles[n] != product || len(n.In(1).Uses()) > 1 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sum, _ := p.rowBehind(n)
		centred := o.BiasCorrection && (n.Op != "MatMul" || sum != nil)
		q, err := c.layer(n, s, centred)
		if err != nil {
			return nil, fmt.Errorf("layer %q: %w", n.Name, err)
		}
		if q != nil {
			out[layerKey{n.In(1).Const, n.Name}] = q
		}
	}
	return out, nil
}

// layer rounds the weights of n; nil where the patches do not help. centred: the
// bias makes up for what rounding adds to the means.
func (c *compensator) layer(n *ir.Node, s *patches, centred bool) ([]int8, error) {
	w, axis := n.In(1).Const, outputAxis(n)
	m := matrixOf(w, axis, c.o.PerChannel)
	qmax := c.o.qmax()
	nearest, scales := c.o.memo.quantize(w, axis, m, qmax, c.o.Weights == "mse")
	m = matrixOf(w, axis, true)
	groups := 1
	if n.Op == "Conv" {
		groups = int(n.Int("group", 1))
	}
	depth, count := m.outer*m.inner, m.channels/groups
	if depth*groups != s.width || m.channels%groups != 0 {
		return nil, nil
	}
	q := slices.Clone(nearest)
	var mu sync.Mutex
	var failed error
	improved := false
	each := func(lo, hi int) {
		for k := lo; k < hi; k++ {
			for from := 0; from < depth; from += longestRow {
				b := &block{c: c, m: m, q: q, qmax: qmax, scales: scales, channel: k * count, count: count, from: from, depth: min(longestRow, depth-from), column: k*depth + from}
				better, err := b.round(s, centred)
				mu.Lock()
				improved = improved || better
				if err != nil {
					failed = err
				}
				mu.Unlock()
			}
		}
	}
	if groups == 1 {
		each(0, 1)
	} else {
		tensor.Parallel(groups, 1, each)
	}
	if !improved || failed != nil {
		return nil, failed
	}
	return q, nil
}

// block is a run of weights of some channels that are rounded together.
type block struct {
	c              *compensator
	m              matrix
	q              []int8 // of the whole layer: nearest, and then what is better
	qmax           float32
	scales         []float32
	channel, count int // output channels
	from, depth    int // weights of each channel
	column         int // of the patches
}

// round replaces the integers of those channels whose error on rows of the inputs
// that had no part in the rounding becomes less.
func (b *block) round(s *patches, centred bool) (better bool, err error) {
	fit, test := s.split(b.column, b.depth)
	if len(fit) < rowsNeeded*b.depth*b.depth || len(test) == 0 {
		return false, nil
	}
	k := b.depth
	means := make([]float64, k)
	power := make([]float64, k)
	rows := len(fit) / k
	for i, x := range fit {
		means[i%k] += float64(x)
	}
	for j := range means {
		means[j] /= float64(rows)
		if !centred {
			means[j] = 0
		}
	}
	for i, x := range fit {
		d := float64(x) - means[i%k]
		power[i%k] += d * d
	}
	order := make([]int, k)
	for j := range order {
		order[j] = j
	}
	// The strongest inputs come last: they are rounded first, and the others
	// make up for them.
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case power[i] < power[j]:
			return -1
		case power[i] > power[j]:
			return 1
		}
		return 0
	})
	fit, test = arranged(fit, order, means), arranged(test, order, means)
	h, err := b.c.mul(fit, fit, k, k, rows, true)
	if err != nil {
		return false, err
	}
	total := 0.0
	for _, p := range power {
		total += p
	}
	if total == 0 || math.IsNaN(total) || math.IsInf(total, 0) {
		return false, nil
	}
	damp := float32(damping * total / float64(k))
	for j := range k {
		h[j*k+j] += damp
	}
	if ok, err := b.c.cholesky(h, k); !ok || err != nil {
		return false, err
	}
	w, scales, near := b.weights(order)
	e, err := b.c.nearestPlane(h, w, scales, k, b.count, b.qmax)
	if err != nil {
		return false, err
	}
	before, err := b.c.noise(test, near, k, b.count)
	if err != nil {
		return false, err
	}
	after, err := b.c.noise(test, e, k, b.count)
	if err != nil {
		return false, err
	}
	for c := range b.count {
		if after[c] >= before[c] {
			continue
		}
		better = true
		inv := 1 / scales[c]
		for j, o := range order {
			b.q[b.at(c, o)] = int8(math.RoundToEven(float64((w[j*b.count+c] - e[j*b.count+c]) * inv)))
		}
	}
	return better, nil
}

// at is where weight i of channel c stands.
func (b *block) at(c, i int) int {
	k := b.from + i
	return (k/b.m.inner*b.m.channels+b.channel+c)*b.m.inner + k%b.m.inner
}

// weights are the block's in the given order, one row of all channels for each,
// with the channels' scales and the errors of the nearest integers.
func (b *block) weights(order []int) (w, scales, near []float32) {
	w, near, scales = make([]float32, len(order)*b.count), make([]float32, len(order)*b.count), make([]float32, b.count)
	for c := range scales {
		scales[c] = b.scales[0]
		if len(b.scales) > 1 {
			scales[c] = b.scales[b.channel+c]
		}
		for j, o := range order {
			at := b.at(c, o)
			w[j*b.count+c] = b.m.v[at]
			near[j*b.count+c] = b.m.v[at] - float32(b.q[at])*scales[c]
		}
	}
	return w, scales, near
}

// arranged are the rows with their columns in another order, less their means.
func arranged(rows []float32, order []int, means []float64) []float32 {
	k := len(order)
	out := make([]float32, len(rows))
	for i := 0; i < len(rows); i += k {
		for j, o := range order {
			out[i+j] = rows[i+o] - float32(means[o])
		}
	}
	return out
}

// split cuts the columns from column on out of the patches: rows to learn from,
// and, of every fourth input, rows to judge by.
func (s *patches) split(column, depth int) (fit, test []float32) {
	at := 0
	for i, rows := range s.inputs {
		for r := 0; r < len(rows); r += s.width {
			row := rows[r+column:][:depth]
			if len(s.inputs) >= 4 && i%4 == 3 || len(s.inputs) < 4 && at%4 == 3 {
				test = append(test, row...)
			} else {
				fit = append(fit, row...)
			}
			at++
		}
	}
	return fit, test
}

// noise is the squared error of each channel's results on the rows, for errors e
// of its weights.
func (c *compensator) noise(rows, e []float32, k, count int) ([]float64, error) {
	y, err := c.mul(rows, e, len(rows)/k, count, k, false)
	if err != nil {
		return nil, err
	}
	out := make([]float64, count)
	for i := 0; i < len(y); i += count {
		for j, v := range y[i:][:count] {
			out[j] += float64(v) * float64(v)
		}
	}
	return out, nil
}

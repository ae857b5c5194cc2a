package prune

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Options of prune_magnitude.
type Options struct {
	Ratio  float64            `yaml:"ratio" json:"ratio" key:"ratio" title:"Pruning ratio" help:"Share of the weights that become zero" min:"0" max:"0.99" step:"0.05"`
	Scope  string             `yaml:"scope,omitempty" json:"scope,omitempty" key:"scope" title:"Ratio applies to" help:"global: one threshold for the whole model; layer: each layer alone" choices:"global|layer"`
	Layers map[string]float64 `yaml:"layers,omitempty" json:"layers,omitempty" key:"layers" title:"Ratios by layer" help:"Ratios of single layers, which then count for no global threshold" min:"0" max:"0.99"`
}

// Magnitude is prune_magnitude.
var Magnitude = &pass.Pass{
	Name:    "prune_magnitude",
	About:   "Sets the weights of the smallest magnitude to zero",
	Options: &Options{Ratio: 0.5, Scope: "global"},
	Run:     magnitude,
}

// layer is one weight tensor with the nodes that read it.
type layer struct {
	v     *ir.Value
	nodes []*ir.Node
	ratio float64 // of its own, negative: the global threshold
}

// layers lists the constant 32-bit float weights of products, each once.
func layers(g *ir.Graph) []*layer {
	var out []*layer
	at := map[*ir.Value]*layer{}
	for _, n := range g.Nodes {
		switch n.Op {
		case "Conv", "ConvTranspose", "Gemm", "MatMul":
		default:
			continue
		}
		for _, v := range n.Inputs[:min(2, len(n.Inputs))] {
			if !v.IsConst() || v.DType != tensor.Float32 || v.Rank() < 2 {
				continue
			}
			if at[v] == nil {
				at[v] = &layer{v: v, ratio: -1}
				out = append(out, at[v])
			}
			at[v].nodes = append(at[v].nodes, n)
		}
	}
	return out
}

func (l *layer) called(name string) bool {
	return slices.ContainsFunc(l.nodes, func(n *ir.Node) bool { return n.Name == name || slices.Contains(n.Origin, name) })
}

func magnitude(g *ir.Graph, c *pass.Ctx) error {
	o := c.Options.(*Options)
	all := layers(g)
	known := map[string]bool{}
	var together []*layer
	for _, l := range all {
		if o.Scope == "layer" {
			l.ratio = o.Ratio
		}
		for name, r := range o.Layers {
			if l.called(name) {
				l.ratio, known[name] = r, true
			}
		}
		if l.ratio < 0 {
			together = append(together, l)
		}
	}
	for name := range o.Layers {
		if !known[name] {
			return diag.Errorf("prune.unknown-layer", "there is no layer %q with weights to prune", name)
		}
	}
	cuts := map[*layer]cut{}
	shared := cutOf(together, o.Ratio)
	for _, l := range all {
		if err := c.Err(); err != nil {
			return err
		}
		if l.ratio < 0 {
			cuts[l] = shared
		} else {
			cuts[l] = cutOf([]*layer{l}, l.ratio)
		}
	}
	p := c.Edit(g)
	var zeros, total int
	left := shared.atThreshold
	for _, l := range all {
		k := cuts[l]
		if l.ratio < 0 {
			k.atThreshold = left
		}
		t, now, used := k.apply(l.v.Const)
		if l.ratio < 0 {
			left -= used
		}
		zeros, total = zeros+now, total+t.Len()
		l.replace(p, t, c)
	}
	if total == 0 {
		c.Find(diag.Warnf("prune.nothing", "this model has no constant weights to prune"))
		return nil
	}
	c.Find(achieved(zeros, total))
	return p.Done()
}

func achieved(zeros, total int) *diag.Finding {
	return diag.Infof("prune.sparsity", "%d of %d weights are zero (%.2f %%)", zeros, total, 100*float64(zeros)/float64(total)).
		Suggest("the file becomes smaller when it is compressed; it runs faster only where the runtime has sparse kernels")
}

// replace makes the readers of l use t.
func (l *layer) replace(p *ir.Patch, t *tensor.Tensor, c *pass.Ctx) {
	if t == l.v.Const {
		return
	}
	w := p.Const(l.v.Name, t)
	for _, u := range slices.Clone(l.v.Uses()) {
		if slices.Contains(l.nodes, u.Node) {
			p.SetInput(u.Node, u.Index, w)
		}
	}
	c.Fire()
}

// cut says which magnitudes become zero: all below the threshold, given as the
// bits of a non-negative float32, and so many of those equal to it.
type cut struct {
	threshold   uint32
	atThreshold int
}

// cutOf finds the cut that takes exactly floor(ratio*n) of the n weights, by
// selection on the magnitudes' bits: a count over the upper 16, then over the
// lower 16 of the one bucket that holds the threshold.
func cutOf(ls []*layer, ratio float64) cut {
	n := 0
	for _, l := range ls {
		n += l.v.Const.Len()
	}
	want := int(math.Floor(ratio*float64(n) + 1e-9))
	if want <= 0 {
		return cut{}
	}
	hi, below := selectBucket(ls, want, func(b uint32) (uint32, bool) { return b >> 16, true })
	lo, below2 := selectBucket(ls, want-below, func(b uint32) (uint32, bool) { return b & 0xffff, b>>16 == hi })
	return cut{hi<<16 | lo, want - below - below2}
}

// selectBucket counts the magnitudes that f accepts by their bucket and returns
// the bucket that holds the want-th smallest, and how many lie in those before.
func selectBucket(ls []*layer, want int, f func(bits uint32) (uint32, bool)) (bucket uint32, below int) {
	counts := make([]int, 1<<16)
	var mu sync.Mutex
	for _, l := range ls {
		v := l.v.Const.Float32s()
		tensor.Parallel(len(v), 1<<17, func(lo, hi int) {
			local := make([]int, 1<<16)
			for _, x := range v[lo:hi] {
				if b, ok := f(math.Float32bits(x) &^ (1 << 31)); ok {
					local[b]++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for i, k := range local {
				counts[i] += k
			}
		})
	}
	for i, k := range counts {
		if below+k >= want {
			return uint32(i), below
		}
		below += k
	}
	return 0xffff, below
}

// apply gives t with its small elements zero, how many are zero then, and how
// many of those were equal to the threshold.
func (k cut) apply(t *tensor.Tensor) (out *tensor.Tensor, zeros, used int) {
	out = tensor.New(tensor.Float32, t.Shape()...)
	src, dst := t.Float32s(), tensor.View[float32](out)
	var mu sync.Mutex
	var equal []int
	tensor.Parallel(len(src), 1<<16, func(lo, hi int) {
		none := 0
		var here []int
		for i, x := range src[lo:hi] {
			b := math.Float32bits(x) &^ (1 << 31)
			if b < k.threshold || b == 0 {
				none++
				continue
			}
			dst[lo+i] = x
			if b == k.threshold {
				here = append(here, lo+i)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		zeros += none
		equal = append(equal, here...)
	})
	slices.Sort(equal)
	used = min(k.atThreshold, len(equal))
	for _, i := range equal[:used] {
		dst[i] = 0
	}
	return out, zeros + used, used
}

// NofM are the options of prune_n_of_m.
type NofM struct {
	Keep  int `key:"keep" title:"Keep" help:"Weights kept of each group" min:"1" max:"8"`
	Group int `key:"group" title:"Group" help:"Neighbours along the input channels" min:"2" max:"16"`
	// KeepLayers are left as they are.
	KeepLayers []string `key:"keep_layers" title:"Leave layers" help:"Layers that are not pruned"`
}

// Structured is prune_n_of_m.
var Structured = &pass.Pass{
	Name:    "prune_n_of_m",
	About:   "Keeps the largest weights of every group of neighbours along the input channels, such as 2 of 4",
	Options: &NofM{Keep: 2, Group: 4},
	Run:     nOfM,
}

func nOfM(g *ir.Graph, c *pass.Ctx) error {
	o := c.Options.(*NofM)
	if o.Keep >= o.Group {
		return fmt.Errorf("keeping %d of %d prunes nothing", o.Keep, o.Group)
	}
	p := c.Edit(g)
	zeros, total := 0, 0
	for _, l := range layers(g) {
		if err := c.Err(); err != nil {
			return err
		}
		total += l.v.Const.Len()
		if slices.ContainsFunc(o.KeepLayers, l.called) {
			continue
		}
		outer, axis, inner := reduction(l.nodes[0], l.v)
		if axis%o.Group != 0 {
			c.Miss(l.nodes[0], "%d input channels are no multiple of %d", axis, o.Group)
			continue
		}
		t := mask(l.v.Const, outer, axis, inner, o.Keep, o.Group)
		for _, x := range tensor.View[float32](t) {
			if x == 0 {
				zeros++
			}
		}
		l.replace(p, t, c)
	}
	if total == 0 {
		c.Find(diag.Warnf("prune.nothing", "this model has no constant weights to prune"))
		return nil
	}
	c.Find(achieved(zeros, total))
	return p.Done()
}

// reduction gives the weights as [outer, axis, inner] where axis is what the
// product sums over: input channels.
func reduction(n *ir.Node, v *ir.Value) (outer, axis, inner int) {
	s := v.Const.Shape()
	at := 1 // Conv [O,I,…], Gemm with transB [N,K]
	switch {
	case n.Op == "ConvTranspose":
		at = 0
	case n.Op == "MatMul" || n.Op == "Gemm" && n.Int("transB", 0) == 0:
		at = len(s) - 2
	}
	if n.In(0) == v { // a constant left operand: [M,K]
		at = len(s) - 1
	}
	outer, inner = 1, 1
	for i, d := range s {
		switch {
		case i < at:
			outer *= d
		case i > at:
			inner *= d
		}
	}
	return outer, s[at], inner
}

func mask(t *tensor.Tensor, outer, axis, inner, keep, group int) *tensor.Tensor {
	out := tensor.New(tensor.Float32, t.Shape()...)
	src, dst := t.Float32s(), tensor.View[float32](out)
	tensor.Parallel(outer, max(1, 1<<15/max(1, axis*inner)), func(lo, hi int) {
		idx := make([]int, group)
		for o := lo; o < hi; o++ {
			for a := 0; a < axis; a += group {
				for i := range inner {
					for k := range idx {
						idx[k] = (o*axis+a+k)*inner + i
					}
					slices.SortStableFunc(idx, func(x, y int) int {
						bx, by := math.Float32bits(src[x])&^(1<<31), math.Float32bits(src[y])&^(1<<31)
						return int(int64(by) - int64(bx))
					})
					for _, k := range idx[:keep] {
						dst[k] = src[k]
					}
				}
			}
		}
	})
	return out
}

package fuse

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/ops/norm"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// BatchNorm is the pass fuse_batch_norm.
var BatchNorm = &pass.Pass{
	Name:  "fuse_batch_norm",
	About: "Folds batch normalisation into the weights of the layer before it, or exactly, after it",
	After: []string{"fold_constants", "remove_identity"},
	Run:   fuseBatchNorm,
}

func fuseBatchNorm(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		if n.Op != "BatchNormalization" {
			continue
		}
		factor, offset, why := statistics(n)
		if why != "" {
			c.Miss(n, "%s", why)
			continue
		}
		before := ""
		l, why := producer(g, n, 0)
		if l != nil {
			switch {
			case l.channels != len(factor):
				why = fmt.Sprintf("it has %d channels, %q has %d", len(factor), l.n.Name, l.channels)
			default:
				why = l.absorb(g, p, n, factor, offset)
			}
			if why == "" {
				c.Fire()
				continue
			}
		}
		if before = intoNext(g, p, n, factor, offset); before == "" {
			c.Fire()
			continue
		}
		if why == "" {
			why = before
		}
		c.Miss(n, "%s", why)
	}
	return p.Done()
}

func statistics(n *ir.Node) (factor, offset []float64, why string) {
	var t [4]*tensor.Tensor
	for i := range t {
		v := n.In(i + 1)
		if !v.IsConst() {
			return nil, nil, "its statistics are not constant"
		}
		t[i] = v.Const
	}
	factor, offset, err := norm.Affine(t[0], t[1], t[2], t[3], n.Float("epsilon", 1e-5))
	if err != nil {
		return nil, nil, err.Error()
	}
	for i := range factor {
		if x := factor[i] + offset[i]; math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, nil, fmt.Sprintf("channel %d has variance %g", i, t[3].Float64s()[i])
		}
	}
	return factor, offset, ""
}

// intoNext folds a normalisation into the convolution that reads it, which is
// exact where nothing is padded with zeros that the shift would have moved.
func intoNext(g *ir.Graph, p *ir.Patch, n *ir.Node, factor, offset []float64) string {
	y := n.Out(0)
	if !g.SingleUse(y) {
		return "no convolution alone reads or feeds it"
	}
	next := y.Uses()[0].Node
	if next.Op != "Conv" || y.Uses()[0].Index != 0 {
		return fmt.Sprintf("neither what feeds it nor its reader %q (%s) can take it", next.Name, next.Op)
	}
	l, why, _ := asLinear(next)
	if why != "" {
		return fmt.Sprintf("%q: %s", next.Name, why)
	}
	if anyNonZero(offset) && padded(next) {
		return fmt.Sprintf("%q pads with zeros, which the shift would move", next.Name)
	}
	group := int(next.Int("group", 1))
	s := l.weights.Shape()
	if s[0]%group != 0 || s[1]*group != len(factor) {
		return fmt.Sprintf("it has %d channels, %q reads %d", len(factor), next.Name, s[1]*group)
	}
	perGroup, inner := s[0]/group, l.inner/s[1]
	channel := func(row int) int { return row/s[1]/perGroup*s[1] + row%s[1] }
	w, ok := mapRows(l.weights, inner, func(row int) float64 { return factor[channel(row)] })
	if !ok {
		return fmt.Sprintf("the weights would not fit %v", l.weights.DType())
	}
	bias, _ := l.biasValues()
	for row, v := 0, l.weights.Float64s(); row < s[0]*s[1]; row++ {
		sum := 0.0
		for _, x := range v[row*inner : (row+1)*inner] {
			sum += x
		}
		bias[row/s[1]] += sum * offset[channel(row)]
	}
	b, err := tensor.FromFloat64s(l.weights.DType(), bias, len(bias))
	if err != nil || !b.Finite() {
		return fmt.Sprintf("the bias would not fit %v", l.weights.DType())
	}
	x := n.In(0)
	p.SetInput(next, 0, x)
	setConst(g, p, next, 1, w, "")
	setConst(g, p, next, 2, b, next.Name+"_bias")
	p.AddOrigin(next, n)
	detach(p, n)
	return ""
}

func padded(conv *ir.Node) bool {
	if a := conv.Str("auto_pad", "NOTSET"); a == "SAME_UPPER" || a == "SAME_LOWER" {
		for _, k := range conv.In(1).Const.Shape()[2:] {
			if k != 1 {
				return true
			}
		}
		return false
	}
	for _, v := range conv.Ints("pads") {
		if v != 0 {
			return true
		}
	}
	return false
}

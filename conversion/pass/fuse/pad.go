package fuse

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op/kernel"
	"slipway/conversion/pass"
)

// Pad is the pass fuse_pad.
var Pad = &pass.Pass{
	Name:  "fuse_pad",
	About: "Lets convolutions and pools pad by themselves instead of a Pad before them",
	After: []string{"fold_constants", "remove_identity"},
	Run:   fusePad,
}

func fusePad(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		if n.Op != "Conv" && n.Op != "AveragePool" && n.Op != "MaxPool" || n.In(0) == nil {
			continue
		}
		pad := n.In(0).Node()
		if pad == nil || pad.Op != "Pad" {
			continue
		}
		pads, why := spatialPads(pad, n)
		if why != "" {
			c.Miss(n, "%s", why)
			continue
		}
		own := n.Ints("pads")
		if own == nil {
			own = make([]int64, len(pads))
		}
		if len(own) != len(pads) {
			continue
		}
		sum := make([]int64, len(pads))
		for i := range pads {
			sum[i] = pads[i] + own[i]
		}
		if n.Op == "AveragePool" {
			if anyInt(own) && n.Int("count_include_pad", 0) == 0 || n.Int("ceil_mode", 0) != 0 {
				c.Miss(n, "it counts the padding of %q, but not its own", pad.Name)
				continue
			}
		}
		// Runtimes refuse pools with windows on padding alone.
		if size := n.Ints("kernel_shape"); n.Op != "Conv" && kernel.PaddingAlone(sum, size) {
			c.Miss(n, "it may not pad by as much as its window, %v", size)
			continue
		}
		if n.Op == "MaxPool" && n.Out(1) != nil {
			c.Miss(n, "its indices count the padding of %q", pad.Name)
			continue
		}
		if n.Op == "AveragePool" {
			p.SetAttr(n, "count_include_pad", int64(1))
		}
		p.SetInput(n, 0, pad.In(0))
		p.SetAttr(n, "pads", sum)
		p.SetAttr(n, "auto_pad", nil)
		p.AddOrigin(n, pad)
		c.Fire()
	}
	return p.Done()
}

// spatialPads is what a Pad adds to the spatial axes, in the order of the pads
// attribute; why it cannot be taken over otherwise.
func spatialPads(pad, n *ir.Node) (pads []int64, why string) {
	if m := pad.Str("mode", "constant"); m != "constant" {
		return nil, "the padding is of mode " + m
	}
	if a := n.Str("auto_pad", "NOTSET"); a != "NOTSET" && a != "VALID" {
		return nil, "it pads automatically"
	}
	value := 0.0
	if v := pad.In(2); v != nil {
		s, ok := v.ConstScalar()
		if !ok {
			return nil, "the padding's value is not constant"
		}
		value = s
	}
	if n.Op == "MaxPool" {
		if !math.IsInf(value, -1) {
			return nil, "the padding is not minus infinity"
		}
	} else if value != 0 {
		return nil, "the padding is not zero"
	}
	all, ok := pad.In(1).ConstInts()
	rank := pad.In(0).Rank()
	if !ok || rank < 3 {
		return nil, "the padding is not constant"
	}
	full := all
	if pad.In(3) != nil {
		axes, ok := pad.In(3).ConstInts()
		if !ok || len(all) != 2*len(axes) {
			return nil, "the padded axes are not constant"
		}
		full = make([]int64, 2*rank)
		for i, a := range axes {
			if a < 0 {
				a += int64(rank)
			}
			if a < 0 || a >= int64(rank) {
				return nil, "the padded axes are out of range"
			}
			full[a], full[int(a)+rank] = all[i], all[i+len(axes)]
		}
	}
	if len(full) != 2*rank {
		return nil, "the padding does not fit the rank"
	}
	for i, v := range full {
		if v < 0 {
			return nil, "the padding is negative"
		}
		if v != 0 && i%rank < 2 {
			return nil, "the padding is not only spatial"
		}
	}
	return append(append([]int64{}, full[2:rank]...), full[rank+2:]...), ""
}

func anyInt(v []int64) bool {
	for _, x := range v {
		if x != 0 {
			return true
		}
	}
	return false
}

package unsigned

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// by is the name stamped on the nodes made here.
const by = "tensorrt_unsigned"

// maxRounds bounds the steps from an operator to quantizers to arithmetic.
const maxRounds = 16

// Free rewrites g and the bodies in it. legal tells whether the target takes the types
// of a node, has whether it has an operator at all. What is not understood stays as it
// is.
func Free(g *ir.Graph, reg *op.Registry, legal func(*ir.Node) bool, has func(op string) bool) error {
	for _, n := range g.Nodes {
		for _, body := range n.Bodies() {
			if err := Free(body, reg, legal, has); err != nil {
				return err
			}
		}
	}
	f := &freer{g: g, reg: reg, legal: legal, has: has, tried: map[*ir.Node]bool{}}
	for range maxRounds {
		if !slices.ContainsFunc(g.Nodes, touches) {
			break
		}
		f.p = g.Edit(by, reg.Infer)
		changed := f.apart() || f.groups()
		if err := f.p.Done(); err != nil {
			return err
		}
		if !changed {
			break
		}
	}
	return nil
}

type freer struct {
	g     *ir.Graph
	reg   *op.Registry
	legal func(*ir.Node) bool
	has   func(string) bool
	tried map[*ir.Node]bool // has no decomposition
	p     *ir.Patch
}

// touches reports whether n reads or makes unsigned integers.
func touches(n *ir.Node) bool {
	is := func(v *ir.Value) bool { return v != nil && v.DType == tensor.Uint8 }
	return slices.ContainsFunc(n.Inputs, is) || slices.ContainsFunc(n.Outputs, is)
}

// apart decomposes operators that the target lacks, so that quantizers and casts are
// left, and takes the sign of constants into their readers.
func (f *freer) apart() bool {
	changed := false
	for _, n := range slices.Clone(f.g.Nodes) {
		switch {
		case !touches(n):
		case !f.has(n.Op):
			changed = f.decompose(n) || changed
		case n.Op == "Cast" && n.In(0).IsConst():
			t, err := n.In(0).Const.Cast(n.Out(0).DType)
			if err != nil || n.Out(0).DType == tensor.Uint8 {
				continue
			}
			f.p.Replace(n.Out(0), f.p.Const(n.Out(0).Name, t))
			changed = true
		case n.Op == "DequantizeLinear" && n.In(0).IsConst() && shifts(n):
			c := &carrier{f: f, to: tensor.Int8}
			f.p.Replace(n.Out(0), c.quantizer(n, c.constant(n.In(0))))
			changed = true
		}
	}
	return changed
}

// decompose takes n apart by one step, if it can be; why it cannot, legalization tells.
func (f *freer) decompose(n *ir.Node) bool {
	if f.tried[n] {
		return false
	}
	f.tried[n] = true
	return f.reg.Decompose(f.p, n) == nil
}

// quantizes reports whether n makes or reads quantized values by its own account.
func quantizes(n *ir.Node) bool { return n.Op == "QuantizeLinear" || n.Op == "DequantizeLinear" }

// shifts reports whether quantizer n can work on numbers that are 128 less.
func shifts(n *ir.Node) bool {
	if z := n.In(2); z != nil {
		return z.IsConst()
	}
	_, ok := n.In(1).Shape.Ints()
	return ok
}

// movers pick, move or compare whole elements, and do the same to elements in another
// type. Those of sizes read no elements at all.
var movers = map[string]bool{
	"Identity": true, "Transpose": true, "Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true, "Concat": true,
	"Slice": true, "Split": true, "Gather": true, "GatherND": true, "GatherElements": true, "Expand": true, "Tile": true,
	"DepthToSpace": true, "SpaceToDepth": true, "MaxPool": true, "Max": true, "Min": true, "Where": true,
	"ReduceMax": true, "ReduceMin": true, "Shape": true, "Size": true,
}

// moves reports whether n is such an operator in all its attributes.
func moves(n *ir.Node) bool {
	switch n.Op {
	case "Resize":
		return n.Str("mode", "nearest") == "nearest" && n.Str("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize"
	case "Clip": // a bound left out is the type's own
		return n.In(1) != nil && n.In(2) != nil
	case "Pad":
		return true
	}
	return movers[n.Op]
}

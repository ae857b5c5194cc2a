package openvino

import (
	"math"
	"slices"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/target/internal/quantized"
	"slipway/conversion/target/openvino/faults"
	"slipway/conversion/tensor"
)

// plainShapes rewrites what the CPU plugin (2026.4) gets wrong behind a product of
// integers, whose scale for each channel it takes along. An index without axes leaves
// the axis there that it takes an element of, and reductions that drop their axes give
// other numbers: with the axis kept, and then dropped, both are right. A last axis of
// one element more is refused or gives other numbers, but behind a maximum, which
// changes nothing here; nor does it take pools and enlargements along the axis of the
// scales. Products that it would join are parted; see faults.
func plainShapes(g *ir.Graph, p *ir.Patch) {
	for _, n := range slices.Clone(g.Nodes) {
		if v := n.Out(0); v == nil || v.DType != tensor.Float32 || v.Shape == nil || n.In(0) == nil || n.In(0).Shape == nil || n.In(0).IsConst() {
			continue
		}
		switch {
		case n.Op == "Gather" && n.In(1).Rank() == 0:
			plainGather(p, n)
		case strings.HasPrefix(n.Op, "Reduce") && n.Int("keepdims", 1) == 0:
			plainReduce(p, n)
		case n.Op == "Unsqueeze" || n.Op == "Reshape":
			plainLast(p, n)
		case windows[n.Op] && behindProduct(n.In(0)):
			plainly(p, n)
		case faults.Sequence(n):
			part(p, n)
		}
	}
}

func plainGather(p *ir.Patch, n *ir.Node) {
	if n.In(1).Shape == nil {
		return
	}
	axis := n.Int("axis", 0)
	if axis < 0 {
		axis += int64(len(n.In(0).Shape))
	}
	var at *ir.Value
	if list, ok := n.In(1).ConstInts(); ok {
		at = p.Const(n.Name+"_at", tensor.Of(list, 1))
	} else {
		at = p.Add("Unsqueeze", nil, []*ir.Value{n.In(1), p.Const(n.Name+"_axes", tensor.Of([]int64{0}, 1))}, n)
	}
	kept := p.Add("Gather", n.Attrs.Clone(), []*ir.Value{n.In(0), at}, n)
	p.Rewrite(n, "Squeeze", nil, kept, p.Const(n.Name+"_axis", tensor.Of([]int64{axis}, 1)))
}

func plainReduce(p *ir.Patch, n *ir.Node) {
	var axes []int64
	if noAxes(n) {
		if n.Int("noop_with_empty_axes", 0) != 0 {
			return
		}
		axes = axesFrom(0, len(n.In(0).Shape))
	} else if list, ok := n.In(1).ConstInts(); ok {
		axes = slices.Clone(list)
	} else {
		return
	}
	attrs := n.Attrs.Clone()
	attrs["keepdims"] = int64(1)
	kept := p.Add(n.Op, attrs, slices.Clone(n.Inputs), n)
	p.Rewrite(n, "Squeeze", nil, kept, p.Const(n.Name+"_axes", tensor.Of(axes, len(axes))))
}

// plainLast is for tensors of three and more axes: of two the plugin gets right.
func plainLast(p *ir.Patch, n *ir.Node) {
	x, out := n.In(0), n.Out(0).Shape
	rank := len(x.Shape)
	if x.Node() == nil || rank < 3 || len(out) <= rank || !out[:rank].Equal(x.Shape) || slices.ContainsFunc(out[rank:], func(d ir.Dim) bool { return !d.Is(1) }) {
		return
	}
	plainly(p, n)
}

// plainly puts a maximum that changes nothing before n.
func plainly(p *ir.Patch, n *ir.Node) {
	least := p.Const(n.Name+"_least", tensor.Scalar(float32(math.Inf(-1))))
	p.SetInput(n, 0, p.Add("Max", nil, []*ir.Value{n.In(0), least}, n))
}

// windows are operators that the plugin moves the scales of a product behind, though
// they change the axis that these belong to.
var windows = map[string]bool{"MaxPool": true, "AveragePool": true, "Resize": true}

// behindProduct reports whether v is what a product of integers gives, as other windows
// pass it on.
func behindProduct(v *ir.Value) bool {
	n := v.Node()
	switch {
	case n == nil || len(n.Inputs) == 0:
		return false
	case windows[n.Op] || n.Op == "Identity" || n.Op == "Add" && n.In(1).IsConst():
		return n.In(0) != nil && behindProduct(n.In(0))
	}
	return n.Op == "MatMul" && slices.ContainsFunc(n.Inputs, func(x *ir.Value) bool {
		d := x.Node()
		return d != nil && d.Op == "DequantizeLinear" && d.In(1).Rank() > 0
	})
}

// part gives the integers that a product reads an axis more, and takes it away again.
func part(p *ir.Patch, n *ir.Node) {
	d := n.In(0).Node()
	if d == nil || !quantized.Data(d) {
		return
	}
	q := d.In(0).Node()
	if q == nil || q.Op != "QuantizeLinear" || !q.In(1).IsConst() || q.In(1).Const.Len() != 1 {
		return // of several scales they are not joined
	}
	axes := func() *ir.Value { return p.Const(n.Name+"_axes", tensor.Of([]int64{1}, 1)) }
	x := p.Add("Unsqueeze", nil, []*ir.Value{q.In(0), axes()}, q)
	x = p.Add("QuantizeLinear", q.Attrs.Clone(), append([]*ir.Value{x}, q.Inputs[1:]...), q)
	x = p.Add("DequantizeLinear", d.Attrs.Clone(), append([]*ir.Value{x}, d.Inputs[1:]...), d)
	p.SetInput(n, 0, p.Add("Squeeze", nil, []*ir.Value{x, axes()}, d))
}

package openvino

import (
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target/internal/quantized"
	"slipway/conversion/target/openvino/faults"
	"slipway/conversion/tensor"
)

// inFloat has convolutions computed in floats that the plugin gets wrong in
// integers: weights of a quantized model become the floats that they stand for,
// which the plugin multiplies as such. A finding for each reason names the layers.
// Averages, and shapes behind products, are written otherwise.
func inFloat(g *ir.Graph, reg *op.Registry) (diag.List, error) {
	var found diag.List
	told, borders := &quantized.Told{Code: "openvino.float-layer"}, averageBorder()
	for _, part := range quantized.Graphs(g) {
		if err := partInFloat(part, reg, told, borders); err != nil {
			return nil, err
		}
	}
	if len(borders.Layers) > 0 {
		found = append(found, borders)
	}
	return append(found, told.Findings()...), nil
}

// partInFloat does it in a graph or a body, and leaves bodies in it alone.
func partInFloat(g *ir.Graph, reg *op.Registry, told *quantized.Told, borders *diag.Finding) error {
	p := g.Edit("openvino", reg.Infer)
	averages(g, p, borders)
	plainShapes(g, p)
	for _, n := range slices.Clone(g.Nodes) {
		if n.Op != "Conv" && n.Op != "ConvTranspose" {
			continue
		}
		d := n.In(1).Node()
		if d == nil || !quantized.Constant(d) || d.Int("block_size", 0) != 0 || d.In(0).DType.Bits() > 8 || d.Out(0).DType != tensor.Float32 {
			continue
		}
		why := faults.Integers(n)
		if why == "" {
			why = zeroFault(n, d)
		}
		if why == "" {
			continue
		}
		if err := quantized.Widen(p, reg, n, 1, d); err != nil {
			return err
		}
		told.Add(n, why)
	}
	return p.Done()
}

// zeroFault says why the plugin does not take the zero points of n's weights, which
// d dequantizes.
func zeroFault(n, d *ir.Node) string {
	z := d.In(2)
	if z == nil || z.Const.IsZero() {
		return ""
	}
	groups := n.Int("group", 1)
	if n.Op == "ConvTranspose" && groups == 1 {
		return "the runtime gets transposed convolutions wrong in integers whose weights have a zero point"
	}
	values := z.Const.Float64s()
	if groups > 1 && slices.ContainsFunc(values, func(v float64) bool { return v != values[0] }) {
		return "the runtime refuses convolutions of several groups in integers whose weights have zero points of their own in each channel"
	}
	return ""
}

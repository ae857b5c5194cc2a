package openvino

import (
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target/openvino/faults"
	"slipway/conversion/tensor"
)

// inFloat has convolutions computed in floats that the plugin gets wrong in
// integers: weights of a quantized model become the floats that they stand for,
// which the plugin multiplies as such. A finding for each reason names the layers.
// Averages are written otherwise.
func inFloat(g *ir.Graph, reg *op.Registry) (diag.List, error) {
	if !slices.ContainsFunc(g.Nodes, quantizesData) {
		return nil, nil
	}
	p := g.Edit("openvino", reg.Infer)
	var found diag.List
	if f := averages(g, p); f != nil {
		found = append(found, f)
	}
	by := map[string]*diag.Finding{}
	for _, n := range slices.Clone(g.Nodes) {
		if n.Op != "Conv" && n.Op != "ConvTranspose" {
			continue
		}
		d := n.In(1).Node()
		if d == nil || d.Op != "DequantizeLinear" || !constantLike(d) || d.In(0).DType.Bits() > 8 || d.Out(0).DType != tensor.Float32 {
			continue
		}
		why := faults.Integers(n)
		if why == "" {
			why = zeroFault(n, d)
		}
		if why == "" {
			continue
		}
		w, err := dequantize(d)
		if err != nil {
			return nil, err
		}
		p.SetInput(n, 1, p.Const(d.Out(0).Name+"_float", w))
		p.AddOrigin(n, d)
		f := by[why]
		if f == nil {
			f = diag.Infof("openvino.float-layer", "quantized layers are computed in floats: %s", why)
			by[why], found = f, append(found, f)
		}
		f.Layers = append(f.Layers, n.Origin...)
	}
	return found, p.Done()
}

// quantizesData reports whether n makes 8-bit integers of what is not constant.
func quantizesData(n *ir.Node) bool {
	return n.Op == "DequantizeLinear" && !n.In(0).IsConst() && n.In(0).DType.Bits() <= 8
}

// zeroFault says why the plugin does not take the zero points of n's weights, which
// d dequantizes.
func zeroFault(n, d *ir.Node) string {
	z := d.In(2)
	if z == nil || allZero(z.Const) {
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

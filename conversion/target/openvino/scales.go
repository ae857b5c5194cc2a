package openvino

import (
	"math"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target/internal/quantized"
)

// coarsest is the scale from which on the CPU plugin's products of scales overflow.
const coarsest = 1e30

// coarse warns of scales that the CPU plugin (2026.4) makes infinities of, or a file that
// it refuses.
func coarse(g *ir.Graph) diag.List {
	var layers []string
	for _, part := range quantized.Graphs(g) {
		for _, n := range part.Nodes {
			if n.Op != "QuantizeLinear" && n.Op != "DequantizeLinear" || !n.In(1).IsConst() {
				continue
			}
			if slices.ContainsFunc(n.In(1).Const.Float64s(), func(s float64) bool { return math.Abs(s) >= coarsest }) {
				layers = append(layers, n.Origin...)
			}
		}
	}
	if len(layers) == 0 {
		return nil
	}
	slices.Sort(layers)
	f := diag.Warnf("openvino.scale", "OpenVINO's CPU plugin overflows with scales of 1e30 and more: results may be infinite, or the file be refused")
	f.Layers = slices.Compact(layers)
	return diag.List{f.Suggest("quantize anew: such scales come from ranges that hold no data")}
}

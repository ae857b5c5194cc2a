package openvino

import (
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// averages rewrites the AveragePools that count zeros around quantized data: where
// zero is not the integer 0, the CPU plugin (2026.4) puts integers of 0 there
// instead. The mean of what is there, times its share of the window, is the same.
func averages(g *ir.Graph, p *ir.Patch) *diag.Finding {
	f := diag.Warnf("openvino.average-border", "the runtime gets averages wrong that count the zeros around quantized data; sizes have to be known to write them otherwise").
		Suggest("say which: --input-shape")
	for _, n := range slices.Clone(g.Nodes) {
		if n.Op != "AveragePool" || n.Int("count_include_pad", 0) == 0 || !shifted(n.In(0), map[*ir.Value]bool{}) {
			continue
		}
		auto := n.Str("auto_pad", "NOTSET")
		if (auto == "NOTSET" || auto == "VALID") && !slices.ContainsFunc(n.Ints("pads"), func(x int64) bool { return x != 0 }) {
			continue
		}
		shares := insideShares(n)
		if shares == nil {
			f.Layers = append(f.Layers, n.Origin...)
			continue
		}
		attrs := n.Attrs.Clone()
		delete(attrs, "count_include_pad")
		y := p.Add("AveragePool", attrs, n.Inputs, n)
		p.Replace(n.Out(0), p.Add("Mul", nil, []*ir.Value{y, p.Const(n.Name+"_shares", shares)}, n))
	}
	if len(f.Layers) == 0 {
		return nil
	}
	return f
}

// carriesIntegers lists the operators through which the plugin passes integers on.
var carriesIntegers = map[string]bool{
	"MaxPool": true, "AveragePool": true, "Relu": true, "Clip": true, "Identity": true, "Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true,
	"Transpose": true, "Concat": true, "Split": true, "Slice": true, "Pad": true, "DepthToSpace": true, "SpaceToDepth": true, "Resize": true, "ReduceMax": true,
}

// shifted reports whether v may be 8-bit integers of which 0 does not stand for
// zero; the plugin takes unsigned ones around 128 for signed ones around 0.
func shifted(v *ir.Value, seen map[*ir.Value]bool) bool {
	if v == nil || v.IsConst() || v.Node() == nil || seen[v] {
		return false
	}
	seen[v] = true
	n := v.Node()
	if n.Op == "DequantizeLinear" {
		zeros := zeroPoints(n, n.In(1).Const.Len())
		return quantizesData(n) && slices.ContainsFunc(zeros, func(z float64) bool { return z != 0 && (z != 128 || n.In(0).DType != tensor.Uint8) })
	}
	return carriesIntegers[n.Op] && slices.ContainsFunc(n.Inputs, func(in *ir.Value) bool { return shifted(in, seen) })
}

// insideShares is, for each place that a pool gives, the share of its window that
// lies on its input; nil where that follows from sizes that are open.
func insideShares(n *ir.Node) *tensor.Tensor {
	in, known := n.In(0).Shape[2:].Ints()
	out, also := n.Out(0).Shape[2:].Ints()
	if auto := n.Str("auto_pad", "NOTSET"); !known || !also || auto != "NOTSET" && auto != "VALID" {
		return nil
	}
	k := n.Ints("kernel_shape")
	strides, pads := orDefault(n.Ints("strides"), len(k), 1), orDefault(n.Ints("pads"), 2*len(k), 0)
	t := tensor.New(tensor.Float32, append([]int{1, 1}, out...)...)
	v := tensor.View[float32](t)
	for i := range v {
		share, rest := 1.0, i
		for a := len(out) - 1; a >= 0; a-- {
			start := int64(rest%out[a])*strides[a] - pads[a]
			rest /= out[a]
			share *= float64(min(start+k[a], int64(in[a]))-max(start, 0)) / float64(k[a])
		}
		v[i] = float32(share)
	}
	return t
}

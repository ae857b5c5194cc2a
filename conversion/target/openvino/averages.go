package openvino

import (
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op/kernel"
	"slipway/conversion/target/internal/quantized"
	"slipway/conversion/tensor"
)

// averages rewrites the AveragePools that count zeros around quantized data: where
// zero is not the integer 0, the CPU plugin (2026.4) puts integers of 0 there
// instead, and where a window lies on zeros alone, it gets other means wrong as well.
// The mean of what is there, times its share of the window, is the same. Those that
// cannot be written so become layers of f.
func averages(g *ir.Graph, p *ir.Patch, f *diag.Finding) {
	for _, n := range slices.Clone(g.Nodes) {
		if n.Op != "AveragePool" {
			continue
		}
		x, pads, from := border(n)
		auto := n.Str("auto_pad", "NOTSET")
		known := auto == "NOTSET" || auto == "VALID"
		if known && !slices.ContainsFunc(pads, func(x int64) bool { return x != 0 }) {
			continue
		}
		pads = reached(n, x, pads)
		wrong := shifted
		if kernel.PaddingAlone(pads, n.Ints("kernel_shape")) {
			wrong = quantized.Data
		}
		if !standsFor(x, wrong, map[*ir.Value]bool{}) {
			continue
		}
		shares := insideShares(n, x, pads)
		if shares == nil || !known {
			f.Layers = append(f.Layers, n.Origin...)
			continue
		}
		attrs := n.Attrs.Clone()
		delete(attrs, "count_include_pad")
		attrs["pads"] = pads
		y := p.Add("AveragePool", attrs, []*ir.Value{x}, from...)
		p.Replace(n.Out(0), p.Add("Mul", nil, []*ir.Value{y, p.Const(n.Name+"_shares", shares)}, from...))
	}
}

// averageBorder tells of averages that stay wrong.
func averageBorder() *diag.Finding {
	return diag.Warnf("openvino.average-border", "the runtime gets averages wrong that count the zeros around quantized data; they cannot be written otherwise where sizes are open or a window lies on zeros alone").
		Suggest("say which sizes: --input-shape")
}

// border gives what an AveragePool reads and the zeros around it that it counts: its
// own padding and that of a Pad before it, which the plugin makes the pool's. from
// are the nodes that this takes in.
func border(n *ir.Node) (x *ir.Value, pads []int64, from []*ir.Node) {
	k := len(n.Ints("kernel_shape"))
	x, pads, from = n.In(0), orDefault(n.Ints("pads"), 2*k, 0), []*ir.Node{n}
	if n.Int("count_include_pad", 0) == 0 && slices.ContainsFunc(pads, func(p int64) bool { return p != 0 }) {
		return x, make([]int64, 2*k), from
	}
	before := x.Node()
	if before == nil || before.Op != "Pad" || n.Int("ceil_mode", 0) != 0 || before.Str("mode", "constant") != "constant" || before.In(3) != nil {
		return x, pads, from
	}
	all, ok := before.In(1).ConstInts()
	value, one := 0.0, true
	if before.In(2) != nil {
		value, one = before.In(2).ConstScalar()
	}
	if !ok || !one || value != 0 || len(all) != 2*(k+2) || all[0] != 0 || all[1] != 0 || all[k+2] != 0 || all[k+3] != 0 || slices.Min(all) < 0 {
		return x, pads, from
	}
	sum := slices.Concat(all[2:k+2], all[k+4:])
	for i, p := range pads {
		sum[i] += p
	}
	return before.In(0), sum, append(from, before)
}

// carriesIntegers lists the operators through which the plugin passes integers on.
var carriesIntegers = map[string]bool{
	"MaxPool": true, "AveragePool": true, "Relu": true, "Clip": true, "Identity": true, "Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true,
	"Transpose": true, "Concat": true, "Split": true, "Slice": true, "Pad": true, "DepthToSpace": true, "SpaceToDepth": true, "Resize": true, "ReduceMax": true,
}

// standsFor reports whether v may be integers that a DequantizeLinear of the wanted
// kind reads.
func standsFor(v *ir.Value, wanted func(*ir.Node) bool, seen map[*ir.Value]bool) bool {
	if v == nil || v.IsConst() || v.Node() == nil || seen[v] {
		return false
	}
	seen[v] = true
	n := v.Node()
	if n.Op == "DequantizeLinear" {
		return wanted(n)
	}
	return carriesIntegers[n.Op] && slices.ContainsFunc(n.Inputs, func(in *ir.Value) bool { return standsFor(in, wanted, seen) })
}

// shifted reports whether 0 does not stand for zero among the 8-bit integers that n
// reads; the plugin takes unsigned ones around 128 for signed ones around 0.
func shifted(n *ir.Node) bool {
	zeros := zeroPoints(n, n.In(1).Const.Len())
	return quantized.Data(n) && slices.ContainsFunc(zeros, func(z float64) bool { return z != 0 && (z != 128 || n.In(0).DType != tensor.Uint8) })
}

// reached is the part of the pads that the windows of n reach, where that is known.
func reached(n *ir.Node, x *ir.Value, pads []int64) []int64 {
	in, known := x.Shape[2:].Ints()
	out, also := n.Out(0).Shape[2:].Ints()
	kernel := n.Ints("kernel_shape")
	k := len(kernel)
	strides := orDefault(n.Ints("strides"), k, 1)
	if !known || !also || len(in) != k || len(pads) != 2*k {
		return pads
	}
	pads = slices.Clone(pads)
	for i := range k {
		end := int64(out[i]-1)*strides[i] + kernel[i] - pads[i] - int64(in[i])
		pads[k+i] = min(pads[k+i], max(end, 0))
	}
	return pads
}

// insideShares is, for each place that a pool gives, the share of its window that
// lies on x between the pads; nil where that follows from sizes that are open, or a
// window lies on none of it.
func insideShares(n *ir.Node, x *ir.Value, pads []int64) *tensor.Tensor {
	in, known := x.Shape[2:].Ints()
	out, also := n.Out(0).Shape[2:].Ints()
	k := n.Ints("kernel_shape")
	strides := orDefault(n.Ints("strides"), len(k), 1)
	if !known || !also || len(in) != len(k) || len(pads) != 2*len(k) {
		return nil
	}
	t := tensor.New(tensor.Float32, append([]int{1, 1}, out...)...)
	v := tensor.View[float32](t)
	for i := range v {
		share, rest := 1.0, i
		for a := len(out) - 1; a >= 0; a-- {
			start := int64(rest%out[a])*strides[a] - pads[a]
			rest /= out[a]
			inside := min(start+k[a], int64(in[a])) - max(start, 0)
			if inside <= 0 {
				return nil
			}
			share *= float64(inside) / float64(k[a])
		}
		v[i] = float32(share)
	}
	return t
}

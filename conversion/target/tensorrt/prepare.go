package tensorrt

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target/internal/quantized"
	"slipway/conversion/tensor"
)

// floatBiases computes the float form of 32-bit biases, in bodies too: the parser takes
// no DequantizeLinear of int32.
func floatBiases(g *ir.Graph, reg *op.Registry) error {
	p := g.Edit("tensorrt_bias", reg.Infer)
	for _, n := range slices.Clone(g.Nodes) {
		for _, body := range n.Bodies() {
			if err := floatBiases(body, reg); err != nil {
				return err
			}
		}
		if !quantized.Constant(n) || n.In(0).DType != tensor.Int32 {
			continue
		}
		t, err := quantized.Floats(reg, n)
		if err != nil {
			return err
		}
		p.Replace(n.Out(0), p.Const(n.Name+"_float", t))
	}
	return p.Done()
}

// floatWeights computes the float form of convolutions' weights where the data are floats,
// in bodies too.
func floatWeights(g *ir.Graph, reg *op.Registry, told *quantized.Told) error {
	p := g.Edit("tensorrt_weights", reg.Infer)
	for _, n := range slices.Clone(g.Nodes) {
		for _, body := range n.Bodies() {
			if err := floatWeights(body, reg, told); err != nil {
				return err
			}
		}
		if n.Op != "Conv" && n.Op != "ConvTranspose" || !dequantized(n.In(1)) || onGrid(n.In(0)) {
			continue
		}
		d := n.In(1).Node()
		if !quantized.Constant(d) {
			continue
		}
		if err := quantized.Widen(p, reg, n, 1, d); err != nil {
			return err
		}
		told.Add(n, fmt.Sprintf("%s; their weights become floats, which take %d times the room", integerWeights(n), d.Out(0).DType.Bits()/d.In(0).DType.Bits()))
	}
	return p.Done()
}

// products compute what a residual sum can be fused with.
var products = []string{"Conv", "ConvTranspose", "MatMul", "Gemm"}

// openSums takes the quantizer off one branch of each sum of two quantized
// tensors, where a product gives that branch to the sum alone: TensorRT then
// computes product and sum in one kernel and reads only the other branch in 8
// bits.
func openSums(g *ir.Graph, reg *op.Registry) error {
	p := g.Edit("tensorrt_residual", reg.Infer)
	for _, n := range g.Nodes {
		if n.Op != "Add" || !dequantized(n.In(0)) || !dequantized(n.In(1)) {
			continue
		}
		for i, v := range n.Inputs {
			q := v.Node().In(0).Node()
			if q == nil || q.Op != "QuantizeLinear" || !g.SingleUse(v) || !g.SingleUse(q.Out(0)) || !g.SingleUse(q.In(0)) {
				continue
			}
			x := q.In(0)
			if x.Node() == nil || !slices.Contains(products, x.Node().Op) {
				continue
			}
			x.Layers = append(x.Layers, v.Layers...)
			p.SetInput(n, i, x)
			break
		}
	}
	return p.Done()
}

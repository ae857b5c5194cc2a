package quantize

import (
	"fmt"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// WeightOptions are the options of WeightOnly and Dynamic.
type WeightOptions struct {
	Smallest  int      `key:"smallest" title:"Smallest weights" help:"Weights of fewer elements stay as they are" unit:"elements" min:"1" max:"1000000"`
	Weights   string   `key:"weights" title:"Weight scales" help:"max: the largest weight of a channel; mse: the scale with the least squared error" choices:"max|mse"`
	KeepFloat []string `key:"keep_float" title:"Keep in float" help:"Layers that are not quantized"`
	// Integers: the target has operators that quantize while running. Without
	// them dynamic quantization stores weights only.
	Integers bool `key:"-"`
}

// WeightDefaults are the settings for a target by name.
func WeightDefaults(target string) *WeightOptions {
	return &WeightOptions{Smallest: 1024, Weights: "max", Integers: target == "onnx"}
}

func (o *WeightOptions) keeps(n *ir.Node) bool { return (&Options{KeepFloat: o.KeepFloat}).keeps(n) }

// WeightOnly is quantize_weights.
var WeightOnly = &pass.Pass{
	Name:    "quantize_weights",
	About:   "Stores weights in 8 bits and computes in float",
	Options: WeightDefaults("onnx"),
	Run: func(g *ir.Graph, c *pass.Ctx) error {
		p := c.Edit(g)
		w := &weightWriter{p: p, c: c, o: c.Options.(*WeightOptions), made: map[weightKey]*ir.Value{}}
		for _, n := range slices.Clone(g.Nodes) {
			if err := c.Err(); err != nil {
				return err
			}
			w.store(n)
		}
		return p.Done()
	},
}

// Dynamic is quantize_dynamic.
var Dynamic = &pass.Pass{
	Name:    "quantize_dynamic",
	About:   "Multiplies matrices with 8-bit integers whose scales are measured while running",
	Options: WeightDefaults("onnx"),
	Run:     dynamic,
}

type weightWriter struct {
	p    *ir.Patch
	c    *pass.Ctx
	o    *WeightOptions
	made map[weightKey]*ir.Value
}

// fits says why the weights of n stay as they are: " " where n has none.
func (w *weightWriter) fits(n *ir.Node) string {
	switch n.Op {
	case "Conv", "ConvTranspose", "Gemm", "MatMul":
	default:
		return " "
	}
	v := n.In(1)
	switch {
	case !v.IsConst() || v.DType != tensor.Float32 || v.Rank() < 2 || n.Op == "MatMul" && v.Rank() != 2:
		return " "
	case w.o.keeps(n):
		return "asked for"
	case v.Const.Len() < w.o.Smallest:
		return "it is small"
	case !v.Const.Finite():
		return "a weight is not finite"
	}
	return ""
}

// store replaces the weights of n by const -> DequantizeLinear.
func (w *weightWriter) store(n *ir.Node) {
	if why := w.fits(n); why != "" {
		if why != " " {
			w.c.Miss(n, "%s", why)
		}
		return
	}
	v, axis := n.In(1), outputAxis(n)
	k := weightKey{v, axis}
	if w.made[k] == nil {
		q, scales := quantizeWeights(matrixOf(v.Const, axis, true), 127, w.o.Weights == "mse", nil)
		w.made[k] = w.p.Add("DequantizeLinear", ir.Attrs{"axis": int64(axis)}, []*ir.Value{
			w.p.Const(v.Name+"_quantized", tensor.Of(q, v.Const.Shape()...)), w.p.Const(v.Name+"_scale", tensor.Of(scales, len(scales))),
			w.p.Const(v.Name+"_zero_point", tensor.New(tensor.Int8, len(scales))),
		}, n)
	}
	w.p.SetInput(n, 1, w.made[k])
	w.c.Fire()
}

// dynamic rewrites MatMul and Gemm with constant weights as
// DynamicQuantizeLinear, MatMulInteger and the products of the scales, a form
// that ONNX Runtime fuses. Where the target has no such operators, weights are
// stored in 8 bits. Convolutions are left: computing them this way is several
// times slower than in float.
func dynamic(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	w := &weightWriter{p: p, c: c, o: c.Options.(*WeightOptions), made: map[weightKey]*ir.Value{}}
	var convs []string
	products := 0
	for _, n := range slices.Clone(g.Nodes) {
		if err := c.Err(); err != nil {
			return err
		}
		why := w.fits(n)
		switch {
		case why == " ":
		case why != "":
			c.Miss(n, "%s", why)
		case !w.o.Integers:
			w.store(n)
			products++
		case n.Op == "Conv" || n.Op == "ConvTranspose":
			convs = append(convs, n.Origin...)
			c.Miss(n, "convolutions are slower with dynamic quantization than in float")
		case n.Op == "Gemm" && (n.Float("alpha", 1) != 1 || n.Float("beta", 1) != 1 || n.Int("transA", 0) != 0):
			c.Miss(n, "it scales or transposes its operands")
		default:
			if err := w.integers(n); err != nil {
				return fmt.Errorf("layer %q: %w", n.Name, err)
			}
			products++
			c.Fire()
		}
	}
	if len(convs) > 0 {
		f := diag.Infof("quantize.dynamic-conv", "%d convolutions stay in float: ONNX Runtime computes them 5 to 9 times slower with dynamic quantization than in float", len(convs)).
			Suggest("use static quantization with calibration pictures")
		f.Layers = convs
		c.Find(f)
	}
	if products == 0 {
		c.Find(diag.Warnf("quantize.nothing", "dynamic quantization changes nothing in this model: it has no matrix product with constant weights").
			Suggest("use static quantization with calibration pictures"))
	}
	return p.Done()
}

// integers writes y = cast(MatMulInteger(q(x), W)) * (s_x * s_w) + b.
func (w *weightWriter) integers(n *ir.Node) error {
	src, axis := n.In(1).Const, outputAxis(n)
	q, scales := quantizeWeights(matrixOf(src, axis, true), 127, w.o.Weights == "mse", nil)
	shape := slices.Clone(src.Shape())
	if axis == 0 { // [N,K] to [K,N]
		rows, cols := shape[0], shape[1]
		t := make([]int8, len(q))
		tensor.Parallel(cols, 64, func(lo, hi int) {
			for k := lo; k < hi; k++ {
				for r := range rows {
					t[k*rows+r] = q[r*cols+k]
				}
			}
		})
		q, shape = t, []int{cols, rows}
	}
	name, p := n.In(1).Name, w.p
	dq := p.AddN("DynamicQuantizeLinear", nil, []*ir.Value{n.In(0)}, 3, n)
	wq := p.Const(name+"_quantized", tensor.Of(q, shape...))
	wz := p.Const(name+"_zero_point", tensor.New(tensor.Int8))
	ints := p.Add("MatMulInteger", nil, []*ir.Value{dq.Out(0), wq, dq.Out(2), wz}, n)
	y := p.Add("Cast", ir.Attrs{"to": op.ONNXType(tensor.Float32)}, []*ir.Value{ints}, n)
	scale := p.Add("Mul", nil, []*ir.Value{dq.Out(1), p.Const(name+"_scale", tensor.Of(scales, len(scales)))}, n)
	y = p.Add("Mul", nil, []*ir.Value{y, scale}, n)
	if b := n.In(2); b != nil && n.Op == "Gemm" {
		y = p.Add("Add", nil, []*ir.Value{y, b}, n)
	}
	p.Replace(n.Out(0), y)
	return nil
}

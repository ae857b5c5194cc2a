package compress

import (
	"math"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
	"slipway/units"
)

// Schemes of Options.
const (
	Int8    = "int8"    // a scale for each output channel
	Int4    = "int4"    // a scale for each block of inputs of a channel
	Palette = "palette" // 2^Bits values for each tensor
)

// Options of compress_weights.
type Options struct {
	Scheme    string   `key:"scheme" title:"Weights" choices:"int8|int4|palette"`
	Bits      int      `key:"bits" title:"Palette bits" min:"1" max:"8"`
	Block     int      `key:"block" title:"Block" min:"8" max:"1024"`
	Smallest  int      `key:"smallest" title:"Smallest weights" help:"Weights of fewer elements stay as they are" unit:"elements" min:"1" max:"1000000"`
	KeepFloat []string `key:"keep_float" title:"Keep in float" help:"Layers whose weights stay as they are"`
	// Plain: the graph gets the floats that the integers stand for. Runtimes may
	// compute products with integer weights less exactly.
	Plain bool `key:"-"`
}

// Weights is compress_weights.
var Weights = &pass.Pass{
	Name:    "compress_weights",
	About:   "Stores weights as integers of 8 or 4 bits or as indices into a palette",
	Options: &Options{Scheme: Int8, Bits: 4, Block: 32, Smallest: 2048},
	Run: func(g *ir.Graph, c *pass.Ctx) error {
		w := &writer{c: c, p: c.Edit(g), o: c.Options.(*Options), made: map[made]*ir.Value{}}
		for _, n := range slices.Clone(g.Nodes) {
			if err := c.Err(); err != nil {
				return err
			}
			w.node(n)
		}
		w.tell()
		return w.p.Done()
	},
}

// leastBlock is the smallest block worth a scale; where a weight has no such
// block it is stored in 8 bits.
const leastBlock = 8

// made identifies a tensor in the form that one kind of consumer needs.
type made struct {
	v    *ir.Value
	axes [2]int
}

type writer struct {
	c    *pass.Ctx
	p    *ir.Patch
	o    *Options
	made map[made]*ir.Value

	layers        []string // compressed
	eight         []string // of these, in 8 bits where 4 were asked for
	before, after int      // bytes
	noise, signal float64
	worst         float64 // dB
	worstLayer    string
}

// weight says which input of n is a weight, along which axis its outputs lie,
// and along which the inputs that one output adds up.
func weight(n *ir.Node) (input, outputs, inputs int, ok bool) {
	switch n.Op {
	case "Conv":
		return 1, 0, 1, true
	case "ConvTranspose":
		return 1, 1, 0, true
	case "MatMul":
		return 1, 1, 0, n.In(1).Rank() == 2
	case "Gemm":
		if n.Int("transB", 0) != 0 {
			return 1, 0, 1, true
		}
		return 1, 1, 0, true
	case "Gather":
		return 0, 0, 1, n.In(0).Rank() == 2 && n.Int("axis", 0) == 0
	}
	return 0, 0, 0, false
}

func (w *writer) keeps(n *ir.Node) bool {
	return slices.Contains(w.o.KeepFloat, n.Name) || slices.ContainsFunc(n.Origin, func(s string) bool { return slices.Contains(w.o.KeepFloat, s) })
}

func (w *writer) node(n *ir.Node) {
	i, outputs, inputs, ok := weight(n)
	if !ok {
		return
	}
	v := n.In(i)
	switch {
	case !v.IsConst() || v.DType != tensor.Float32 || v.Rank() < 2:
		return
	case w.keeps(n):
		w.c.Miss(n, "asked for")
		return
	case v.Const.Len() < w.o.Smallest:
		w.c.Miss(n, "it is small")
		return
	case !v.Const.Finite():
		w.c.Miss(n, "a weight is not finite")
		return
	}
	key := made{v, [2]int{outputs, inputs}}
	if w.o.Scheme == Palette {
		key.axes = [2]int{}
	}
	if w.made[key] == nil {
		w.made[key] = w.store(n, v, outputs, inputs)
	}
	w.p.SetInput(n, i, w.made[key])
	w.c.Fire()
}

// store gives the compressed form of v.
func (w *writer) store(n *ir.Node, v *ir.Value, outputs, inputs int) *ir.Value {
	src := v.Const
	x, shape := src.Float32s(), src.Shape()
	layer := n.Name
	if len(n.Origin) > 0 {
		layer = n.Origin[0]
	}
	w.layers = append(w.layers, layer)
	if w.o.Scheme == Palette {
		table, packed := quantizePalette(x, w.o.Bits)
		w.count(layer, x, func(i int) float32 { return packed[i] }, (len(x)*w.o.Bits+7)/8+4*len(table))
		return w.p.Const(v.Name+"_palette", tensor.Of(packed, shape...))
	}
	axis, block, top := outputs, 0, 127
	if w.o.Scheme == Int4 {
		if b := divisor(shape[inputs], w.o.Block); b >= leastBlock {
			axis, block, top = inputs, b, 7
		} else {
			w.eight = append(w.eight, layer)
		}
	}
	b := blocks(shape, axis, block)
	q, scales := b.quantize(x, top)
	stored, bits := tensor.Of(q, shape...), 8
	scaleShape := []int{len(scales)}
	attrs := ir.Attrs{"axis": int64(axis)}
	if block > 0 {
		stored, bits = packInt4(q, shape), 4
		scaleShape = slices.Clone(shape)
		scaleShape[axis] /= block
		attrs["block_size"] = int64(block)
	}
	w.count(layer, x, func(i int) float32 { return float32(q[i]) * scales[b.scale(i)] }, len(x)*bits/8+4*len(scales))
	if w.o.Plain {
		y := make([]float32, len(x))
		for i := range y {
			y[i] = float32(q[i]) * scales[b.scale(i)]
		}
		return w.p.Const(v.Name+"_rounded", tensor.Of(y, shape...))
	}
	return w.p.Add("DequantizeLinear", attrs, []*ir.Value{
		w.p.Const(v.Name+"_quantized", stored), w.p.Const(v.Name+"_scale", tensor.Of(scales, scaleShape...)),
	}, n)
}

// count adds what a tensor's compression costs.
func (w *writer) count(layer string, x []float32, at func(int) float32, bytes int) {
	var noise, signal float64
	for i, v := range x {
		d := float64(at(i)) - float64(v)
		noise += d * d
		signal += float64(v) * float64(v)
	}
	w.before += 4 * len(x)
	w.after += bytes
	w.noise += noise
	w.signal += signal
	if db := sqnr(signal, noise); w.worstLayer == "" || db < w.worst {
		w.worst, w.worstLayer = db, layer
	}
}

func sqnr(signal, noise float64) float64 {
	if noise == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(signal/noise)
}

// tell reports sizes and noise.
func (w *writer) tell() {
	if len(w.layers) == 0 {
		w.c.Find(diag.Warnf("compress.nothing", "no weights are stored in fewer bits: none has %d elements or more", w.o.Smallest))
		return
	}
	how := map[string]string{Int8: "integers of 8 bits", Int4: "integers of 4 bits in blocks"}[w.o.Scheme]
	if w.o.Scheme == Palette {
		how = "indices of " + []string{"", "1 bit", "2 bits", "3 bits", "4 bits", "5 bits", "6 bits", "7 bits", "8 bits"}[w.o.Bits] + " into palettes"
	}
	f := diag.Infof("compress.weights", "the weights of %d layers are stored as %s: %s instead of %s in single precision; signal to noise %.1f dB over all, lowest %.1f dB at %q",
		len(w.layers), how, units.Bytes(int64(w.after)), units.Bytes(int64(w.before)), sqnr(w.signal, w.noise), w.worst, w.worstLayer)
	w.c.Find(f)
	if len(w.eight) > 0 {
		f := diag.Infof("compress.eight-bits", "%d layers have no block of %d to %d inputs that divides their number: their weights are stored in 8 bits", len(w.eight), leastBlock, w.o.Block)
		f.Layers = w.eight
		w.c.Find(f)
	}
}

// divisor is the largest divisor of n up to most.
func divisor(n, most int) int {
	for d := min(n, most); d > 1; d-- {
		if n%d == 0 {
			return d
		}
	}
	return 1
}

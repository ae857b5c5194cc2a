package randomgraph

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var quantized = map[string]generator{
	"QuantizeLinear": quantize, "DequantizeLinear": dequantize,
	"DynamicQuantizeLinear": func(d *drawer) *draft {
		return &draft{in: []*ir.Value{d.some(f32, 1, 4)}, outs: 3}
	},
	"QLinearMatMul": qMatMul, "QLinearConv": qConv, "ConvInteger": convInteger,
}

// scale makes a power of two, so that quotients on the edge between two integers
// are as exact in one implementation as in another.
func (d *drawer) scale(shape ...int) *ir.Value {
	n, _ := tensor.NumElements(shape)
	v := make([]float64, n)
	for i := range v {
		v[i] = oneOf(d, 1.0/64, 1.0/32, 1.0/16, 1.0/8, 0.25)
	}
	return d.from(tensor.Float32, v, shape...)
}

func (d *drawer) zero(t tensor.DType, shape ...int) *ir.Value {
	n, _ := tensor.NumElements(shape)
	v := make([]float64, n)
	for i := range v {
		if v[i] = float64(d.between(-5, 5)); t.IsUnsigned() {
			v[i] += 128
		}
	}
	return d.from(t, v, shape...)
}

// granularity draws the shape of scales for x: one for all, or one for each
// index of an axis.
func (d *drawer) granularity(x *ir.Value) (shape []int, attrs ir.Attrs) {
	s := d.value(x).Shape()
	if len(s) == 0 || d.chance(2) {
		return nil, ir.Attrs{}
	}
	a := d.axis(len(s))
	return []int{s[(int(a)+len(s))%len(s)]}, ir.Attrs{"axis": a}
}

func quantize(d *drawer) *draft {
	x := d.some(f32, 0, 4)
	shape, attrs := d.granularity(x)
	f := &draft{in: []*ir.Value{x, d.scale(shape...)}, attrs: attrs}
	if !d.chance(4) {
		f.in = append(f.in, d.zero(oneOf(d, bytes...), shape...))
	}
	return f
}

func dequantize(d *drawer) *draft {
	x := d.some(bytes, 0, 4)
	shape, attrs := d.granularity(x)
	f := &draft{in: []*ir.Value{x, d.scale(shape...)}, attrs: attrs}
	if !d.chance(4) {
		f.in = append(f.in, d.zero(x.DType, shape...))
	}
	return f
}

func qMatMul(d *drawer) *draft {
	a := d.pick(bytes, notEmpty(2, 3), func() []int { return d.shape(2, 3) })
	b := d.factor(a, a.DType)
	if d.value(b).Rank() < 2 {
		return nil
	}
	return &draft{in: []*ir.Value{a, d.scale(), d.zero(a.DType), b, d.scale(), d.zero(b.DType), d.scale(), d.zero(a.DType)}}
}

func qConv(d *drawer) *draft {
	x := d.picture([]tensor.DType{tensor.Uint8})
	s := d.value(x).Shape()
	kernel, attrs := d.window(s[2:], true)
	out := d.between(1, 3)
	wt := oneOf(d, bytes...)
	w := d.leaf(wt, append([]int{out, s[1]}, kernel...)...)
	in := []*ir.Value{x, d.scale(), d.zero(x.DType), w, d.scale(), d.zero(wt), d.scale(), d.zero(x.DType)}
	if d.chance(2) {
		in = append(in, d.leaf(tensor.Int32, out))
	}
	return &draft{in: in, attrs: attrs}
}

func convInteger(d *drawer) *draft {
	x := d.picture([]tensor.DType{tensor.Uint8})
	s := d.value(x).Shape()
	kernel, attrs := d.window(s[2:], true)
	wt := oneOf(d, bytes...)
	w := d.leaf(wt, append([]int{d.between(1, 3), s[1]}, kernel...)...)
	in := []*ir.Value{x, w, nil, nil}
	if d.chance(2) {
		in[2] = d.zero(x.DType)
		if d.chance(2) {
			in[3] = d.zero(wt)
		}
	}
	return &draft{in: in, attrs: attrs}
}

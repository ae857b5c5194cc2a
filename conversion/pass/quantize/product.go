package quantize

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// outputAxis is the axis of the weights along which the results lie.
func outputAxis(n *ir.Node) int {
	switch n.Op {
	case "ConvTranspose", "MatMul":
		return 1
	case "Gemm":
		if n.Int("transB", 0) == 0 {
			return 1
		}
	}
	return 0
}

// product quantizes the weights and the bias of n.
func (r *rewrite) product(n *ir.Node) error {
	r.c.Fire()
	w := n.In(1)
	if !w.IsConst() {
		return nil
	}
	axis := outputAxis(n)
	in := r.params[n.In(0)]
	bias, shape, err := biasOf(n, axis)
	if err != nil {
		return err
	}
	int32Bias := r.o.biasInt32()
	q, err := r.weight(n, w, axis, in, bias, int32Bias)
	if err != nil {
		return err
	}
	if r.o.BiasCorrection {
		find := func() []float32 { return r.correction(n, axis, q) }
		var d []float32
		if q.common {
			d = r.o.memo.correction(layerKey{w.Const, n.Name}, find)
		} else {
			d = find()
		}
		if sum, at := r.rowBehind(n); d != nil && sum != nil {
			r.correctRow(sum, at, d)
		} else if d != nil {
			if bias == nil && n.Op != "MatMul" {
				bias, shape = make([]float32, len(d)), []int{len(d)}
			}
			for i := range bias {
				bias[i] += d[i]
			}
		}
	}
	r.rowBias(n, q.scales, in.Scale)
	r.p.SetInput(n, 1, q.value)
	if bias == nil {
		return nil
	}
	if !int32Bias {
		r.p.SetInput(n, 2, r.p.Const(n.Name+"_bias", tensor.Of(bias, shape...)))
		return nil
	}
	return r.bias(n, bias, q.scales, in.Scale)
}

// biasOf copies the constant bias of n as one number for each output channel;
// nil where there is none or it is not constant.
func biasOf(n *ir.Node, axis int) (bias []float32, shape []int, err error) {
	b := n.In(2)
	if b == nil || n.Op == "MatMul" || !b.IsConst() || b.DType != tensor.Float32 {
		return nil, nil, nil
	}
	channels := n.In(1).Const.Shape()[axis]
	if n.Op == "ConvTranspose" {
		channels *= int(n.Int("group", 1))
	}
	v := b.Const.Float32s()
	bias = make([]float32, channels)
	switch len(v) {
	case channels:
		copy(bias, v)
	case 1:
		for i := range bias {
			bias[i] = v[0]
		}
	default:
		return nil, nil, nil // a full matrix added by Gemm
	}
	return bias, []int{channels}, nil
}

// weight quantizes a constant once for each axis.
func (r *rewrite) weight(n *ir.Node, w *ir.Value, axis int, in Params, bias []float32, int32Bias bool) (*weight, error) {
	var least []float32
	if int32Bias && bias != nil && r.o.PerChannel && n.Op != "ConvTranspose" {
		// |b| / (s_in*s_w) must stay well inside 32 bits.
		least = make([]float32, len(bias))
		for i, b := range bias {
			least[i] = float32(math.Abs(float64(b)) / float64(in.Scale) / (1 << 30))
		}
	}
	k := weightKey{w, axis}
	if q := r.weights[k]; q != nil && least == nil {
		return q, nil
	}
	qmax := r.o.qmax()
	m := matrixOf(w.Const, axis, r.o.PerChannel)
	if len(least) != m.channels {
		least = nil
	}
	v, scales := r.o.memo.quantize(w.Const, axis, m, qmax, r.o.Weights == "mse")
	common := true
	for c := range least {
		common = common && scales[c] >= least[c]
	}
	rounded := r.o.rounded[layerKey{w.Const, n.Name}]
	if !common {
		usual := scales
		v, scales = quantizeWeights(m, qmax, r.o.Weights == "mse", least)
		for c := range scales {
			if rounded != nil && scales[c] == usual[c] {
				m.each(c, func(at int, run []float32) { copy(v[at:at+len(run)], rounded[at:]) })
			}
		}
	} else if rounded != nil {
		v = rounded
	}
	out := &weight{q: v, scales: scales, common: common}
	out.value = r.dequantized(n, w.Name, tensor.Of(v, w.Const.Shape()...), scales, axis)
	r.weights[k] = out
	return out, nil
}

// dequantized adds const -> DequantizeLinear; one scale makes it per tensor.
func (r *rewrite) dequantized(n *ir.Node, name string, q *tensor.Tensor, scales []float32, axis int) *ir.Value {
	attrs := ir.Attrs{}
	s, z := tensor.Scalar(scales[0]), tensor.New(q.DType())
	if len(scales) > 1 || r.o.PerChannel && q.Shape()[min(axis, q.Rank()-1)] == 1 {
		attrs["axis"] = int64(axis)
		s, z = tensor.Of(scales, len(scales)), tensor.New(q.DType(), len(scales))
	}
	in := []*ir.Value{r.p.Const(name+"_quantized", q), r.p.Const(name+"_scale", s), r.p.Const(name+"_zero_point", z)}
	return r.p.Add("DequantizeLinear", attrs, in, n)
}

// bias stores b as 32-bit integers with scale s_in*s_w.
func (r *rewrite) bias(n *ir.Node, b, scales []float32, in float32) error {
	q, s := make([]int32, len(b)), make([]float32, len(b))
	for i, x := range b {
		w := scales[0]
		if len(scales) > 1 {
			w = scales[i%len(scales)]
		}
		s[i] = in * w
		v := math.RoundToEven(float64(x) / (float64(in) * float64(w)))
		if math.Abs(v) > math.MaxInt32 || math.IsNaN(v) {
			return fmt.Errorf("bias %g does not fit 32 bits at scale %g", x, s[i])
		}
		q[i] = int32(v)
	}
	if len(scales) == 1 {
		s = s[:1]
	}
	r.p.SetInput(n, 2, r.dequantized(n, n.Name+"_bias", tensor.Of(q, len(q)), s, 0))
	return nil
}

// correction is, for each output channel c, the mean that rounding the weights
// takes from the result: sum over i of (W-Ŵ)[c,i] * E[x_i], with the means over
// all positions of each input channel (Nagel et al., "Data-Free Quantization
// Through Weight Equalization and Bias Correction", 2019, section 4.2).
func (r *rewrite) correction(n *ir.Node, axis int, q *weight) []float32 {
	if n.Op == "ConvTranspose" {
		return nil
	}
	mean := r.o.Stats[n.In(0).Name].Mean
	w := n.In(1).Const
	shape := w.Shape()
	if len(mean) == 0 || len(shape) < 2 {
		return nil
	}
	m := matrixOf(w, axis, true)
	groups := int(n.Int("group", 1))
	perGroup := len(mean) / max(groups, 1)
	spatial := 1
	if n.Op == "Conv" {
		for _, d := range shape[2:] {
			spatial *= d
		}
		if shape[1] != perGroup {
			return nil
		}
	} else if len(mean) != shape[1-axis] {
		return nil
	}
	out := make([]float32, m.channels)
	tensor.Parallel(m.channels, 8, func(lo, hi int) {
		for c := lo; c < hi; c++ {
			s := q.scales[0]
			if len(q.scales) > 1 {
				s = q.scales[c]
			}
			first := 0
			if groups > 1 {
				first = c / (m.channels / groups) * perGroup
			}
			sum, k := 0.0, 0
			m.each(c, func(at int, run []float32) {
				for i, x := range run {
					sum += (float64(x) - float64(q.q[at+i])*float64(s)) * mean[first+k/spatial]
					k++
				}
			})
			out[c] = float32(sum)
		}
	})
	return out
}

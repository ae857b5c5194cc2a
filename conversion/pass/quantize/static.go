package quantize

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Static is quantize_static. Its options must carry Profile and Stats.
var Static = &pass.Pass{
	Name:    "quantize_static",
	About:   "Computes with 8-bit integers whose scales were measured on sample inputs",
	Options: Defaults(ONNXRuntime),
	Run:     static,
}

// rewrite applies a plan.
type rewrite struct {
	*Plan
	c       *pass.Ctx
	p       *ir.Patch
	params  map[*ir.Value]Params
	deq     map[*ir.Value]*ir.Value // tensor -> its dequantized form
	weights map[weightKey]*weight
	scalars map[Params][2]*ir.Value
}

type weightKey struct {
	v    *ir.Value
	axis int
}

type weight struct {
	value  *ir.Value // dequantized
	q      []int8
	scales []float32
}

func static(g *ir.Graph, c *pass.Ctx) error {
	o := c.Options.(*Options)
	if o.Profile == nil || o.Stats == nil {
		return fmt.Errorf("static quantization needs a profile and measurements")
	}
	plan := NewPlan(g, o)
	params, bad := plan.params()
	for _, m := range append(plan.missed, bad...) {
		if m.n != nil {
			c.Miss(m.n, "%s", m.why)
		}
	}
	if len(bad) > 0 {
		f := diag.Warnf("quantize.not-measured", "%d tensors stay in float; the first: %s", len(bad), bad[0].why)
		for _, m := range bad {
			if m.n != nil {
				f.Layers = append(f.Layers, m.n.Origin...)
			}
		}
		c.Find(f)
	}
	r := &rewrite{
		Plan: plan, c: c, p: c.Edit(g), params: params, deq: map[*ir.Value]*ir.Value{}, weights: map[weightKey]*weight{}, scalars: map[Params][2]*ir.Value{},
	}
	return r.all()
}

func (r *rewrite) all() error {
	nodes := slices.Clone(r.g.Nodes)
	products := 0
	for _, n := range nodes {
		if err := r.c.Err(); err != nil {
			return err
		}
		if r.roles[n] == product && r.ready(n) {
			products++
			if err := r.product(n); err != nil {
				return fmt.Errorf("layer %q: %w", n.Name, err)
			}
		}
		if r.roles[n] == combine {
			r.constants(n)
		}
	}
	for _, n := range nodes {
		if r.folded[n] {
			r.fold(n)
		}
	}
	for _, v := range r.g.Values() {
		if p, ok := r.params[v]; ok && r.marked[v] && !v.IsConst() {
			r.insert(v, p)
		}
	}
	r.requantize()
	if products == 0 {
		r.c.Find(diag.Warnf("quantize.nothing", "no layer of this model can be computed in integers").
			Suggest("weight-only quantization makes the file smaller all the same"))
	}
	return r.p.Done()
}

// ready reports whether the inputs of a product have their parameters.
func (r *rewrite) ready(n *ir.Node) bool {
	if _, ok := r.params[n.In(0)]; !ok {
		return false
	}
	if n.In(1).IsConst() {
		return true
	}
	_, ok := r.params[n.In(1)]
	return ok
}

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
		if d := r.correction(n, axis, q); d != nil {
			if bias == nil && n.Op != "MatMul" {
				bias, shape = make([]float32, len(d)), []int{len(d)}
			}
			for i := range bias {
				bias[i] += d[i]
			}
		}
	}
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
	qmax := float32(127)
	if r.o.ReduceRange {
		qmax = 64
	}
	m := matrixOf(w.Const, axis, r.o.PerChannel)
	if len(least) != m.channels {
		least = nil
	}
	v, scales := quantizeWeights(m, qmax, r.o.Weights == "mse", least)
	out := &weight{q: v, scales: scales}
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

// constants quantizes the constant operands of an elementwise node, each with
// one scale.
func (r *rewrite) constants(n *ir.Node) {
	d, symmetric := r.o.activation()
	for i, v := range n.Inputs {
		if !v.IsConst() {
			continue
		}
		f := v.Const.Float32s()
		rg := Range{}
		for _, x := range f {
			rg.Min, rg.Max = min(rg.Min, float64(x)), max(rg.Max, float64(x))
		}
		p := paramsOf(rg, d, symmetric)
		lo, hi := limitsOf(d)
		q := make([]float64, len(f))
		for j, x := range f {
			q[j] = min(max(math.RoundToEven(float64(x/p.Scale))+float64(p.Zero), lo), hi)
		}
		t, err := tensor.FromFloat64s(d, q, v.Const.Shape()...)
		if err != nil {
			r.p.Fail(err)
			return
		}
		s, z := r.scaleAndZero(v.Name, p)
		r.p.SetInput(n, i, r.p.Add("DequantizeLinear", nil, []*ir.Value{r.p.Const(v.Name+"_quantized", t), s, z}, n))
	}
}

// fold removes a Relu or Clip whose bounds the range behind it keeps.
func (r *rewrite) fold(a *ir.Node) {
	x, out := a.In(0), a.Out(0)
	p, ok := r.params[out]
	if !ok || !r.marked[out] {
		return
	}
	lo, hi, _ := bounds(a)
	qlo, qhi := limitsOf(p.Type)
	least, most := (qlo-float64(p.Zero))*float64(p.Scale), (qhi-float64(p.Zero))*float64(p.Scale)
	half := float64(p.Scale) * 0.51
	if least < lo-half || most > hi+half {
		r.c.Miss(a, "the range %g..%g is wider than its bounds", least, most)
		return
	}
	x.Layers = nil
	if x.Node() != nil {
		r.p.AddOrigin(x.Node(), a)
	}
	r.p.Replace(out, x)
	r.params[x], r.marked[x] = p, true
	delete(r.params, out)
	for e, v := range r.requant {
		if v == out {
			r.requant[e] = x
		}
	}
}

func (r *rewrite) scaleAndZero(name string, p Params) (s, z *ir.Value) {
	if have, ok := r.scalars[p]; ok {
		return have[0], have[1]
	}
	zt, err := tensor.FromInt64s(p.Type, []int64{p.Zero})
	if err != nil {
		r.p.Fail(err)
		zt = tensor.New(p.Type)
	}
	s, z = r.p.Const(name+"_scale", tensor.Scalar(p.Scale)), r.p.Const(name+"_zero_point", zt)
	r.scalars[p] = [2]*ir.Value{s, z}
	return s, z
}

// insert puts QuantizeLinear and DequantizeLinear behind v; all readers, and the
// graph's output, read the result.
func (r *rewrite) insert(v *ir.Value, p Params) {
	uses, isOutput := slices.Clone(v.Uses()), r.g.IsOutput(v)
	var from []*ir.Node
	switch {
	case v.Node() != nil:
		from = append(from, v.Node())
	case len(uses) > 0:
		from = append(from, uses[0].Node)
	}
	dq := r.pair(v, p, from...)
	for _, u := range uses {
		r.p.SetInput(u.Node, u.Index, dq)
	}
	if v.Node() != nil {
		dq.Layers, v.Layers = v.Layers, nil
	}
	r.deq[v] = dq
	if !isOutput {
		return
	}
	name := v.Name
	r.g.RenameValue(v, name+"_float")
	r.g.RenameValue(dq, name)
	for i, o := range r.g.Outputs {
		if o == v {
			r.g.Outputs[i] = dq
		}
	}
}

func (r *rewrite) pair(v *ir.Value, p Params, from ...*ir.Node) *ir.Value {
	s, z := r.scaleAndZero(v.Name, p)
	q := r.p.Add("QuantizeLinear", nil, []*ir.Value{v, s, z}, from...)
	return r.p.Add("DequantizeLinear", nil, []*ir.Value{q, s, z}, from...)
}

// requantize gives the inputs of a Concat whose scale is prescribed the
// Concat's scale, on that edge only.
func (r *rewrite) requantize() {
	for e, out := range r.requant {
		if p, ok := r.params[out]; ok {
			r.p.SetInput(e.n, e.i, r.pair(e.n.In(e.i), p, e.n))
		}
	}
}

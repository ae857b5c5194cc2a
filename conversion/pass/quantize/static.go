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
	common bool // the same whatever the activations' ranges
}

func static(g *ir.Graph, c *pass.Ctx) error {
	o := c.Options.(*Options)
	if o.Profile == nil || o.Stats == nil {
		return fmt.Errorf("static quantization needs a profile and measurements")
	}
	if o.smooth != nil {
		if err := o.smooth.apply(g, c.Edit(g)); err != nil {
			return fmt.Errorf("smoothing: %w", err)
		}
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
		if !r.o.smooth.makes(u.Node) {
			r.p.SetInput(u.Node, u.Index, dq)
		}
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

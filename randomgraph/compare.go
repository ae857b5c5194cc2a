package randomgraph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// trials is how many times values are disturbed before a difference counts.
const trials = 24

// grain is the relative step by which values of a type are disturbed: a few
// times its own.
func grain(d tensor.DType) float64 {
	switch d {
	case tensor.Float64:
		return 1e-12
	case tensor.Float16:
		return 2e-3
	case tensor.BFloat16:
		return 2e-2
	}
	return 2e-6
}

// noise disturbs values: some trials change each element a little, others round
// all of them to common steps, so that what is nearly zero, or nearly the same,
// becomes just that.
type noise struct {
	*rand.Rand
	coarse float64
	snap   bool
}

// disturb changes the elements of a floating-point tensor by up to coarse times
// its type's grain, and by as much as abs, what its operator may err near zero.
func (r *noise) disturb(t *tensor.Tensor, abs float64) *tensor.Tensor {
	if t == nil || !t.DType().IsFloat() || t.DType().Bits() < 16 {
		return t
	}
	v := slices.Clone(t.Float64s())
	e := grain(t.DType()) * r.coarse
	step := 0.0
	if r.snap {
		top := 0.0
		for _, x := range v {
			if a := math.Abs(x); !math.IsInf(a, 0) && a > top {
				top = a
			}
		}
		// A power of two, so that tensors of nearly the same range share it.
		step = math.Exp2(math.Round(math.Log2(4 * e * top)))
	}
	for i := range v {
		switch {
		case step > 0:
			v[i] = math.Round(v[i]/step) * step
		case !r.snap:
			v[i] = v[i]*(1+e*(2*r.Float64()-1)) + max(e*1e-3, abs)*(2*r.Float64()-1)
		}
	}
	out, err := tensor.FromFloat64s(t.DType(), v, t.Shape()...)
	if err != nil {
		return t
	}
	return out
}

// spread is what disturbed values made of one output.
type spread struct {
	base    *tensor.Tensor
	lo, hi  []float64
	unsure  []bool // not finite in some trial
	reshape bool   // another shape or none in some trial
	failed  bool   // none in some trial
}

func newSpread(base *tensor.Tensor) *spread {
	s := &spread{base: base, lo: slices.Clone(base.Float64s()), unsure: make([]bool, base.Len())}
	s.hi = slices.Clone(s.lo)
	return s
}

func (s *spread) add(t *tensor.Tensor) {
	if t == nil || !slices.Equal(t.Shape(), s.base.Shape()) {
		s.reshape = true
		return
	}
	for i, x := range t.Float64s() {
		if math.IsNaN(x) || math.IsInf(x, 0) || math.IsNaN(s.lo[i]) || math.IsInf(s.lo[i], 0) {
			s.unsure[i] = s.unsure[i] || x != s.lo[i] && !(math.IsNaN(x) && math.IsNaN(s.lo[i]))
			continue
		}
		s.lo[i], s.hi[i] = min(s.lo[i], x), max(s.hi[i], x)
	}
}

// room is how much further than a trial went a result may lie.
const room = 8

// explains reports whether got is among what disturbed values could give, base
// aside by tol.
func (s *spread) explains(got *tensor.Tensor, tol float64) bool {
	if got == nil || got.DType() != s.base.DType() {
		return false
	}
	if !slices.Equal(got.Shape(), s.base.Shape()) {
		return s.reshape
	}
	b := s.base.Float64s()
	if s.reshape && among(got.Float64s(), b, tol) {
		return true // as many, but others of them nearly equal
	}
	pole := 1 / (64 * grain(s.base.DType()))
	for i, x := range got.Float64s() {
		switch {
		case x == b[i] || math.IsNaN(x) && math.IsNaN(b[i]) || s.unsure[i]:
		case s.lo[i] < -pole && s.hi[i] > pole: // as of Tan beside a half of pi
		case math.IsNaN(x) || math.IsInf(x, 0) || math.IsNaN(b[i]) || math.IsInf(b[i], 0):
			return false
		case s.hi[i] == s.lo[i] && math.Abs(x-b[i]) > tol:
			return false
		case math.Abs(x-b[i]) > tol+room*max(b[i]-s.lo[i], s.hi[i]-b[i]):
			return false
		}
	}
	return true
}

// among reports whether each of got is one of want, tol aside.
func among(got, want []float64, tol float64) bool {
	for _, x := range got {
		if !slices.ContainsFunc(want, func(w float64) bool { return x == w || math.Abs(x-w) <= tol || x != x && w != w }) {
			return false
		}
	}
	return true
}

// bound is the absolute tolerance that testkit.Compare takes for want.
func bound(want *tensor.Tensor, tol op.Tolerance) float64 {
	top := 0.0
	for _, v := range want.Float64s() {
		if a := math.Abs(v); a > top && !math.IsInf(a, 0) {
			top = a
		}
	}
	f := 1.0
	switch want.DType() {
	case tensor.Float16:
		f = 1024
	case tensor.BFloat16:
		f = 8192
	}
	return f * (tol.Abs + tol.Rel*top)
}

// sameGraph compares got, what the graph other gives for the feeds, with want,
// what g does. Where they differ by more than tol, g is computed again with
// disturbed intermediate values, and then other, which may come to its results
// by way of larger numbers; what either explains is no difference. A runtime's
// graph is not there to be computed: nil.
func sameGraph(reg *op.Registry, g, other *ir.Graph, feeds map[string]*tensor.Tensor, got, want []*tensor.Tensor, tol op.Tolerance, coarse float64) error {
	var spreads, others []*spread
	for i := range want {
		err := testkit.Compare(got[i], want[i], tol)
		if err == nil {
			continue
		}
		if got[i] == nil || !want[i].DType().IsReal() {
			return fmt.Errorf("output %q: %w", g.Outputs[i].Name, err)
		}
		if spreads == nil {
			spreads = graphSpread(reg, g, feeds, want, coarse)
		}
		if spreads[i].explains(got[i], bound(want[i], tol)) {
			continue
		}
		if others == nil && other != nil {
			others = graphSpread(reg, other, feeds, got, coarse)
		}
		if others == nil || others[i] == nil || !others[i].explains(want[i], bound(want[i], tol)) {
			return fmt.Errorf("output %q: %w", g.Outputs[i].Name, err)
		}
	}
	return nil
}

func graphSpread(reg *op.Registry, g *ir.Graph, feeds map[string]*tensor.Tensor, want []*tensor.Tensor, coarse float64) []*spread {
	out := make([]*spread, len(want))
	for i, w := range want {
		if w.DType().IsReal() {
			out[i] = newSpread(w)
		}
	}
	r := &noise{Rand: rand.New(rand.NewPCG(1, 2)), coarse: coarse}
	for k := range trials {
		r.snap = k%4 == 3
		start := make(map[string]*tensor.Tensor, len(feeds))
		for name, t := range feeds {
			start[name] = r.disturb(t, 0)
		}
		have, err := eval(reg, g, start, func(n *ir.Node, res []*tensor.Tensor) {
			if stepped[n.Op] || reg.Get(n.Op).Tol == op.Exact {
				return // nobody computes it otherwise
			}
			abs := 0.0
			if k%4 == 1 {
				abs = reg.Get(n.Op).Tol.Abs * coarse
			}
			for i := range res {
				res[i] = r.disturb(res[i], abs)
			}
		})
		for i, v := range g.Outputs {
			if out[i] == nil {
				continue
			}
			if err != nil {
				out[i].reshape, out[i].failed = true, true
				continue
			}
			out[i].add(have[v])
		}
	}
	return out
}

// brittle reports whether g cannot always be computed where intermediate values
// are disturbed: how many numbers Unique finds, for instance, decides whether what
// follows broadcasts.
func brittle(reg *op.Registry, g *ir.Graph, feeds map[string]*tensor.Tensor, want []*tensor.Tensor, coarse float64) bool {
	return slices.ContainsFunc(graphSpread(reg, g, feeds, want, coarse), func(s *spread) bool { return s != nil && s.failed })
}

// stepped are functions whose results are whole numbers; nearly zero is not one.
var stepped = map[string]bool{"Floor": true, "Ceil": true, "Round": true, "Sign": true}

// turns is how often a body is taken to run at the most.
const turns = 8

// tolOf is the tolerance of a node with those of its bodies.
func tolOf(reg *op.Registry, n *ir.Node) op.Tolerance {
	tol := reg.Get(n.Op).Tol
	for _, body := range n.Bodies() {
		for _, k := range body.Nodes {
			t := tolOf(reg, k)
			tol.Abs += turns * t.Abs
			tol.Rel += turns * t.Rel
		}
	}
	return tol
}

// sameNode compares a runtime's result of one node with the reference's on the
// same inputs, in single precision where it has no other; what disturbed inputs
// explain is no difference.
func sameNode(reg *op.Registry, n *ir.Node, in, got []*tensor.Tensor, coarse float64, single bool) error {
	want, err := reg.EvalNode(n, in)
	if err != nil {
		return err
	}
	for i := range want {
		if single {
			want[i] = rounded(want[i])
		}
	}
	if unordered(n, in) {
		return nil
	}
	tol := tolOf(reg, n)
	tol.Abs *= coarse
	tol.Rel *= coarse
	var spreads []*spread
	for i, w := range want {
		if n.Out(i) == nil || got[i] == nil {
			continue
		}
		err := testkit.Compare(got[i], w, tol)
		if err == nil {
			continue
		}
		if !w.DType().IsReal() {
			return fmt.Errorf("output %d: %w", i, err)
		}
		if spreads == nil {
			spreads = nodeSpread(reg, n, in, want, coarse)
		}
		if !spreads[i].explains(got[i], bound(w, tol)) && !explainsInside(reg, n, in, got, want, tol, coarse) {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

// unordered reports whether n multiplies numbers of which some, in another order,
// are more or less than their type, or single precision, holds: the order is nobody's business.
func unordered(n *ir.Node, in []*tensor.Tensor) bool {
	if n.Op != "ReduceProd" && n.Op != "CumProd" || len(in) == 0 || !in[0].DType().IsFloat() {
		return false
	}
	large, small := 0.0, 0.0
	for _, x := range in[0].Float64s() {
		switch a := math.Log2(math.Abs(x)); {
		case math.IsInf(a, 0) || math.IsNaN(a):
		case a > 0:
			large += a
		default:
			small -= a
		}
	}
	limit := 126.0
	if in[0].DType() == tensor.Float16 {
		limit = 14
	}
	return max(large, small) > limit
}

// explainsInside reports whether got is what n's decomposition gives when the
// values inside are disturbed: a factor that is nearly zero there may become
// large again.
func explainsInside(reg *op.Registry, n *ir.Node, in, got, want []*tensor.Tensor, tol op.Tolerance, coarse float64) bool {
	if len(n.Bodies()) > 0 {
		return false
	}
	g, err := testkit.Node(reg, n.Op, n.Attrs, len(n.Outputs), in)
	if err != nil {
		return false
	}
	if changed, err := testkit.Decomposed(reg, g); err != nil || !changed {
		return false
	}
	feeds := map[string]*tensor.Tensor{}
	for i, t := range in {
		if t != nil {
			feeds[fmt.Sprintf("in%d", i)] = t
		}
	}
	for i, s := range graphSpread(reg, g, feeds, want, coarse) {
		if n.Out(i) != nil && got[i] != nil && testkit.Compare(got[i], want[i], tol) != nil && (s == nil || !s.explains(got[i], bound(want[i], tol))) {
			return false
		}
	}
	return true
}

func nodeSpread(reg *op.Registry, n *ir.Node, in, want []*tensor.Tensor, coarse float64) []*spread {
	out := make([]*spread, len(want))
	for i, w := range want {
		out[i] = newSpread(w)
	}
	r := &noise{Rand: rand.New(rand.NewPCG(1, 2)), coarse: coarse}
	for k := range trials {
		r.snap = k%4 == 3
		args := make([]*tensor.Tensor, len(in))
		for i, t := range in {
			args[i] = r.disturb(t, 0)
		}
		res, err := reg.EvalNode(n, args)
		for i := range out {
			if err != nil {
				out[i].reshape = true
				continue
			}
			out[i].add(res[i])
		}
	}
	return out
}

package fuse

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// linear is an operation y = W*x + b with constant W, seen by output channel.
// The weights are a block of a*r*j rows of inner elements; row (a,r,j) belongs
// to output channel a*J+j.
type linear struct {
	n                *ir.Node
	weights, bias    *tensor.Tensor // bias may be nil
	a, r, j, inner   int
	alpha, beta      float64
	channels         int
	biasIndex        int
	isMatMul, isGemm bool
}

// asLinear looks at a node as a linear operation. why is not "" where it is of
// that kind but cannot take anything into its weights; ok is false where it is
// not of that kind at all.
func asLinear(n *ir.Node) (l *linear, why string, ok bool) {
	if n == nil {
		return nil, "", false
	}
	switch n.Op {
	case "Conv", "ConvTranspose", "Gemm", "MatMul":
	default:
		return nil, "", false
	}
	l = &linear{n: n, alpha: 1, beta: 1, biasIndex: 2}
	w := n.In(1)
	if !w.IsConst() {
		return nil, "its weights are not constant", true
	}
	if !w.DType.IsFloat() {
		return nil, fmt.Sprintf("its weights are %v", w.DType), true
	}
	if b := n.In(2); b != nil {
		if !b.IsConst() {
			return nil, "its bias is not constant", true
		}
		l.bias = b.Const
	}
	l.weights = w.Const
	s := w.Const.Shape()
	group := int(n.Int("group", 1))
	switch n.Op {
	case "Conv":
		if len(s) < 3 {
			return nil, fmt.Sprintf("its weights have shape %v", s), true
		}
		l.a, l.r, l.j = 1, 1, s[0]
	case "ConvTranspose":
		if len(s) < 3 || group < 1 || s[0]%group != 0 {
			return nil, fmt.Sprintf("its weights have shape %v in %d groups", s, group), true
		}
		l.a, l.r, l.j = group, s[0]/group, s[1]
	case "Gemm", "MatMul":
		if len(s) != 2 {
			return nil, fmt.Sprintf("its weights have shape %v", s), true
		}
		l.alpha, l.beta = n.Float("alpha", 1), n.Float("beta", 1)
		l.isMatMul, l.isGemm = n.Op == "MatMul", n.Op == "Gemm"
		l.a, l.r, l.j = 1, s[0], s[1]
		if l.isGemm && n.Int("transB", 0) != 0 {
			l.r, l.j = 1, s[0]
		}
		if l.isMatMul && n.In(0).Rank() != 2 {
			return nil, fmt.Sprintf("it multiplies a tensor of rank %d", n.In(0).Rank()), true
		}
	}
	l.channels = l.a * l.j
	if rows := l.a * l.r * l.j; rows > 0 {
		l.inner = l.weights.Len() / rows
	}
	if l.channels == 0 || l.inner == 0 {
		return nil, "its weights are empty", true
	}
	if _, ok := l.biasValues(); !ok {
		return nil, fmt.Sprintf("its bias has shape %v", l.bias.Shape()), true
	}
	return l, "", true
}

// biasValues is the bias by channel, beta included; zeros where there is none.
func (l *linear) biasValues() ([]float64, bool) {
	out := make([]float64, l.channels)
	if l.bias == nil {
		return out, true
	}
	b := l.bias.Float64s()
	s := l.bias.Shape()
	if l.isGemm && len(s) == 2 && s[0] != 1 {
		return nil, false // differs by row
	}
	switch len(b) {
	case l.channels:
		for i, v := range b {
			out[i] = v * l.beta
		}
	case 1:
		for i := range out {
			out[i] = b[0] * l.beta
		}
	default:
		return nil, false
	}
	return out, true
}

// scaled returns the weights times s, by output channel; false where a result
// is not finite in the weights' type.
func (l *linear) scaled(s []float64) (*tensor.Tensor, bool) {
	return mapRows(l.weights, l.inner, func(row int) float64 {
		return s[row/(l.r*l.j)*l.j+row%l.j]
	})
}

// deferredBytes is the size from which changed weights are computed when they are
// written and not before: until then they cost no memory.
const deferredBytes = 1 << 16

// mapRows multiplies each row of inner elements by its own factor, in float64,
// on all cores. Products that overflow the type give false.
func mapRows(w *tensor.Tensor, inner int, factor func(row int) float64) (*tensor.Tensor, bool) {
	factors := make([]float64, w.Len()/inner)
	for r := range factors {
		factors[r] = factor(r)
	}
	if w.DType() == tensor.Float32 && w.Size() >= deferredBytes {
		ok := staysFinite(w.Bytes(), inner, factors)
		w.Drop()
		return tensor.Deferred(w.DType(), w.Shape(), func() *tensor.Tensor {
			defer w.Drop()
			return multiply(w, inner, factors)
		}), ok
	}
	out := multiply(w, inner, factors)
	return out, out.Finite() || !w.Finite()
}

func multiply(w *tensor.Tensor, inner int, factors []float64) *tensor.Tensor {
	if w.DType() == tensor.Float32 {
		// Straight from the bytes: those of a mapped file are seldom aligned, and a
		// View would copy them first.
		src, dst := w.Bytes(), make([]float32, w.Len())
		eachRow(len(factors), inner, func(r int) {
			f, from, to := factors[r], src[4*r*inner:4*(r+1)*inner], dst[r*inner:(r+1)*inner]
			for i := range to {
				to[i] = float32(float64(math.Float32frombits(binary.LittleEndian.Uint32(from[4*i:]))) * f)
			}
		})
		return tensor.Of(dst, w.Shape()...)
	}
	src := w.Float64s()
	dst := make([]float64, len(src))
	eachRow(len(factors), inner, func(r int) {
		for i := r * inner; i < (r+1)*inner; i++ {
			dst[i] = src[i] * factors[r]
		}
	})
	out, err := tensor.FromFloat64s(w.DType(), dst, w.Shape()...)
	if err != nil {
		panic(err) // as many elements as w has
	}
	return out
}

func eachRow(rows, inner int, f func(r int)) {
	tensor.Parallel(rows, 1+(1<<16)/inner, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			f(r)
		}
	})
}

// staysFinite reports whether every product with the float32 elements of w is
// finite in float32, or an element was not to begin with.
func staysFinite(w []byte, inner int, factors []float64) bool {
	var overflows, wasNot atomic.Bool
	eachRow(len(factors), inner, func(r int) {
		row := w[4*r*inner : 4*(r+1)*inner]
		if fits(bound(row), factors[r]) {
			return // as nearly every row of a trained model
		}
		var top uint32 // magnitudes order like their bits
		for b := row; len(b) >= 4; b = b[4:] {
			top = max(top, binary.LittleEndian.Uint32(b)&magnitude)
		}
		if top >= infinite {
			wasNot.Store(true)
		}
		if !fits(top, factors[r]) {
			overflows.Store(true)
		}
	})
	return wasNot.Load() || !overflows.Load()
}

// The bits of a float32's magnitude, and the first of them that are not finite.
const magnitude, infinite = 0x7fffffff, 0x7f800000

// bound is at least the bits of the largest magnitude in a row of float32: all of
// them together, which costs no comparison.
func bound(row []byte) uint32 {
	var a, b uint64
	for ; len(row) >= 16; row = row[16:] {
		a |= binary.LittleEndian.Uint64(row)
		b |= binary.LittleEndian.Uint64(row[8:])
	}
	a |= b
	bits := uint32(a) | uint32(a>>32)
	for ; len(row) >= 4; row = row[4:] {
		bits |= binary.LittleEndian.Uint32(row)
	}
	return bits & magnitude
}

// fits reports whether the float32 of these bits times factor is finite.
func fits(bits uint32, factor float64) bool {
	y := float32(float64(math.Float32frombits(bits)) * factor)
	return y-y == 0
}

// absorb makes l compute scale*l + shift (by channel; scale may be nil for
// ones) in the place of the node done, whose output it takes over. It reports
// why it cannot, "" where it did.
func (l *linear) absorb(g *ir.Graph, p *ir.Patch, done *ir.Node, scale, shift []float64) string {
	bias, _ := l.biasValues()
	for i := range bias {
		if scale != nil {
			bias[i] *= scale[i]
		}
		if shift != nil {
			bias[i] += shift[i]
		}
		if math.IsNaN(bias[i]) || math.IsInf(bias[i], 0) {
			return "the bias would not be finite"
		}
	}
	dt := l.weights.DType()
	b, err := tensor.FromFloat64s(dt, bias, l.channels)
	if err != nil || !b.Finite() {
		return fmt.Sprintf("the bias would not fit %v", dt)
	}
	weights := l.weights
	if scale != nil {
		t, ok := l.scaled(scale)
		if !ok {
			return fmt.Sprintf("the weights would not fit %v", dt)
		}
		weights = t
	}
	if l.isMatMul && (l.bias != nil || anyNonZero(bias)) {
		p.Rewrite(l.n, "Gemm", nil, l.n.In(0), l.n.In(1))
	}
	if weights != l.weights {
		setConst(g, p, l.n, 1, weights, "")
	}
	if l.bias != nil || anyNonZero(bias) {
		setConst(g, p, l.n, 2, b, l.n.Name+"_bias")
		p.SetAttr(l.n, "beta", nil)
	}
	take(g, p, done, l.n)
	return ""
}

func anyNonZero(v []float64) bool {
	for _, x := range v {
		if x != 0 {
			return true
		}
	}
	return false
}

// take lets n stand for the node done: its output, which must hold the same
// elements now, gets the name and the readers of done's.
func take(g *ir.Graph, p *ir.Patch, done, n *ir.Node) {
	from, to := done.Out(0), n.Out(0)
	to.Layers = nil // what n alone computed is gone
	name, output := from.Name, g.IsOutput(from)
	p.Replace(from, to)
	p.AddOrigin(n, done)
	detach(p, done)
	if !output {
		g.RenameValue(from, name+"_fused")
		g.RenameValue(to, name)
	}
}

// setConst makes input i of n a new constant. It takes the name of the old one
// where nothing else reads that, and base where there was none.
func setConst(g *ir.Graph, p *ir.Patch, n *ir.Node, i int, t *tensor.Tensor, base string) {
	old := n.In(i)
	if old != nil {
		base = old.Name
	}
	p.SetInput(n, i, nil)
	if old != nil && len(old.Uses()) == 0 && !g.IsOutput(old) {
		g.RenameValue(old, base+"_before")
	}
	p.SetInput(n, i, p.Const(base, t))
}

// detach makes a node that nothing reads any more let go of its inputs, so that
// later matches in the same session count only live readers.
func detach(p *ir.Patch, n *ir.Node) {
	for i := range n.Inputs {
		p.SetInput(n, i, nil)
	}
}

// perChannel spreads a constant operand over the output channels of a value of
// the given shape: it must broadcast along the channel axis only. ok is false
// where it varies along another axis or would enlarge the value.
func perChannel(c *tensor.Tensor, out ir.Shape, channels int) ([]float64, bool) {
	rank := len(out)
	s := c.Shape()
	if out == nil || rank < 2 || len(s) > rank || c.DType() == tensor.String {
		return nil, false
	}
	for i, d := range s {
		axis := rank - len(s) + i
		if d != 1 && (axis != 1 || d != channels) {
			return nil, false
		}
	}
	v := c.Float64s()
	if len(v) == channels {
		return append([]float64{}, v...), true
	}
	if len(v) != 1 {
		return nil, false
	}
	all := make([]float64, channels)
	for i := range all {
		all[i] = v[0]
	}
	return all, true
}

// producer is the linear operation whose result n reads as input i, if that
// result has no other reader. why tells of near misses.
func producer(g *ir.Graph, n *ir.Node, i int) (*linear, string) {
	v := n.In(i)
	if v == nil || v.Node() == nil {
		return nil, ""
	}
	l, why, ok := asLinear(v.Node())
	if !ok {
		return nil, ""
	}
	if why != "" {
		return nil, fmt.Sprintf("%q (%s): %s", v.Node().Name, v.Node().Op, why)
	}
	if !g.SingleUse(v) {
		if g.IsOutput(v) {
			return nil, fmt.Sprintf("the result of %q is an output of the model", v.Node().Name)
		}
		return nil, fmt.Sprintf("the result of %q has %d readers", v.Node().Name, len(v.Uses()))
	}
	return l, ""
}

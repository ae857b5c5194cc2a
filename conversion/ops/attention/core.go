package attention

import (
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

// core builds the part that all kinds of attention share, on
// [batch, heads, sequence, size].
type core struct {
	build.B
	*sizes
	qHeads, kvHeads int64
	scale, softcap  float64
	causal          bool
	mask            *ir.Value    // added, or bool; nil: none
	nonpad          *ir.Value    // lengths of the keys that count, one for each sample; nil: all
	soft            tensor.DType // of the softmax
	probability     func(*ir.Value) *ir.Value
	score           func(*ir.Value) *ir.Value
}

// attend returns the result and the scores raw, capped, masked and after the
// softmax. Heads that share keys are taken as further rows of one matrix, so
// that keys and values need not be repeated.
func (a *core) attend(q, k, v *ir.Value) (y *ir.Value, stages [4]*ir.Value) {
	grouped := a.qHeads != a.kvHeads
	q = a.Scale(q, a.scale)
	if grouped {
		q = a.Reshape(q, 0, a.kvHeads, -1, a.width(q))
	}
	s := a.MatMul(q, a.Transpose(k, 0, 1, 3, 2))
	if grouped {
		s = a.Reshape(s, 0, a.qHeads, -1, a.width(s))
	}
	stages[0] = s
	if a.softcap != 0 {
		s = a.Scale(a.Op("Tanh", nil, a.Scale(s, 1/a.softcap)), a.softcap)
	}
	stages[1] = s
	s = a.masked(s, k)
	stages[2] = s
	out := s.DType
	s = a.Cast(s, a.soft)
	if a.score != nil {
		s = a.score(s)
	}
	p := a.Op("Softmax", ir.Attrs{"axis": int64(-1)}, s)
	if a.probability != nil {
		p = a.probability(p)
	}
	stages[3] = p
	if a.probability == nil && a.score == nil {
		p = a.Cast(p, v.DType)
	} else {
		v = a.Cast(v, p.DType)
	}
	if grouped {
		p = a.Reshape(p, 0, a.kvHeads, -1, a.width(p))
	}
	y = a.MatMul(p, v)
	if grouped {
		y = a.Reshape(y, 0, a.qHeads, -1, a.width(y))
	}
	return a.Cast(y, out), stages
}

// width tells Reshape the last dimension: 0 keeps it.
func (a *core) width(x *ir.Value) int64 {
	if len(x.Shape) == 4 {
		if n, ok := x.Shape[3].Int(); ok && n > 0 {
			return n
		}
	}
	return 0
}

// masked adds the masks to the scores s of keys k: what must not be seen gets
// -Inf.
func (a *core) masked(s, k *ir.Value) *ir.Value {
	minus := func() *ir.Value { return a.Scalar(s.DType, math.Inf(-1)) }
	if m := a.mask; m != nil {
		m = a.padMask(m)
		if m.DType == tensor.Bool {
			s = a.Op("Where", nil, m, s, minus())
		} else {
			s = a.Add(s, a.Cast(m, s.DType))
		}
	}
	if a.causal {
		s = a.Op("Where", nil, a.triangle(s, k), s, minus())
	}
	if a.nonpad != nil {
		seen := a.Op("Less", nil, a.Range(a.Size(k, 2)), a.Reshape(a.Cast(a.nonpad, tensor.Int64), -1, 1, 1, 1))
		s = a.Op("Where", nil, seen, s, minus())
	}
	return s
}

// padMask lengthens a mask that is shorter than the keys: what lies beyond is
// not seen.
func (a *core) padMask(m *ir.Value) *ir.Value {
	rank := m.Rank()
	have := m.Shape[rank-1]
	if have.Equal(a.total) || have.Is(1) {
		return m
	}
	n, ok1 := a.total.Int()
	h, ok2 := have.Int()
	if !ok1 || !ok2 || h > n {
		return m // an equal length, or one that broadcasting refuses
	}
	pads := make([]int64, 2*rank)
	pads[2*rank-1] = n - h
	if m.DType == tensor.Bool {
		return a.Cast(a.Op("Pad", nil, a.Cast(m, tensor.Uint8), a.Ints(pads...)), tensor.Bool)
	}
	return a.Op("Pad", nil, m, a.Ints(pads...), a.Scalar(m.DType, math.Inf(-1)))
}

// triangle is the mask [query, key] that holds where the key is not later than
// the query; queries come after the cached keys.
func (a *core) triangle(s, k *ir.Value) *ir.Value {
	q, ok1 := a.q.Int()
	total, ok2 := a.total.Int()
	past, ok3 := a.past.Int()
	if ok1 && ok2 && ok3 && q*total <= 1<<24 {
		seen := make([]bool, q*total)
		for i := range seen {
			seen[i] = int64(i)%total <= int64(i)/total+past
		}
		return a.Const(tensor.Of(seen, int(q), int(total)))
	}
	rows := a.Range(a.Size(s, 2))
	if a.pastGiven {
		rows = a.Add(rows, a.Size(a.In(4), 2))
	}
	return a.Op("LessOrEqual", nil, a.Unsqueeze(a.Range(a.Size(k, 2)), 0), a.Unsqueeze(rows, 1))
}

package attention

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var attentionDef = &op.Def{
	Name: "Attention", Family: "attention",
	Doc:     "Scaled dot-product attention of queries over keys and values, with masks, shared heads and a cache.",
	Inputs:  op.Opt(op.In("Q", "K", "V"), "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen"),
	Outputs: op.Opt(op.In("Y"), "present_key", "present_value", "qk_matmul_output"),
	Attrs: []op.Attr{
		{Name: "is_causal", Kind: op.Int, Default: int64(0)},
		{Name: "kv_num_heads", Kind: op.Int},
		{Name: "q_num_heads", Kind: op.Int},
		{Name: "qk_matmul_output_mode", Kind: op.Int, Default: int64(0)},
		{Name: "scale", Kind: op.Float},
		{Name: "softcap", Kind: op.Float, Default: 0.0},
		{Name: "softmax_precision", Kind: op.Int},
	},
	Tol:       op.Accumulating,
	Infer:     inferAttention,
	Eval:      op.EvalDecomposed,
	Decompose: decomposeAttention,
}

// sizes are the dimensions of an attention, with heads split off.
type sizes struct {
	flat                      bool   // the inputs are [batch, sequence, heads*size]
	batch, q, kv, past, total ir.Dim // batch and lengths; total is past and kv
	qHeads, kvHeads           ir.Dim
	qk, v                     ir.Dim // sizes of a head
	pastKnown, pastGiven      bool
}

// measure checks the shapes of Q, K and V, all of known rank.
func measure(n *ir.Node) (*sizes, error) {
	q, k, v := n.In(0).Shape, n.In(1).Shape, n.In(2).Shape
	if len(q) != len(k) || len(k) != len(v) || len(q) != 3 && len(q) != 4 {
		return nil, fmt.Errorf("Q %v, K %v and V %v are neither all of three nor all of four dimensions", q, k, v)
	}
	s := &sizes{flat: len(q) == 3, batch: q[0], past: ir.Static(0)}
	var err error
	if s.flat {
		a, b := n.Int("q_num_heads", 0), n.Int("kv_num_heads", 0)
		if a < 1 || b < 1 || a > 1<<20 || b > 1<<20 {
			return nil, fmt.Errorf("inputs of three dimensions need q_num_heads and kv_num_heads, which are %d and %d", a, b)
		}
		s.q, s.kv, s.qHeads, s.kvHeads = q[1], k[1], ir.Static(a), ir.Static(b)
		if s.qk, err = share(q[2], a); err != nil {
			return nil, err
		}
		if s.v, err = share(v[2], b); err != nil {
			return nil, err
		}
		ks, err := share(k[2], b)
		if err != nil {
			return nil, err
		}
		err = same(s.qk, ks, "head sizes of Q and K")
		if err != nil {
			return nil, err
		}
	} else {
		s.q, s.kv, s.qHeads, s.kvHeads, s.qk, s.v = q[2], k[2], q[1], k[1], q[3], v[3]
		if err := same(q[3], k[3], "head sizes of Q and K"); err != nil {
			return nil, err
		}
		if err := same(k[1], v[1], "heads of K and V"); err != nil {
			return nil, err
		}
	}
	for _, e := range []error{
		same(q[0], k[0], "batches of Q and K"), same(k[0], v[0], "batches of K and V"),
		same(s.kv, v[len(v)-2], "lengths of K and V"),
	} {
		if e != nil {
			return nil, e
		}
	}
	a, ok1 := s.qHeads.Int()
	b, ok2 := s.kvHeads.Int()
	if ok1 && ok2 && (b < 1 || a%b != 0) {
		return nil, fmt.Errorf("%d query heads do not share %d key heads evenly", a, b)
	}
	s.pastGiven = n.In(4) != nil
	if s.pastGiven != (n.In(5) != nil) {
		return nil, fmt.Errorf("past_key and past_value go together")
	}
	s.pastKnown = true
	if s.pastGiven {
		p, pv := n.In(4).Shape, n.In(5).Shape
		if p == nil || pv == nil {
			s.pastKnown = false
		} else {
			if len(p) != 4 || len(pv) != 4 {
				return nil, fmt.Errorf("past_key %v and past_value %v have not four dimensions", p, pv)
			}
			s.past = p[2]
			for _, e := range []error{
				same(p[0], s.batch, "batches of past_key and Q"), same(p[1], s.kvHeads, "heads of past_key and K"),
				same(p[3], s.qk, "head sizes of past_key and K"), same(pv[2], p[2], "lengths of past_key and past_value"),
				same(pv[0], s.batch, "batches of past_value and Q"), same(pv[1], s.kvHeads, "heads of past_value and V"),
				same(pv[3], s.v, "head sizes of past_value and V"),
			} {
				if e != nil {
					return nil, e
				}
			}
		}
	}
	s.total = s.past.Add(s.kv)
	return s, nil
}

// share is d/n, exactly.
func share(d ir.Dim, n int64) (ir.Dim, error) {
	if q, ok := d.Div(ir.Static(n)); ok {
		return q, nil
	}
	if d.IsStatic() {
		return d, fmt.Errorf("a size of %v does not divide into %d heads", d, n)
	}
	return d.FloorDiv(n), nil
}

func same(a, b ir.Dim, what string) error {
	x, ok1 := a.Int()
	y, ok2 := b.Int()
	if ok1 && ok2 && x != y {
		return fmt.Errorf("%s differ: %d and %d", what, x, y)
	}
	return nil
}

func inferAttention(c *op.InferCtx) error {
	d, dv := c.InType(0), c.InType(2)
	if !d.IsFloat() || c.InType(1) != d || !dv.IsFloat() {
		return fmt.Errorf("Q, K and V are %v, %v and %v, not of one floating-point type", d, c.InType(1), dv)
	}
	if m := c.Int("qk_matmul_output_mode", 0); m < 0 || m > 3 {
		return fmt.Errorf("qk_matmul_output_mode %d is out of range", m)
	}
	if _, err := precision(c.Node, d); err != nil {
		return err
	}
	if c.InShape(0) == nil || c.InShape(1) == nil || c.InShape(2) == nil {
		for i, t := range []tensor.DType{d, d, dv, d} {
			c.Set(i, t, nil)
		}
		return nil
	}
	s, err := measure(c.Node)
	if err != nil {
		return err
	}
	if err := checkMask(c, s); err != nil {
		return err
	}
	y := ir.Shape{s.batch, s.qHeads, s.q, s.v}
	if s.flat {
		y = ir.Shape{s.batch, s.q, s.qHeads.Mul(s.v)}
	}
	c.Set(0, d, y)
	if !s.pastKnown {
		s.total = ir.Symbol("_.total")
		if o := c.Out(1); o != nil {
			s.total = ir.Symbol(o.Name + ".2")
		}
	}
	c.Set(1, d, ir.Shape{s.batch, s.kvHeads, s.total, s.qk})
	c.Set(2, dv, ir.Shape{s.batch, s.kvHeads, s.total, s.v})
	c.Set(3, d, ir.Shape{s.batch, s.qHeads, s.q, s.total})
	return nil
}

// checkMask sees that mask and lengths broadcast to the scores, of which the
// mask may lack keys at the end.
func checkMask(c *op.InferCtx, s *sizes) error {
	if n := c.InShape(6); n != nil {
		if len(n) != 1 {
			return fmt.Errorf("nonpad_kv_seqlen has shape %v, not one dimension", n)
		}
		if err := same(n[0], s.batch, "batches of nonpad_kv_seqlen and Q"); err != nil {
			return err
		}
	}
	m := c.InShape(3)
	if m == nil {
		return nil
	}
	if len(m) == 0 || len(m) > 4 {
		return fmt.Errorf("attn_mask has shape %v", m)
	}
	scores := ir.Shape{s.batch, s.qHeads, s.q, s.total}[4-len(m):]
	for i, d := range m {
		n, ok1 := d.Int()
		want, ok2 := scores[i].Int()
		short := i == len(m)-1 && n < want
		if ok1 && ok2 && n != want && n != 1 && !short && (i < len(m)-1 || s.pastKnown) {
			return fmt.Errorf("attn_mask %v does not broadcast to %v", m, scores)
		}
	}
	return nil
}

// precision is the type in which the softmax is computed.
func precision(n *ir.Node, d tensor.DType) (tensor.DType, error) {
	p := n.Int("softmax_precision", 0)
	if p == 0 {
		return d, nil
	}
	t, err := op.FromONNXType(p)
	if err == nil && !t.IsFloat() {
		err = fmt.Errorf("%v is not floating-point", t)
	}
	if err != nil {
		return t, fmt.Errorf("softmax_precision: %w", err)
	}
	return t, nil
}

func decomposeAttention(o *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: o}
	for i := range 3 {
		if b.In(i).Shape == nil {
			return nil, fmt.Errorf("input %d of unknown rank: %w", i, op.ErrNoDecomposition)
		}
	}
	s, err := measure(b.Node)
	if err != nil {
		return nil, err
	}
	qh, ok1 := s.qHeads.Int()
	kh, ok2 := s.kvHeads.Int()
	size, ok3 := s.qk.Int()
	mask := b.In(3)
	if !ok1 || !ok2 || !ok3 && !b.Has("scale") || mask != nil && mask.Shape == nil || !s.pastKnown {
		return nil, fmt.Errorf("heads of unknown number or size: %w", op.ErrNoDecomposition)
	}
	if s.flat {
		return splitOff(b, qh, kh), nil
	}
	d := b.In(0).DType
	soft, err := precision(b.Node, d)
	if err != nil {
		return nil, err
	}
	q, k, v := b.In(0), b.In(1), b.In(2)
	if s.pastGiven {
		k, v = b.Concat(2, b.In(4), k), b.Concat(2, b.In(5), v)
	}
	a := &core{B: b, sizes: s, qHeads: qh, kvHeads: kh, soft: soft}
	a.scale = b.Float("scale", 1/math.Sqrt(float64(max(size, 1))))
	a.softcap = b.Float("softcap", 0)
	a.causal = b.Int("is_causal", 0) != 0
	a.mask, a.nonpad = mask, b.In(6)
	y, stages := a.attend(q, k, v)
	outs := []*ir.Value{y, k, v, nil}
	if b.Patch.Needed(b.Out(3)) {
		outs[3] = b.Cast(stages[b.Int("qk_matmul_output_mode", 0)], d)
	}
	for i := 1; i < 3; i++ {
		if !b.Patch.Needed(b.Out(i)) {
			outs[i] = nil
		}
	}
	return outs, nil
}

// splitOff is the same attention of inputs with their heads split off.
func splitOff(b build.B, qh, kh int64) []*ir.Value {
	attrs := b.Attrs.Clone()
	delete(attrs, "q_num_heads")
	delete(attrs, "kv_num_heads")
	in := append([]*ir.Value{splitHeads(b, b.In(0), qh), splitHeads(b, b.In(1), kh), splitHeads(b, b.In(2), kh)}, b.Inputs[3:]...)
	outs := 1
	for i := range b.Outputs {
		if b.Patch.Needed(b.Out(i)) {
			outs = i + 1
		}
	}
	y := b.Outs("Attention", attrs, outs, in...)
	y[0] = joinHeads(b, y[0])
	return y
}

// splitHeads turns [batch, sequence, heads*size] into [batch, heads, sequence, size].
func splitHeads(b build.B, x *ir.Value, heads int64) *ir.Value {
	return b.Transpose(b.Reshape(x, 0, 0, heads, -1), 0, 2, 1, 3)
}

// joinHeads undoes splitHeads.
func joinHeads(b build.B, x *ir.Value) *ir.Value {
	return b.Reshape(b.Transpose(x, 0, 2, 1, 3), 0, 0, -1)
}

package attention

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var linearAttentionDef = &op.Def{
	Name: "LinearAttention", Family: "attention",
	Doc:     "Attention as a recurrence over a matrix of state for each head: linear, gated, by the delta rule, or both.",
	Inputs:  op.Opt(op.In("query", "key", "value"), "past_state", "decay", "beta"),
	Outputs: op.Opt(op.In("output"), "present_state"),
	Attrs: []op.Attr{
		{Name: "chunk_size", Kind: op.Int, Default: int64(64)},
		{Name: "kv_num_heads", Kind: op.Int, Required: true},
		{Name: "q_num_heads", Kind: op.Int, Required: true},
		{Name: "scale", Kind: op.Float, Default: 0.0},
		{Name: "update_rule", Kind: op.Str, Default: "gated_delta"},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		d := c.InType(0)
		state := c.InType(3)
		if state == tensor.Invalid {
			state = d
		}
		if c.InShape(0) == nil || c.InShape(1) == nil || c.InShape(2) == nil {
			c.Set(0, d, nil)
			c.Set(1, state, nil)
			return nil
		}
		r, err := newRecurrence(c.Node)
		if err != nil {
			return err
		}
		q, v := c.InShape(0), c.InShape(2)
		dv, err := share(v[2], r.kv)
		if err != nil {
			return err
		}
		dk, err := share(q[2], r.q)
		if err != nil {
			return err
		}
		c.Set(0, d, ir.Shape{q[0], q[1], dv.Mul(ir.Static(r.q))})
		c.Set(1, state, ir.Shape{q[0], ir.Static(r.kv), dk, dv})
		return nil
	},
	Eval:      op.EvalDecomposed,
	Decompose: decomposeLinear,
	Harmless:  []string{"chunk_size"},
}

// recurrence is a LinearAttention's form.
type recurrence struct {
	q, kv        int64 // heads
	gated, delta bool
}

func newRecurrence(n *ir.Node) (*recurrence, error) {
	r := &recurrence{q: n.Int("q_num_heads", 0), kv: n.Int("kv_num_heads", 0)}
	if r.q < 1 || r.kv < 1 || r.q > 1<<20 || r.q%r.kv != 0 {
		return nil, fmt.Errorf("%d query heads do not share %d key heads evenly", r.q, r.kv)
	}
	switch rule := n.Str("update_rule", "gated_delta"); rule {
	case "linear":
	case "gated":
		r.gated = true
	case "delta":
		r.delta = true
	case "gated_delta":
		r.gated, r.delta = true, true
	default:
		return nil, fmt.Errorf("update_rule %q is not one of linear, gated, delta, gated_delta", rule)
	}
	if r.gated != (n.In(4) != nil) {
		return nil, fmt.Errorf("update_rule %q: decay is given or missing against it", n.Str("update_rule", "gated_delta"))
	}
	if r.delta != (n.In(5) != nil) {
		return nil, fmt.Errorf("update_rule %q: beta is given or missing against it", n.Str("update_rule", "gated_delta"))
	}
	for i, v := range n.Inputs {
		want := 3
		if i == 3 {
			want = 4
		}
		if v != nil && v.Shape != nil && len(v.Shape) != want {
			return nil, fmt.Errorf("input %d has shape %v, not %d dimensions", i, v.Shape, want)
		}
	}
	return r, nil
}

// maxSteps bounds the length of a sequence that is unrolled.
const maxSteps = 4096

// decomposeLinear unrolls the recurrence, in 32 bits at least:
//
//	S = exp(g)*S + k ⊗ beta*(v - exp(g)*Sᵀk),  o = scale * qᵀS
func decomposeLinear(o *op.Builder) ([]*ir.Value, error) {
	b := build.B{Builder: o}
	for i := range 3 {
		if b.In(i).Shape == nil {
			return nil, fmt.Errorf("input %d of unknown rank: %w", i, op.ErrNoDecomposition)
		}
	}
	r, err := newRecurrence(b.Node)
	if err != nil {
		return nil, err
	}
	qs, vs := b.In(0).Shape, b.In(2).Shape
	batch, ok1 := qs[0].Int()
	steps, ok2 := qs[1].Int()
	width, ok3 := qs[2].Int()
	values, ok4 := vs[2].Int()
	if !ok1 || !ok2 || !ok3 || !ok4 || steps > maxSteps {
		return nil, fmt.Errorf("query %v and value %v: %w", qs, vs, op.ErrNoDecomposition)
	}
	dk, dv := width/r.q, values/r.kv
	out, stateType := b.In(0).DType, b.In(0).DType
	if p := b.In(3); p != nil {
		stateType = p.DType
	}
	wide := func(v *ir.Value) *ir.Value { return b.Cast(v, tensor.Float32) }
	scale := b.Float("scale", 0)
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(max(dk, 1)))
	}
	group := r.q / r.kv
	// Queries that share a state are rows of one matrix.
	q := b.Scale(b.Reshape(wide(b.In(0)), batch, steps, r.kv, group, dk), scale)
	k := b.Reshape(wide(b.In(1)), batch, steps, r.kv, dk, 1)
	v := b.Reshape(wide(b.In(2)), batch, steps, r.kv, 1, dv)
	var decay, beta *ir.Value
	if r.gated {
		decay = b.Op("Exp", nil, b.Reshape(wide(b.In(4)), batch, steps, r.kv, -1, 1))
	}
	if r.delta {
		beta = b.Reshape(wide(b.In(5)), batch, steps, -1, 1, 1)
	}
	at := func(x *ir.Value, t int64) *ir.Value { return b.Squeeze(b.Slice(x, 1, t, t+1), 1) }
	state := b.In(3)
	if state == nil {
		state = b.Const(tensor.New(tensor.Float32, int(batch), int(r.kv), int(dk), int(dv)))
	}
	state = wide(state)
	var rows []*ir.Value
	for t := range steps {
		kt, vt := at(k, t), at(v, t)
		if r.gated {
			state = b.Mul(state, at(decay, t))
		}
		if r.delta {
			vt = b.Mul(at(beta, t), b.Sub(vt, b.MatMul(b.Transpose(kt, 0, 1, 3, 2), state)))
		}
		state = b.Add(state, b.Mul(kt, vt))
		rows = append(rows, b.Unsqueeze(b.MatMul(at(q, t), state), 1))
	}
	var y *ir.Value
	if len(rows) == 0 {
		y = b.Const(tensor.New(tensor.Float32, int(batch), 0, int(r.q*dv)))
	} else {
		y = b.Reshape(b.Concat(1, rows...), batch, steps, r.q*dv)
	}
	return []*ir.Value{b.Cast(y, out), b.Cast(state, stateType)}, nil
}

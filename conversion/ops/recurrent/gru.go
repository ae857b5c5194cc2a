package recurrent

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var gruDef = &op.Def{
	Name: "GRU", Doc: "A recurrent layer with gated units (update, reset, hidden).", Family: family,
	Inputs:  op.Opt(op.In("X", "W", "R"), "B", "sequence_lens", "initial_h"),
	Outputs: []op.Param{{Name: "Y", Optional: true}, {Name: "Y_h", Optional: true}},
	Attrs:   attrs(op.Attr{Name: "linear_before_reset", Kind: op.Int, Default: int64(0)}), Tol: op.Accumulating,
	Infer: infer(3, "Sigmoid", "Tanh"),
	// The formulas are those of ONNX, operator GRU; the gates' order is z, r, h.
	Eval: func(c *op.EvalCtx) error {
		l, err := newLayer(c.Node, 3, "Sigmoid", "Tanh")
		if err != nil {
			return err
		}
		o, err := l.load(c)
		if err != nil {
			return err
		}
		n := o.hidden
		linear := c.Int("linear_before_reset", 0) != 0
		z, r, reset, next := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		return l.run(c, o, func(d int, gates, h, _ []float64) {
			f, g := l.acts[d][0], l.acts[d][1]
			for j := range n {
				z[j] = f.at(l.limit(gates[j] + o.recurrent(d, j, h)))
				r[j] = f.at(l.limit(gates[n+j] + o.recurrent(d, n+j, h)))
				reset[j] = r[j] * h[j]
			}
			for j := range n {
				v := gates[2*n+j]
				if linear {
					v += r[j] * o.recurrent(d, 2*n+j, h)
				} else {
					v += o.recurrent(d, 2*n+j, reset)
				}
				next[j] = (1-z[j])*g.at(l.limit(v)) + z[j]*h[j]
			}
			copy(h, next)
		})
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		l, err := newLayer(b.Node, 3, "Sigmoid", "Tanh")
		if err != nil {
			return nil, err
		}
		linear := b.Int("linear_before_reset", 0) != 0
		return l.decompose(b, 1, func(s *builder, d int, xw *ir.Value, state []*ir.Value) []*ir.Value {
			h := state[0]
			f, g := l.acts[d][0], l.acts[d][1]
			n := s.hidden
			r := s.direction(inR, d)
			x := s.split(xw, 1, 3)
			zr := s.op("MatMul", nil, h, s.transposed(s.rows(r, 0, 2*n)))
			p := s.split(zr, 1, 2)
			z := s.act(f, s.op("Add", nil, x[0], p[0]))
			reset := s.act(f, s.op("Add", nil, x[1], p[1]))
			rh := s.transposed(s.rows(r, 2*n, 3*n))
			var v *ir.Value
			if linear {
				v = s.op("MatMul", nil, h, rh)
				if s.b.In(inB) != nil {
					v = s.op("Add", nil, v, s.rows(s.direction(inB, d), 5*n, 6*n))
				}
				v = s.op("Mul", nil, reset, v)
			} else {
				v = s.op("MatMul", nil, s.op("Mul", nil, reset, h), rh)
			}
			hidden := s.act(g, s.op("Add", nil, x[2], v))
			// (1-z)*hidden + z*h
			return []*ir.Value{s.op("Add", nil, hidden, s.op("Mul", nil, z, s.op("Sub", nil, h, hidden)))}
		})
	},
	Harmless: []string{"output_sequence"},
}

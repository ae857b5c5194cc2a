package recurrent

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var rnnDef = &op.Def{
	Name: "RNN", Doc: "A simple recurrent layer: h' = f(W·x + R·h + b).", Family: family,
	Inputs:  op.Opt(op.In("X", "W", "R"), "B", "sequence_lens", "initial_h"),
	Outputs: []op.Param{{Name: "Y", Optional: true}, {Name: "Y_h", Optional: true}},
	Attrs:   attrs(), Tol: op.Accumulating,
	Infer: infer(1, "Tanh"),
	Eval: func(c *op.EvalCtx) error {
		l, err := newLayer(c.Node, 1, "Tanh")
		if err != nil {
			return err
		}
		o, err := l.load(c)
		if err != nil {
			return err
		}
		next := make([]float64, o.hidden)
		return l.run(c, o, func(d int, gates, h, _ []float64) {
			for j := range h {
				next[j] = l.acts[d][0].at(l.limit(gates[j] + o.recurrent(d, j, h)))
			}
			copy(h, next)
		})
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		l, err := newLayer(b.Node, 1, "Tanh")
		if err != nil {
			return nil, err
		}
		return l.decompose(b, 1, func(s *builder, d int, xw *ir.Value, state []*ir.Value) []*ir.Value {
			r := s.transposed(s.direction(inR, d))
			return []*ir.Value{s.act(l.acts[d][0], s.op("Add", nil, xw, s.op("MatMul", nil, state[0], r)))}
		})
	},
	Harmless: []string{"output_sequence"},
}

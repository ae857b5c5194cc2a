package recurrent

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var lstmDef = &op.Def{
	Name: "LSTM", Doc: "A recurrent layer of long short-term memory (gates input, output, forget, cell).", Family: family,
	Inputs:  op.Opt(op.In("X", "W", "R"), "B", "sequence_lens", "initial_h", "initial_c", "P"),
	Outputs: []op.Param{{Name: "Y", Optional: true}, {Name: "Y_h", Optional: true}, {Name: "Y_c", Optional: true}},
	Attrs:   attrs(op.Attr{Name: "input_forget", Kind: op.Int, Default: int64(0)}), Tol: op.Accumulating,
	Infer: infer(4, "Sigmoid", "Tanh", "Tanh"),
	// The formulas are those of ONNX, operator LSTM; the gates' order is i, o, f, c
	// and that of the peepholes i, o, f. ONNX leaves open whether the clip holds for
	// the cell on its way to the output: it does not, as in ONNX Runtime.
	Eval: func(c *op.EvalCtx) error {
		l, err := newLayer(c.Node, 4, "Sigmoid", "Tanh", "Tanh")
		if err != nil {
			return err
		}
		o, err := l.load(c)
		if err != nil {
			return err
		}
		n := o.hidden
		coupled := c.Int("input_forget", 0) != 0
		next := make([]float64, n)
		return l.run(c, o, func(d int, gates, h, cell []float64) {
			f, g, out := l.acts[d][0], l.acts[d][1], l.acts[d][2]
			peep := func(gate, j int, c float64) float64 {
				if o.p == nil {
					return 0
				}
				return o.p[(d*3+gate)*n+j] * c
			}
			for k := range gates {
				gates[k] += o.recurrent(d, k, h)
			}
			for j := range n {
				i := f.at(l.limit(gates[j] + peep(0, j, cell[j])))
				forget := 1 - i
				if !coupled {
					forget = f.at(l.limit(gates[2*n+j] + peep(2, j, cell[j])))
				}
				cell[j] = forget*cell[j] + i*g.at(l.limit(gates[3*n+j]))
				next[j] = f.at(l.limit(gates[n+j]+peep(1, j, cell[j]))) * out.at(cell[j])
			}
			copy(h, next)
		})
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		l, err := newLayer(b.Node, 4, "Sigmoid", "Tanh", "Tanh")
		if err != nil {
			return nil, err
		}
		coupled := b.Int("input_forget", 0) != 0
		return l.decompose(b, 2, func(s *builder, d int, xw *ir.Value, state []*ir.Value) []*ir.Value {
			f, g, out := l.acts[d][0], l.acts[d][1], l.acts[d][2]
			h, cell, n := state[0], state[1], s.hidden
			r := s.transposed(s.direction(inR, d))
			gates := s.split(s.op("Add", nil, xw, s.op("MatMul", nil, h, r)), 1, 4)
			peep := func(x *ir.Value, gate int, c *ir.Value) *ir.Value {
				if b.In(inP) == nil {
					return x
				}
				p := s.rows(s.direction(inP, d), gate*n, (gate+1)*n)
				return s.op("Add", nil, x, s.op("Mul", nil, p, c))
			}
			i := s.act(f, peep(gates[0], 0, cell))
			var forget *ir.Value
			if coupled {
				forget = s.op("Sub", nil, s.scalar(1), i)
			} else {
				forget = s.act(f, peep(gates[2], 2, cell))
			}
			next := s.op("Add", nil, s.op("Mul", nil, forget, cell), s.op("Mul", nil, i, s.act(g, gates[3])))
			o := s.act(f, peep(gates[1], 1, next))
			return []*ir.Value{s.op("Mul", nil, o, s.plain(out, next)), next}
		})
	},
	Harmless: []string{"output_sequence"},
}

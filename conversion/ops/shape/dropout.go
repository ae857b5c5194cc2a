package shape

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var dropoutDef = &op.Def{
	Name: "Dropout", Doc: "Passes its input on; in training it drops elements at random.", Family: family,
	Attrs:  []op.Attr{{Name: "seed", Kind: op.Int}},
	Inputs: op.Opt(op.In("data"), "ratio", "training_mode"), Outputs: op.Opt(op.In("output"), "mask"),
	Infer: func(c *op.InferCtx) error {
		c.Set(0, c.InType(0), c.InShape(0).Clone())
		c.Set(1, tensor.Bool, c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		keep := make([]bool, x.Len())
		for i := range keep {
			keep[i] = true
		}
		c.Out[0] = x
		if m := c.Arg(2); m != nil {
			if m.DType() != tensor.Bool || m.Len() != 1 {
				return fmt.Errorf("training_mode is %v%v", m.DType(), m.Shape())
			}
			if m.Bytes()[0] != 0 {
				if c.Out[0], err = drop(c, x, keep); err != nil {
					return err
				}
			}
		}
		if len(c.Out) > 1 {
			c.Out[1] = tensor.Of(keep, x.Shape()...)
		}
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		training, known := b.In(2).ConstScalar()
		if ratio, fixed := b.In(1).ConstScalar(); known && fixed && ratio == 0 {
			training = 0
		}
		if b.In(2) != nil && (!known || training != 0) {
			return nil, fmt.Errorf("Dropout with training_mode: %w", op.ErrNoDecomposition)
		}
		out := []*ir.Value{b.Op("Identity", nil, b.In(0))}
		if b.Out(1) != nil {
			shape := b.Op("Shape", nil, b.In(0))
			out = append(out, b.Op("ConstantOfShape", ir.Attrs{"value": tensor.Of([]bool{true}, 1)}, shape))
		}
		return out, nil
	},
	FromONNX: dropoutFromONNX,
	Harmless: []string{"consumed_inputs", "seed", "ratio"},
}

// drop makes the share ratio of x's elements 0, at random, and scales the others
// so that the mean stays. The numbers are those of PCG-DXSM, seeded by attribute
// seed or the node's name.
func drop(c *op.EvalCtx, x *tensor.Tensor, keep []bool) (*tensor.Tensor, error) {
	ratio := 0.5
	if r := c.Arg(1); r != nil {
		if !r.DType().IsFloat() || r.Len() != 1 {
			return nil, fmt.Errorf("ratio is %v%v", r.DType(), r.Shape())
		}
		ratio = r.Float64s()[0]
	}
	if !x.DType().IsFloat() || !(ratio >= 0 && ratio < 1) {
		return nil, fmt.Errorf("dropping a share of %g of %v", ratio, x.DType())
	}
	if ratio == 0 {
		return x, nil
	}
	h := fnv.New64a()
	h.Write([]byte(c.Name))
	draw := rand.New(rand.NewPCG(h.Sum64(), uint64(c.Int("seed", 0))))
	v := make([]float64, x.Len())
	for i, f := range x.Float64s() {
		if keep[i] = draw.Float64() >= ratio; keep[i] {
			v[i] = f / (1 - ratio)
		}
	}
	return tensor.FromFloat64s(x.DType(), v, x.Shape()...)
}

// dropoutFromONNX reads Dropout of an inference model as Identity and its mask,
// where somebody asks for it, as a tensor of true. Only where an input of the
// model says whether it trains does the operator stay.
func dropoutFromONNX(s *op.Src) error {
	if s.Version < 7 && s.Int("is_test", 0) == 0 {
		return fmt.Errorf("Dropout of opset %d is in training mode", s.Version)
	}
	if m := s.In(2); m != nil {
		v, ok := m.ConstScalar()
		if !ok {
			return s.Lower("Dropout", s.AttrsOf("seed"), s.Inputs...)
		}
		if ratio, known := s.In(1).ConstScalar(); v != 0 && (!known || ratio != 0) {
			return fmt.Errorf("training_mode is set: export the model for inference")
		}
	}
	n, err := s.Emit("Identity", nil, 1, s.In(0))
	if err != nil {
		return err
	}
	out := []*ir.Value{n.Outputs[0]}
	for len(out) < s.NumOut {
		out = append(out, nil)
	}
	if len(out) > 1 && (len(s.OutUsed) < 2 || s.OutUsed[1]) {
		shape, err := s.Emit("Shape", nil, 1, s.In(0))
		if err != nil {
			return err
		}
		mask, err := s.Emit("ConstantOfShape", ir.Attrs{"value": tensor.Of([]bool{true}, 1)}, 1, shape.Outputs[0])
		if err != nil {
			return err
		}
		out[1] = mask.Outputs[0]
	}
	s.Return(out...)
	return nil
}

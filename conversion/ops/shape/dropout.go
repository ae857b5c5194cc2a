package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var dropoutDef = &op.Def{
	Name: "Dropout", Doc: "Passes its input on; in training it would drop elements at random, which no conversion does.", Family: family,
	Inputs: op.Opt(op.In("data"), "ratio", "training_mode"), Outputs: op.Opt(op.In("output"), "mask"),
	Infer: func(c *op.InferCtx) error {
		c.Set(0, c.InType(0), c.InShape(0).Clone())
		c.Set(1, tensor.Bool, c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := arg(c, 0)
		if err != nil {
			return err
		}
		if m := c.Arg(2); m != nil && (m.DType() != tensor.Bool || m.Len() != 1 || m.Bytes()[0] != 0) {
			r := c.Arg(1)
			if r == nil || !r.DType().IsFloat() || r.Len() != 1 || r.Float64s()[0] != 0 {
				return fmt.Errorf("training_mode is not supported")
			}
		}
		c.Out[0] = x
		if len(c.Out) > 1 {
			keep := make([]bool, x.Len())
			for i := range keep {
				keep[i] = true
			}
			c.Out[1] = tensor.Of(keep, x.Shape()...)
		}
		return nil
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		if len(b.Inputs) > 2 {
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

// dropoutFromONNX reads Dropout of an inference model as Identity and its mask,
// where somebody asks for it, as a tensor of true.
func dropoutFromONNX(s *op.Src) error {
	if s.Version < 7 && s.Int("is_test", 0) == 0 {
		return fmt.Errorf("Dropout of opset %d is in training mode", s.Version)
	}
	if m := s.In(2); m != nil {
		v, ok := m.ConstScalar()
		if !ok {
			return fmt.Errorf("training_mode is not a constant")
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

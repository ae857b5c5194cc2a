package quantize

import (
	"math"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// TestHeard: what every reader answers alike needs no integers of its own, but
// one reader that hears everything, or the model's output, does.
func TestHeard(t *testing.T) {
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		build func(b *builder, x *ir.Value) []*ir.Value
		want  Range
	}{
		"HardSwish":   {func(b *builder, x *ir.Value) []*ir.Value { return []*ir.Value{b.add("HardSwish", "h", nil, x)} }, Range{-3, inf}},
		"HardSigmoid": {func(b *builder, x *ir.Value) []*ir.Value { return []*ir.Value{b.add("HardSigmoid", "h", nil, x)} }, Range{-2.5, 2.5}},
		"written out": {func(b *builder, x *ir.Value) []*ir.Value {
			return []*ir.Value{b.add("Mul", "m", nil, x, b.add("HardSigmoid", "h", ir.Attrs{"alpha": 0.25}, x))}
		}, Range{-2, inf}},
		"Swish": {func(b *builder, x *ir.Value) []*ir.Value {
			return []*ir.Value{b.add("Mul", "m", nil, b.add("Sigmoid", "h", nil, x), x)}
		}, Range{swishIdle, inf}},
		"gate of another": {func(b *builder, x *ir.Value) []*ir.Value {
			return []*ir.Value{b.add("Mul", "m", nil, x, b.add("Sigmoid", "h", nil, b.add("Neg", "n", nil, x)))}
		}, Range{-inf, inf}},
		"square": {func(b *builder, x *ir.Value) []*ir.Value { return []*ir.Value{b.add("Mul", "m", nil, x, x)} }, Range{-inf, inf}},
		"two readers": {func(b *builder, x *ir.Value) []*ir.Value {
			return []*ir.Value{b.add("Relu", "r", nil, x), b.add("HardSwish", "h", nil, x)}
		}, Range{-3, inf}},
		"one hears all": {func(b *builder, x *ir.Value) []*ir.Value {
			return []*ir.Value{b.add("Neg", "r", nil, x), b.add("HardSwish", "h", nil, x)}
		}, Range{-inf, inf}},
		"output": {func(b *builder, x *ir.Value) []*ir.Value { return []*ir.Value{x, b.add("HardSwish", "h", nil, x)} }, Range{-inf, inf}},
	} {
		t.Run(name, func(t *testing.T) {
			b := &builder{t, ir.New("g")}
			x := b.add("Tanh", "first", nil, b.g.AddInput("x", tensor.Float32, ir.Dims(1, 4)))
			b.g.Outputs = c.build(b, x)
			got := NewPlan(b.g, Defaults(ONNXRuntime)).heard(x)
			if math.Abs(got.Min-c.want.Min) > 1e-6 || math.Abs(got.Max-c.want.Max) > 1e-6 {
				if got != c.want {
					t.Errorf("%v, want %v", got, c.want)
				}
			}
		})
	}
}

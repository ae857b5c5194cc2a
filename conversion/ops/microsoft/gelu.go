package microsoft

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
)

var geluDef = fused(&op.Def{
	Name:      "com.microsoft.Gelu",
	Doc:       "x*Phi(x): Gelu before it was an ONNX operator.",
	Inputs:    op.In("X"),
	Decompose: parts(func(b builder) ([]*ir.Value, error) { return build.One(b.Op("Gelu", nil, b.In(0))) }),
})

var biasGeluDef = fused(&op.Def{
	Name:   "com.microsoft.BiasGelu",
	Doc:    "Gelu of the sum of two inputs.",
	Inputs: op.In("A", "B"),
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		return build.One(b.Op("Gelu", nil, b.Add(b.In(0), b.In(1))))
	}),
})

var fastGeluDef = fused(&op.Def{
	Name:   "com.microsoft.FastGelu",
	Doc:    "Gelu by its tanh approximation, of the sum with a bias where there is one.",
	Inputs: op.Opt(op.In("X"), "bias"),
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		x := b.In(0)
		if bias := b.In(1); bias != nil {
			x = b.Add(x, bias)
		}
		return build.One(b.Op("Gelu", ir.Attrs{"approximate": "tanh"}, x))
	}),
})

var quickGeluDef = fused(&op.Def{
	Name:   "com.microsoft.QuickGelu",
	Doc:    "x*sigmoid(alpha*x), which is near Gelu for alpha 1.702.",
	Inputs: op.In("X"),
	Attrs:  []op.Attr{float("alpha", 1.702)},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		return build.One(b.Op("Swish", ir.Attrs{"alpha": b.Float("alpha", 1.702)}, b.In(0)))
	}),
})

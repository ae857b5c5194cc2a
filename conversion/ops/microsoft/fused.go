package microsoft

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/conv"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/ops/internal/window"
)

var fusedConvDef = func() *op.Def {
	d := fused(&op.Def{
		Name:   "com.microsoft.FusedConv",
		Doc:    "Conv, then the sum with Z where there is one, then an activation.",
		Inputs: op.Opt(op.In("X", "W"), "B", "Z"),
		Attrs: window.Attrs(integer("group", 1), op.Attr{Name: "activation", Kind: op.Str},
			op.Attr{Name: "activation_params", Kind: op.Floats}),
		Decompose: parts(func(b builder) ([]*ir.Value, error) {
			attrs := b.Attrs.Clone()
			delete(attrs, "activation")
			delete(attrs, "activation_params")
			y := b.Op("Conv", attrs, b.Inputs[:min(len(b.Inputs), 3)]...)
			if z := b.In(3); z != nil {
				y = b.Add(y, z)
			}
			return b.activate(y, b.Str("activation", ""), b.Floats("activation_params"))
		}),
	})
	d.FromONNX = func(s *op.Src) error {
		return conv.ReadWindowAs(s, s.LowerParts, "com.microsoft.FusedConv", 1, "group", "activation", "activation_params")
	}
	return d
}()

var fusedGemmDef = fused(&op.Def{
	Name:   "com.microsoft.FusedGemm",
	Doc:    "Gemm, then an activation.",
	Inputs: op.Opt(op.In("A", "B"), "C"),
	Attrs: []op.Attr{
		{Name: "activation", Kind: op.Str},
		float("activation_alpha", nil), float("activation_beta", nil), float("activation_gamma", nil),
		float("alpha", 1.0), float("beta", 1.0), integer("transA", 0), integer("transB", 0),
	},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		attrs := b.Attrs.Clone()
		var params []float64
		for _, name := range []string{"activation_alpha", "activation_beta", "activation_gamma"} {
			if b.Has(name) {
				params = append(params, b.Float(name, 0))
			}
			delete(attrs, name)
		}
		delete(attrs, "activation")
		return b.activate(b.Op("Gemm", attrs, b.Inputs...), b.Str("activation", ""), params)
	}),
})

// activate applies the activation of a fused operator; params are those of the
// activation's own attributes, in alphabetical order.
func (b builder) activate(y *ir.Value, name string, params []float64) ([]*ir.Value, error) {
	want := map[string][]string{
		"": {}, "Relu": {}, "Tanh": {}, "Sigmoid": {}, "LeakyRelu": {"alpha"}, "HardSigmoid": {"alpha", "beta"},
		"Elu": {"alpha"}, "Softplus": {}, "HardSwish": {}, "Softsign": {},
	}
	if name == "Clip" {
		if len(params) != 2 {
			return nil, fmt.Errorf("activation Clip has %d parameters, not 2", len(params))
		}
		return build.One(b.Op("Clip", nil, y, b.Scalar(y.DType, params[0]), b.Scalar(y.DType, params[1])))
	}
	names, ok := want[name]
	if !ok {
		return nil, fmt.Errorf("activation %q is not known", name)
	}
	if len(params) > len(names) {
		return nil, fmt.Errorf("activation %s has %d parameters", name, len(params))
	}
	if name == "" {
		return build.One(y)
	}
	attrs := ir.Attrs{}
	for i, p := range params {
		attrs[names[i]] = p
	}
	return build.One(b.Op(name, attrs, y))
}

var fusedMatMulDef = fused(&op.Def{
	Name:   "com.microsoft.FusedMatMul",
	Doc:    "alpha times the matrix product of inputs whose axes may be swapped first.",
	Inputs: op.In("A", "B"),
	Attrs: []op.Attr{
		float("alpha", 1.0), integer("transA", 0), integer("transB", 0), integer("transBatchA", 0), integer("transBatchB", 0),
	},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		var x [2]*ir.Value
		for i, side := range []string{"A", "B"} {
			var err error
			if x[i], err = b.swapped(b.In(i), b.Int("transBatch"+side, 0) != 0, b.Int("trans"+side, 0) != 0); err != nil {
				return nil, err
			}
		}
		return build.One(b.Scale(b.MatMul(x[0], x[1]), b.Float("alpha", 1)))
	}),
})

// swapped carries the first axis in front of the last, then swaps the last two.
func (b builder) swapped(x *ir.Value, batch, last bool) (*ir.Value, error) {
	if !batch && !last {
		return x, nil
	}
	rank := x.Rank()
	if rank < 2 {
		if rank == 1 && !batch {
			return x, nil
		}
		return nil, fmt.Errorf("axes of an input of rank %d: %w", rank, op.ErrNoDecomposition)
	}
	perm := make([]int64, rank)
	for i := range perm {
		perm[i] = int64(i)
	}
	if batch {
		copy(perm, perm[1:rank-1])
		perm[rank-2] = 0
	}
	if last {
		perm[rank-2], perm[rank-1] = perm[rank-1], perm[rank-2]
	}
	return b.Transpose(x, perm...), nil
}

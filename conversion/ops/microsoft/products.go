package microsoft

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/build"
	"slipway/conversion/tensor"
)

var qGemmDef = fused(&op.Def{
	Name: "com.microsoft.QGemm", FixedType: true,
	Doc: "Gemm of quantized matrices with an integer C; quantized where y_scale is given.",
	Tol: oneStep,
	Inputs: []op.Param{
		{Name: "A"},
		{Name: "a_scale"},
		{Name: "a_zero_point"},
		{Name: "B"},
		{Name: "b_scale"},
		{Name: "b_zero_point"},
		{Name: "C", Optional: true},
		{Name: "y_scale", Optional: true},
		{Name: "y_zero_point", Optional: true},
	},
	Attrs: []op.Attr{float("alpha", 1.0), integer("transA", 0), integer("transB", 0)},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		columns := int64(1) // the axis of B's columns
		if b.Int("transB", 0) != 0 {
			columns = 0
		}
		in := []*ir.Value{b.dequantize(0, 0), b.dequantize(3, columns)}
		if c := b.In(6); c != nil {
			scale := b.Scale(b.Mul(b.In(1), b.In(4)), b.Float("alpha", 1))
			in = append(in, b.Mul(b.Cast(c, scale.DType), scale))
		}
		y := b.Op("Gemm", b.Attrs.Clone(), in...)
		if b.In(7) == nil {
			return build.One(y)
		}
		return build.One(b.quantize(y, 7, b.In(0).DType))
	}),
})

var matMulIntegerToFloatDef = fused(&op.Def{
	Name: "com.microsoft.MatMulIntegerToFloat", FixedType: true,
	Doc: "MatMulInteger, times both scales, plus a bias.",
	Inputs: op.Opt(op.In("A", "B", "a_scale", "b_scale"),
		"a_zero_point", "b_zero_point", "bias"),
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		if n, ok := b.In(2).Shape.NumElements(); !ok || !n.Is(1) {
			return unsupported("a_scale of shape %v", b.In(2).Shape)
		}
		return build.One(b.scaledProduct(b.In(0), b.In(1), b.In(4), b.In(5), b.In(2), b.In(3), b.In(6)))
	}),
})

var dynamicQuantizeMatMulDef = fused(&op.Def{
	Name: "com.microsoft.DynamicQuantizeMatMul", FixedType: true,
	Doc:    "Quantizes A by its own range and multiplies it by the integer matrix B.",
	Tol:    op.Tolerance{Abs: 1e-4, Rel: 1e-4},
	Inputs: op.Opt(op.In("A", "B", "b_scale"), "b_zero_point", "bias"),
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		q := b.Outs("DynamicQuantizeLinear", nil, 3, b.In(0))
		return build.One(b.scaledProduct(q[0], b.In(1), q[2], b.In(3), q[1], b.In(2), b.In(4)))
	}),
})

// scaledProduct is (x - xz)(w - wz) * xs * ws + bias.
func (b builder) scaledProduct(x, w, xz, wz, xs, ws, bias *ir.Value) *ir.Value {
	in := []*ir.Value{x, w, xz, wz}
	for len(in) > 0 && in[len(in)-1] == nil {
		in = in[:len(in)-1]
	}
	y := b.Mul(b.Cast(b.Op("MatMulInteger", nil, in...), xs.DType), b.Mul(xs, ws))
	if bias != nil {
		y = b.Add(y, bias)
	}
	return y
}

var matMulNBitsDef = fused(&op.Def{
	Name: "com.microsoft.MatMulNBits", FixedType: true,
	Doc:    "Product with a weight matrix packed in 2, 4 or 8 bits, with a scale for each block of rows.",
	Inputs: op.Opt(op.In("A", "B", "scales"), "zero_points", "g_idx", "bias"),
	Attrs: []op.Attr{
		{Name: "K", Kind: op.Int, Required: true},
		{Name: "N", Kind: op.Int, Required: true},
		integer("accuracy_level", 0),
		integer("bits", 4),
		{Name: "block_size", Kind: op.Int, Required: true},
		integer("weight_prepacked", 0),
	},
	Decompose: parts(func(b builder) ([]*ir.Value, error) {
		k, n, bits, block := b.Int("K", 0), b.Int("N", 0), b.Int("bits", 4), b.Int("block_size", 0)
		if k < 1 || n < 1 || k > 1<<24 || n > 1<<24 || block < 1 || block > 1<<20 || bits != 2 && bits != 4 && bits != 8 {
			return nil, fmt.Errorf("a matrix %dx%d of %d bits in blocks of %d is out of range", k, n, bits, block)
		}
		if b.In(4) != nil || b.Int("weight_prepacked", 0) != 0 {
			return unsupported("weights in another order")
		}
		blocks := (k + block - 1) / block
		scales, zeros := b.In(2), b.In(3)
		if !b.In(1).IsConst() || zeros != nil && !zeros.IsConst() {
			return unsupported("weights that are not constant")
		}
		q, err := unpack(b.In(1).Const, n*blocks, block, bits)
		if err != nil {
			return nil, fmt.Errorf("B: %w", err)
		}
		weights := q[:0]
		for i, v := range q {
			if int64(i)%(blocks*block) < k {
				weights = append(weights, v)
			}
		}
		d := tensor.Uint8
		if bits <= 4 {
			d = tensor.Uint4
		}
		w, err := tensor.FromFloat64s(d, weights, int(n), int(k))
		if err != nil {
			return nil, err
		}
		scale := b.Reshape(scales, n, blocks)
		middle := make([]float64, n*blocks)
		for i := range middle {
			middle[i] = float64(int64(1) << (bits - 1))
		}
		var full *ir.Value
		switch {
		case zeros != nil && zeros.DType != tensor.Uint8:
			if w, err = w.Cast(tensor.Uint8); err != nil {
				return nil, err
			}
			full = b.offset(w, scale, zeros, int(n), int(k), int(blocks), int(block))
		case zeros != nil:
			if middle, err = unpack(zeros.Const, n, blocks, bits); err != nil {
				return nil, fmt.Errorf("zero_points: %w", err)
			}
			fallthrough
		default:
			z, err := tensor.FromFloat64s(d, middle, int(n), int(blocks))
			if err != nil {
				return nil, err
			}
			full = b.Op("DequantizeLinear", ir.Attrs{"axis": int64(1), "block_size": block}, b.Const(w), scale, b.Const(z))
		}
		y := b.MatMul(b.In(0), b.Transpose(full, 1, 0))
		if bias := b.In(5); bias != nil {
			y = b.Add(y, bias)
		}
		return build.One(y)
	}),
})

// offset is (w - zeros)*scale with zero points that are no integers.
func (b builder) offset(w *tensor.Tensor, scale, zeros *ir.Value, n, k, blocks, block int) *ir.Value {
	index := make([]int64, k)
	for i := range index {
		index[i] = int64(i / block)
	}
	spread := func(v *ir.Value) *ir.Value {
		return b.Op("Gather", ir.Attrs{"axis": int64(1)}, b.Reshape(v, int64(n), int64(blocks)), b.Ints(index...))
	}
	return b.Mul(b.Sub(b.Cast(b.Const(w), scale.DType), b.Cast(spread(zeros), scale.DType)), spread(scale))
}

// unpack reads rows of count values of some bits, lowest bits first, each row
// from a whole byte on.
func unpack(t *tensor.Tensor, rows, count, bits int64) ([]float64, error) {
	bytes := (count*bits + 7) / 8
	if t.DType() != tensor.Uint8 || int64(t.Len()) != rows*bytes {
		return nil, fmt.Errorf("%v%v does not hold %d rows of %d bytes", t.DType(), t.Shape(), rows, bytes)
	}
	data := t.Bytes()
	out := make([]float64, rows*count)
	for i := range out {
		row, at := int64(i)/count, int64(i)%count*bits
		out[i] = float64(data[row*bytes+at/8] >> (at % 8) & (1<<bits - 1))
	}
	return out, nil
}

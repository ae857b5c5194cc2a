package quant_test

import (
	"math"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func eval(t *testing.T, name string, attrs ir.Attrs, in ...*tensor.Tensor) *tensor.Tensor {
	t.Helper()
	out, err := all.Registry().EvalNode(&ir.Node{Name: name, Op: name, Attrs: attrs, Outputs: make([]*ir.Value, 1)}, in)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func TestRoundingAndSaturation(t *testing.T) {
	inf := float32(math.Inf(1))
	x := tensor.Of([]float32{0.5, 1.5, 2.5, -0.5, -1.5, 126.6, 127.5, 1e30, -1e30, inf, -inf}, 11)
	one := tensor.Scalar(float32(1))
	testkit.Close(t, eval(t, "QuantizeLinear", nil, x, one, tensor.Scalar(int8(0))),
		tensor.Of([]int8{0, 2, 2, 0, -2, 127, 127, 127, -128, 127, -128}, 11), op.Exact)
	// The zero point is added after rounding: 0.5 rounds to 0, not 3.5 to 4.
	testkit.Close(t, eval(t, "QuantizeLinear", nil, x, one, tensor.Scalar(uint8(3))),
		tensor.Of([]uint8{3, 5, 5, 3, 1, 130, 131, 255, 0, 255, 0}, 11), op.Exact)
}

func TestPerAxisAndBlocks(t *testing.T) {
	x := tensor.Of([]int8{1, 2, 3, 4, 5, 6, 7, 8}, 2, 4)
	testkit.Close(t, eval(t, "DequantizeLinear", ir.Attrs{"axis": int64(0)}, x, tensor.Of([]float32{1, 10}, 2), tensor.Of([]int8{0, 5}, 2)),
		tensor.Of([]float32{1, 2, 3, 4, 0, 10, 20, 30}, 2, 4), op.Exact)
	testkit.Close(t, eval(t, "DequantizeLinear", ir.Attrs{"axis": int64(-1)}, x, tensor.Of([]float32{1, 10, 100, 1000}, 4)),
		tensor.Of([]float32{1, 20, 300, 4000, 5, 60, 700, 8000}, 2, 4), op.Exact)
	// Blocks of 3 along an axis of 4: the last block is short.
	testkit.Close(t, eval(t, "DequantizeLinear", ir.Attrs{"axis": int64(1), "block_size": int64(3)}, x, tensor.Of([]float32{1, 10, 100, 1000}, 2, 2)),
		tensor.Of([]float32{1, 2, 3, 40, 500, 600, 700, 8000}, 2, 4), op.Exact)
	bias := tensor.Of([]int32{1 << 20, -7}, 2)
	testkit.Close(t, eval(t, "DequantizeLinear", ir.Attrs{"axis": int64(0)}, bias, tensor.Of([]float32{0.5, 2}, 2)),
		tensor.Of([]float32{1 << 19, -14}, 2), op.Exact)
}

// Where the type is not given by a zero point, the reader adds one.
func TestReaderAddsZeroPoint(t *testing.T) {
	for _, c := range []struct {
		attrs ir.Attrs
		want  tensor.DType
	}{
		{ir.Attrs{}, tensor.Uint8},
		{ir.Attrs{"output_dtype": int64(21)}, tensor.Uint4},
		{ir.Attrs{"output_dtype": int64(5), "axis": int64(0)}, tensor.Int16},
	} {
		g := ir.New("g")
		s := op.NewSrc(g, all.Registry(), c.attrs)
		s.Op, s.Version, s.Name, s.NumOut = "QuantizeLinear", 21, "q", 1
		s.Inputs = []*ir.Value{g.AddInput("x", tensor.Float32, ir.Dims(2, 3)), g.AddConst("s", tensor.Of([]float32{1, 2}, 2))}
		if c.attrs["axis"] == nil {
			s.Inputs[1] = g.AddConst("s", tensor.Scalar(float32(1)))
		}
		out, err := all.Registry().Get("QuantizeLinear").Read(s)
		if err != nil {
			t.Fatal(err)
		}
		n := g.Nodes[0]
		if n.Has("output_dtype") || !n.In(2).IsConst() || n.In(2).DType != c.want || !n.In(2).Shape.Equal(n.In(1).Shape) || out[0].DType != c.want {
			t.Errorf("%v: attributes %v, zero point %v, output %v", c.attrs, n.Attrs, n.In(2), out[0].DType)
		}
	}
}

func TestRefusals(t *testing.T) {
	x, one := tensor.Of([]float32{1, 2, 3, 4}, 2, 2), tensor.Scalar(float32(1))
	for name, in := range map[string][]*tensor.Tensor{
		"scale of a wrong length": {x, tensor.Of([]float32{1, 1, 1}, 3)},
		"zero point differs":      {x, one, tensor.Of([]int8{0, 0}, 2)},
		"quantized to i32":        {x, one, tensor.Scalar(int32(0))},
		"integer scale":           {x, tensor.Scalar(int32(1))},
	} {
		if out, err := all.Registry().EvalNode(&ir.Node{Op: "QuantizeLinear", Outputs: make([]*ir.Value, 1)}, in); err == nil {
			t.Errorf("%s: got %v", name, out[0])
		}
	}
}

package pool_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

func eval(t *testing.T, name string, attrs ir.Attrs, outs int, in ...*tensor.Tensor) []*tensor.Tensor {
	t.Helper()
	out, err := all.Registry().EvalNode(&ir.Node{Name: name, Op: name, Attrs: attrs, Outputs: make([]*ir.Value, outs)}, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// direct pools one line by definition: max, and mean with and without padding.
func direct(x []float32, kernel, stride, dilation, begin, end, out int) (most, index, mean, padded []float64) {
	for o := range out {
		best, at, sum, in, all := math.Inf(-1), 0, 0.0, 0, 0
		for k := range kernel {
			i := o*stride + k*dilation - begin
			if i >= -begin && i < len(x)+end {
				all++
			}
			if i < 0 || i >= len(x) {
				continue
			}
			in++
			sum += float64(x[i])
			if float64(x[i]) > best {
				best, at = float64(x[i]), i
			}
		}
		most, index = append(most, best), append(index, float64(at))
		mean, padded = append(mean, sum/float64(in)), append(padded, sum/float64(all))
	}
	return most, index, mean, padded
}

func TestPoolsAreTheirDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ size, kernel, stride, dilation, begin, end, ceil, out int }{
		{11, 3, 1, 1, 1, 1, 0, 11},
		{11, 3, 2, 1, 0, 0, 0, 5},
		{12, 3, 2, 1, 0, 0, 1, 6},
		{12, 3, 3, 2, 2, 1, 0, 4},
		{7, 2, 3, 1, 1, 1, 1, 3},
		{5, 1, 2, 1, 0, 1, 1, 3},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			v := make([]float32, c.size)
			for i := range v {
				v[i] = float32(r.IntN(100))
			}
			attrs := func(count int64) ir.Attrs {
				return ir.Attrs{
					"kernel_shape": []int64{int64(c.kernel)}, "strides": []int64{int64(c.stride)}, "dilations": []int64{int64(c.dilation)},
					"pads": []int64{int64(c.begin), int64(c.end)}, "ceil_mode": int64(c.ceil), "count_include_pad": count,
				}
			}
			most, index, mean, padded := direct(v, c.kernel, c.stride, c.dilation, c.begin, c.end, c.out)
			x := tensor.Of(v, 1, 1, c.size)
			make1 := func(d tensor.DType, v []float64) *tensor.Tensor {
				y, err := tensor.FromFloat64s(d, v, 1, 1, len(v))
				if err != nil {
					t.Fatal(err)
				}
				return y
			}
			got := eval(t, "MaxPool", attrs(0), 2, x)
			testkit.Close(t, got[0], make1(tensor.Float32, most), op.Exact)
			testkit.Close(t, got[1], make1(tensor.Int64, index), op.Exact)
			for _, d := range []tensor.DType{tensor.Int8, tensor.Uint8, tensor.Float16, tensor.Float64} {
				y, err := x.Cast(d)
				if err != nil {
					t.Fatal(err)
				}
				testkit.Close(t, eval(t, "MaxPool", attrs(0), 1, y)[0], make1(d, most), op.Exact)
			}
			testkit.Close(t, eval(t, "AveragePool", attrs(0), 1, x)[0], make1(tensor.Float32, mean), op.Elementwise)
			testkit.Close(t, eval(t, "AveragePool", attrs(1), 1, x)[0], make1(tensor.Float32, padded), op.Elementwise)
		})
	}
}

func TestInfer(t *testing.T) {
	n, h := ir.Symbol("N"), ir.Symbol("H")
	for _, c := range []struct {
		op    string
		attrs ir.Attrs
		want  string
	}{
		{"MaxPool", ir.Attrs{"kernel_shape": []int64{2, 2}, "strides": []int64{2, 2}}, "[N,64,floor((H)/2),14]"},
		{"AveragePool", ir.Attrs{"kernel_shape": []int64{3, 3}, "pads": []int64{1, 1, 1, 1}}, "[N,64,H,28]"},
		{"GlobalAveragePool", nil, "[N,64,1,1]"},
	} {
		g := ir.New("g")
		x := g.AddInput("x", tensor.Float32, ir.Shape{n, ir.Static(64), h, ir.Static(28)})
		nd := g.AddNode(c.op, "n", c.attrs, []*ir.Value{x}, "y")
		if err := all.Registry().Infer(nd); err != nil {
			t.Errorf("%s: %v", c.op, err)
			continue
		}
		if got := nd.Out(0).Shape.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.op, got, c.want)
		}
	}
}

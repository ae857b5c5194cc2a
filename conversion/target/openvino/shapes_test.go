package openvino

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// perceptrons builds graphs of products of integers.
type perceptrons struct {
	*ir.Graph
	rng *rand.Rand
}

func (g perceptrons) op(op string, a ir.Attrs, in ...*ir.Value) *ir.Value {
	return g.AddNode(op, op, a, in, op).Outputs[0]
}

func (g perceptrons) list(v ...int64) *ir.Value { return g.AddConst("list", tensor.Of(v, len(v))) }

// steps rounds v to steps of integers.
func (g perceptrons) steps(v *ir.Value, step float32) *ir.Value {
	s, z := g.AddConst("step", tensor.Scalar(step)), g.AddConst("zero", tensor.Scalar(uint8(128)))
	return g.op("DequantizeLinear", nil, g.op("QuantizeLinear", nil, v, s, z), s, z)
}

// product multiplies by weights in integers with a scale for each column.
func (g perceptrons) product(v *ir.Value, rows, columns int) *ir.Value {
	w, scale := tensor.New(tensor.Int8, rows, columns), tensor.New(tensor.Float32, columns)
	for i := range tensor.View[int8](w) {
		tensor.View[int8](w)[i] = int8(g.rng.IntN(255) - 127)
	}
	for i := range columns {
		tensor.View[float32](scale)[i] = 0.001 + 0.002*g.rng.Float32()
	}
	d := g.op("DequantizeLinear", ir.Attrs{"axis": int64(1)}, g.AddConst("w", w), g.AddConst("scale", scale))
	return g.op("MatMul", nil, v, d)
}

func (g perceptrons) bias(v *ir.Value, n int) *ir.Value {
	b := tensor.New(tensor.Float32, n)
	for i := range n {
		tensor.View[float32](b)[i] = g.rng.Float32() - 0.5
	}
	return g.op("Add", nil, v, g.AddConst("bias", b))
}

// Behind products of integers the CPU plugin gets some changes of shape, reductions
// and further products wrong, or refuses the file: what is written is right.
func TestBehindProducts(t *testing.T) {
	testkit.Python(t)
	const coarse = 0.02
	wide := []int{3, 6, 8}
	cases := map[string]struct {
		shape []int
		make  func(g perceptrons, x *ir.Value) *ir.Value
	}{
		"an element of an axis": {wide, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.op("Gather", ir.Attrs{"axis": int64(1)}, g.product(x, 8, 12), g.AddConst("at", tensor.Scalar(int64(-2))))
		}},
		"an element, and their mean": {wide, func(g perceptrons, x *ir.Value) *ir.Value {
			y := g.op("Gather", ir.Attrs{"axis": int64(1)}, g.product(x, 8, 12), g.AddConst("at", tensor.Scalar(int64(0))))
			return g.op("ReduceMean", nil, y, g.list(0))
		}},
		"a mean without its axis": {wide, func(g perceptrons, x *ir.Value) *ir.Value {
			y := g.op("ReduceMean", ir.Attrs{"keepdims": int64(0)}, g.product(x, 8, 12), g.list(1))
			return g.product(g.steps(y, coarse), 12, 5)
		}},
		"a maximum without its axis": {wide, func(g perceptrons, x *ir.Value) *ir.Value {
			y := g.op("ReduceMax", ir.Attrs{"keepdims": int64(0)}, g.product(x, 8, 12), g.list(-2))
			return g.product(g.steps(y, coarse), 12, 5)
		}},
		"a last axis of one": {[]int{1, 12, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.op("Unsqueeze", nil, g.product(x, 8, 12), g.list(3))
		}},
		"two last axes of one": {[]int{1, 3, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.op("Reshape", nil, g.product(x, 8, 12), g.list(1, 3, 6, 12, 1))
		}},
		"a largest of four": {[]int{1, 3, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.op("MaxPool", ir.Attrs{"kernel_shape": []int64{2, 2}, "strides": []int64{2, 2}}, g.product(x, 8, 12))
		}},
		"a mean of four": {[]int{1, 3, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.op("AveragePool", ir.Attrs{"kernel_shape": []int64{2, 2}}, g.product(x, 8, 12))
		}},
		"a mean of four, biased": {[]int{1, 3, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.op("AveragePool", ir.Attrs{"kernel_shape": []int64{2, 2}}, g.bias(g.product(x, 8, 12), 12))
		}},
		"enlarged": {[]int{1, 3, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			scales := g.AddConst("scales", tensor.Of([]float32{1, 1, 2, 2}, 4))
			return g.op("Resize", ir.Attrs{"mode": "nearest"}, g.product(x, 8, 12), nil, scales)
		}},
		"as channels": {[]int{1, 6, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			y := g.op("Transpose", ir.Attrs{"perm": []int64{0, 3, 1, 2}}, g.product(x, 8, 12))
			return g.op("MaxPool", ir.Attrs{"kernel_shape": []int64{2, 2}}, y)
		}},
		"as rows": {[]int{1, 6, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			y := g.op("Transpose", ir.Attrs{"perm": []int64{0, 1, 3, 2}}, g.product(x, 8, 12))
			return g.op("MaxPool", ir.Attrs{"kernel_shape": []int64{2, 2}}, y)
		}},
		"a part": {[]int{1, 3, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			y := g.op("Slice", nil, g.product(x, 8, 12), g.list(2), g.list(10), g.list(3))
			return g.op("MaxPool", ir.Attrs{"kernel_shape": []int64{2, 2}}, y)
		}},
		"twice": {[]int{1, 3, 6, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			y := g.op("MaxPool", ir.Attrs{"kernel_shape": []int64{1, 1}}, g.product(x, 8, 12))
			return g.op("MaxPool", ir.Attrs{"kernel_shape": []int64{2, 2}}, y)
		}},
		"a product of few rows": {[]int{4, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.product(g.steps(g.product(x, 8, 12), coarse), 12, 5)
		}},
		"a product of few rows, scaled": {[]int{4, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			y := g.op("Mul", nil, g.bias(g.product(x, 8, 12), 12), g.AddConst("by", tensor.Scalar(float32(1.3))))
			return g.product(g.steps(y, coarse), 12, 5)
		}},
		"a product with a bias": {[]int{4, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.product(g.steps(g.op("Relu", nil, g.bias(g.product(x, 8, 12), 12)), coarse), 12, 5)
		}},
		"a product of many rows": {[]int{24, 8}, func(g perceptrons, x *ir.Value) *ir.Value {
			return g.product(g.steps(g.product(x, 8, 12), coarse), 12, 5)
		}},
	}
	reg := all.Registry()
	var jobs []testkit.Job
	var want []*tensor.Tensor
	var names []string
	for name, c := range cases {
		rng := rand.New(rand.NewPCG(5, 6))
		g := build(t, func(g *ir.Graph) {
			b := perceptrons{g, rng}
			g.Outputs = []*ir.Value{c.make(b, b.steps(g.AddInput("x", tensor.Float32, ir.Dims(c.shape...)), 0.01))}
		})
		x := tensor.New(tensor.Float32, c.shape...)
		for i := range tensor.View[float32](x) {
			tensor.View[float32](x)[i] = 0.01 * float32(rng.IntN(256)-128)
		}
		feeds := map[string]*tensor.Tensor{"x": x}
		want, names = append(want, testkit.Compute(t, g, reg, feeds)[0]), append(names, name)
		found, err := Target{}.Prepare(context.Background(), g, reg, target.Options{})
		if err != nil || len(found) > 0 {
			t.Errorf("%s: %v %v", name, found, err)
		}
		dir, _ := write(t, g, target.Options{})
		jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, "m.xml"), Inputs: feeds})
	}
	for i, r := range testkit.Vendor(t, jobs) {
		if r.Err != "" {
			t.Errorf("%s: %s", names[i], r.Err)
			continue
		}
		for _, got := range r.Outputs {
			if got.Rank() != want[i].Rank() {
				t.Errorf("%s: shape %v, want %v", names[i], got.Shape(), want[i].Shape())
				continue
			}
			g := got.Float64s()
			for k, w := range want[i].Float64s() {
				// A number between two steps may go to either.
				if d := math.Abs(g[k] - w); d > 0.02 {
					t.Errorf("%s: element %d is %g, want %g", names[i], k, g[k], w)
					break
				}
			}
		}
	}
}

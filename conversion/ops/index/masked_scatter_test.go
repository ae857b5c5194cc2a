package index_test

import (
	"fmt"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// Indices that are computed, also from the end, and that name places twice: what is
// written in steps is what the operator says.
func TestMaskedScatter(t *testing.T) {
	reg := all.Registry()
	for name, c := range map[string]struct {
		data  []int
		dtype tensor.DType
		idx   *tensor.Tensor
	}{
		"rows":          {[]int{5, 3}, tensor.Float32, tensor.Of([]int64{1, -1, 1, 0}, 4, 1)},
		"places":        {[]int{2, 3, 4}, tensor.Float32, tensor.Of([]int64{1, 0, -2, 1, 0, 0, 0, 2, 1, -1, 1, -1}, 2, 3, 2)},
		"whole numbers": {[]int{6}, tensor.Int64, tensor.Of([]int32{1, -1, 5, 0, 1}, 5, 1)},
		"many":          {[]int{40, 900}, tensor.Float32, many(60, 40)},
	} {
		for _, reduction := range []string{"none", "add", "mul", "max", "min"} {
			if name == "many" && reduction != "none" && reduction != "add" { // too many to join otherwise
				continue
			}
			g := ir.New("scatter")
			in := []*ir.Value{
				g.AddInput("data", c.dtype, ir.Dims(c.data...)), g.AddInput("idx", c.idx.DType(), ir.Dims(c.idx.Shape()...)),
				g.AddInput("updates", c.dtype, ir.Dims(append(append([]int{}, c.idx.Shape()[:c.idx.Rank()-1]...), c.data[c.idx.Shape()[c.idx.Rank()-1]:]...)...)),
			}
			g.Outputs = append(g.Outputs, g.AddNode("ScatterND", "n", ir.Attrs{"reduction": reduction}, in, "y").Outputs...)
			if err := reg.InferGraph(g); err != nil {
				t.Fatal(err)
			}
			feeds := map[string]*tensor.Tensor{"idx": c.idx}
			for seed, v := range []*ir.Value{in[0], in[2]} {
				s, _ := v.Shape.Ints()
				x, err := ir.Noise(tensor.Float32, uint64(seed+1), s...)
				if err != nil {
					t.Fatal(err)
				}
				y := x.Float64s()
				for i := range y {
					y[i] *= 9
				}
				if x, err = tensor.FromFloat64s(c.dtype, y, s...); err != nil {
					t.Fatal(err)
				}
				feeds[v.Name] = x
			}
			want := testkit.Compute(t, g, reg, feeds)
			changed, err := testkit.Decomposed(reg, g)
			if err != nil || !changed {
				t.Fatalf("%s %s: decomposed %v, %v", name, reduction, changed, err)
			}
			t.Run(fmt.Sprint(name, " ", reduction), func(t *testing.T) {
				testkit.Close(t, testkit.Compute(t, g, reg, feeds)[0], want[0], op.Accumulating)
			})
		}
	}
}

// many are n indices below rows, of which some are the same.
func many(n, rows int) *tensor.Tensor {
	v := make([]int64, n)
	for i := range v {
		v[i] = int64(i * 7 % rows)
	}
	return tensor.Of(v, n, 1)
}

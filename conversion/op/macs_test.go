package op

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

func TestMACs(t *testing.T) {
	g := ir.New("net")
	x := g.AddInput("x", tensor.Float32, ir.Dims(1, 4, 8, 8))
	w := g.AddConst("w", tensor.New(tensor.Float32, 6, 2, 3, 3))
	n := g.AddNode("Conv", "conv", ir.Attrs{"group": int64(2), "strides": []int64{2, 2}}, []*ir.Value{x, w}, "y")
	batch := ir.Symbol("N")
	for _, c := range []struct {
		first ir.Dim
		want  int64
	}{{ir.Static(1), 6 * 4 * 4 * 2 * 9}, {batch, 6 * 4 * 4 * 2 * 9}, {batch.FloorDiv(2), -1}} {
		n.Out(0).DType, n.Out(0).Shape = tensor.Float32, ir.Shape{c.first, ir.Static(6), ir.Static(4), ir.Static(4)}
		if m := MACs(n); m != c.want {
			t.Errorf("a first size of %s gave %d, want %d", c.first, m, c.want)
		}
	}
}

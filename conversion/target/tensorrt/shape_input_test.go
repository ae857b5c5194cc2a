package tensorrt

import (
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target/internal/onnxfile"
	"slipway/conversion/tensor"
)

// Inputs whose values are sizes are told of, and no profile gives their sizes in
// place of their values.
func TestShapeInputs(t *testing.T) {
	g := ir.New("g")
	x := g.AddInput("x", tensor.Float32, ir.Shape{ir.Symbol("N"), ir.Static(4)})
	size := g.AddInput("size", tensor.Int64, ir.Dims(1))
	index := g.AddInput("index", tensor.Int64, ir.Dims(2))
	add := func(op string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
		t.Helper()
		n := g.AddNode(op, op, attrs, in, op)
		n.Origin = []string{op}
		if err := ops.Registry().Infer(n); err != nil {
			t.Fatal(err)
		}
		return n.Out(0)
	}
	two := g.AddConst("two", tensor.Of([]int64{2}, 1))
	rest := g.AddConst("rest", tensor.Of([]int64{-1}, 1))
	to := add("Concat", ir.Attrs{"axis": int64(0)}, add("Mul", nil, size, two), rest)
	g.Outputs = []*ir.Value{add("Reshape", nil, x, to), add("Gather", ir.Attrs{"axis": int64(1)}, x, index)}
	list, layers := shapeInputs(g)
	if !slices.Equal(list, []*ir.Value{size}) || !slices.Equal(layers[size], []string{"Reshape"}) {
		t.Errorf("shape inputs %v %v", list, layers)
	}
	if l := toldShapeInputs(g); len(l) != 1 || !strings.Contains(l[0].Text, "values of size:") || l[0].Suggestion == "" {
		t.Errorf("%v", l)
	}
	b, _, err := describe(g, &onnxfile.File{Names: []string{"net.onnx"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	flags := strings.Join(b.Flags, " ")
	if strings.Contains(flags, "size:") || !strings.Contains(flags, "x:") || !strings.Contains(flags, "index:2") || len(b.Profiles[0]) != 2 {
		t.Errorf("%s %v", flags, b.Profiles)
	}
}

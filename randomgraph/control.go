package randomgraph

import (
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var control = map[string]generator{"If": branch, "Loop": loop, "Scan": scan}

// step appends one node to a body: an elementwise function of x, and sometimes
// of y, with the shape of x. Some put x on the grid of integers, and what the body was
// given may be normalized along its last axis.
func (d *drawer) step(g *ir.Graph, x, y *ir.Value) *ir.Value {
	if d.chance(6) {
		s, z := g.AddConst("s", tensor.Scalar(oneOf[float32](d, 1.0/64, 1.0/16, 0.25))), g.AddConst("z", tensor.Scalar(int8(d.between(-5, 5))))
		q := g.AddNode("QuantizeLinear", "", nil, []*ir.Value{x, s, z}, "r").Outputs[0]
		return g.AddNode("DequantizeLinear", "", nil, []*ir.Value{q, s, z}, "r").Outputs[0]
	}
	if len(x.Shape) > 0 && d.chance(6) {
		return g.AddNode("Softmax", "", ir.Attrs{"axis": int64(-1)}, []*ir.Value{x}, "r").Outputs[0]
	}
	if y != nil && d.chance(2) {
		return g.AddNode(oneOf(d, "Add", "Sub", "Mul", "Max"), "", nil, []*ir.Value{x, y}, "r").Outputs[0]
	}
	if d.chance(3) {
		c := g.AddConst("k", tensor.Scalar(float32(d.between(-8, 8))/8))
		return g.AddNode(oneOf(d, "Add", "Mul"), "", nil, []*ir.Value{x, c}, "r").Outputs[0]
	}
	return g.AddNode(oneOf(d, "Relu", "Neg", "Abs", "Sigmoid", "Tanh", "Identity"), "", nil, []*ir.Value{x}, "r").Outputs[0]
}

// bodyInput is an input of a body that stands for v.
func (d *drawer) bodyInput(g *ir.Graph, v *ir.Value) *ir.Value {
	return g.AddInput("b", v.DType, ir.Dims(d.value(v).Shape()...))
}

func branch(d *drawer) *draft {
	x := d.some(f32, 0, 4)
	y := d.slope(x)
	c := d.pick(bools, func(t *tensor.Tensor) bool { return t.Rank() == 0 }, func() []int { return nil })
	attrs := ir.Attrs{ir.CapturedAttr: int64(2)}
	for _, name := range []string{"then_branch", "else_branch"} {
		g := ir.New(name)
		a, b := d.bodyInput(g, x), d.bodyInput(g, y)
		r := d.step(g, a, b)
		if d.chance(2) {
			r = d.step(g, r, b)
		}
		g.Outputs = []*ir.Value{r}
		attrs[name] = g
	}
	return &draft{in: []*ir.Value{c, x, y}, attrs: attrs}
}

// loop draws a counted loop with one carried value, sometimes a scan output, and
// sometimes a condition that ends it early.
func loop(d *drawer) *draft {
	x := d.some(f32, 0, 3)
	y := d.slope(x)
	g := ir.New("body")
	i := g.AddInput("i", tensor.Int64, ir.Shape{})
	c := g.AddInput("c", tensor.Bool, ir.Shape{})
	a, b := d.bodyInput(g, x), d.bodyInput(g, y)
	next := d.step(g, a, b)
	again := c
	if d.chance(3) {
		again = g.AddNode("Less", "", nil, []*ir.Value{i, g.AddConst("k", tensor.Scalar(int64(d.between(0, 2))))}, "r").Outputs[0]
	} else {
		again = g.AddNode("Identity", "", nil, []*ir.Value{again}, "r").Outputs[0]
	}
	g.Outputs = []*ir.Value{again, next}
	f := &draft{outs: 1, attrs: ir.Attrs{"body": g, ir.CapturedAttr: int64(1)}}
	if d.chance(2) {
		g.Outputs = append(g.Outputs, d.step(g, next, nil))
		f.outs = 2
	}
	cond := (*ir.Value)(nil)
	if d.chance(2) {
		cond = d.from(tensor.Bool, []float64{1})
	}
	f.in = []*ir.Value{d.param([]int64{int64(d.between(1, 4))}, []int{}...), cond, x, y}
	return f
}

// scan runs along the first axis of one tensor.
func scan(d *drawer) *draft {
	x := d.some(f32, 1, 4)
	s := d.value(x).Shape()
	start := d.leaf(tensor.Float32, s[1:]...)
	y := d.slope(start)
	g := ir.New("body")
	state := d.bodyInput(g, start)
	row := g.AddInput("row", x.DType, ir.Dims(s[1:]...))
	b := d.bodyInput(g, y)
	next := d.step(g, g.AddNode("Add", "", nil, []*ir.Value{state, row}, "r").Outputs[0], b)
	g.Outputs = []*ir.Value{next, d.step(g, next, nil)}
	attrs := ir.Attrs{"body": g, "num_scan_inputs": int64(1), ir.CapturedAttr: int64(1)}
	if d.chance(3) {
		attrs["scan_input_directions"] = []int64{d.flag()}
	}
	return &draft{in: []*ir.Value{start, x, y}, attrs: attrs, outs: 2}
}

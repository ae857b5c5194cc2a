package op

import (
	"fmt"
	"math"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// Scales are the places, among an operator's inputs, of scales of integers. ONNX gives
// formulas for what they do, and forbids no number; but a scale that is not a number, or
// infinite, leaves none, and a quotient by zero, or what runtimes take for it, has no
// value. Zero for what is read (of a channel of zeros) and scales below zero are in use,
// and computed as they are.
type Scales struct {
	Read []int // of integers that the operator reads: it multiplies by them
	Made []int // of its result: it divides by them
}

// ScaleCode is the code of findings on scales that leave nothing to compute.
const ScaleCode = "source.quantization-scale"

// CheckScales looks at the constant scales in g and in the bodies in it: an error for
// each kind of number that leaves nothing to compute, with the layers.
func (r *Registry) CheckScales(g *ir.Graph) diag.List {
	c := &scaleCheck{reg: r, by: map[string]*diag.Finding{}}
	c.graph(g, nil)
	return c.found
}

type scaleCheck struct {
	reg   *Registry
	found diag.List
	by    map[string]*diag.Finding // by what is wrong
}

// graph looks at g, where captured are the constants that its inputs stand for.
func (c *scaleCheck) graph(g *ir.Graph, captured map[*ir.Value]*tensor.Tensor) {
	constant := func(v *ir.Value) *tensor.Tensor {
		if v != nil && v.IsConst() {
			return v.Const
		}
		return captured[v]
	}
	for _, n := range g.Nodes {
		if d := c.reg.Get(n.Op); d != nil {
			for _, i := range d.Scales.Read {
				c.scale(n, i, constant(n.In(i)), false)
			}
			for _, i := range d.Scales.Made {
				c.scale(n, i, constant(n.In(i)), true)
			}
		}
		k := n.Captured()
		for _, body := range n.Bodies() {
			inner := map[*ir.Value]*tensor.Tensor{}
			for i := range min(k, len(body.Inputs)) {
				inner[body.Inputs[len(body.Inputs)-1-i]] = constant(n.In(len(n.Inputs) - 1 - i))
			}
			c.graph(body, inner)
		}
	}
}

func (c *scaleCheck) scale(n *ir.Node, i int, t *tensor.Tensor, divides bool) {
	if t == nil || !t.DType().IsFloat() {
		return
	}
	what, at := "", 0
	for k, x := range t.Float64s() {
		if what = useless(x, divides); what != "" {
			at = k
			break
		}
	}
	if what == "" {
		return
	}
	f := c.by[what]
	if f == nil {
		name := c.reg.Get(n.Op).Inputs[i].Name
		if t.Len() > 1 {
			name += fmt.Sprintf("[%d]", at)
		}
		f = diag.Errorf(ScaleCode, "%s of %s, a step of integers, is %s", name, n.Op, what).At(n.Name).
			Suggest("quantize the model again, with calibration inputs that reach this layer and give it finite numbers, or set the scale to the step of the layer's integers (any number above zero where it is always zero)")
		c.by[what], c.found = f, append(c.found, f)
	}
	f.Layers = append(f.Layers, n.Name)
}

// useless says what a scale is that leaves nothing to compute, "" where it leaves some.
func useless(x float64, divides bool) string {
	switch {
	case math.IsNaN(x):
		return "not a number"
	case math.IsInf(x, 0):
		return "infinite"
	case divides && x == 0:
		return "0, by which the layer divides"
	case divides && math.Abs(x) < 0x1p-126:
		return "so small that runtimes take it for 0, by which the layer then divides"
	}
	return ""
}

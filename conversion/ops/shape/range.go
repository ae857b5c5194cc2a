package shape

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var rangeDef = &op.Def{
	Name: "Range", Doc: "Counts from start to below limit in steps of delta.", Family: family,
	Inputs: op.In("start", "limit", "delta"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		d := c.InType(0)
		start, ok := c.Content(0)
		limit, ok2 := c.Content(1)
		delta, ok3 := c.Ints(2)
		if !ok || !ok2 || !ok3 || len(start) != 1 || len(limit) != 1 || len(delta) != 1 {
			if n, known := constRange(c); known {
				c.Set(0, d, ir.Dims(n))
				return nil
			}
			setUnknown(c, d, 1)
			return nil
		}
		step := delta[0]
		if step == 0 {
			return fmt.Errorf("delta is 0")
		}
		span := limit[0].Sub(start[0])
		var n ir.Dim
		if lo, hi, static := known(start[0], limit[0]); static {
			k := math.Ceil((float64(hi) - float64(lo)) / float64(step))
			if k > tensor.MaxElements {
				return fmt.Errorf("a range of %v elements", k)
			}
			n = ir.Static(max(0, int64(k)))
		} else if step > 0 {
			n = span.AddInt(step - 1).FloorDiv(step)
		} else {
			n = kernel.Fresh(c.Out(0), 0)
		}
		c.Set(0, d, ir.Shape{n})
		if k, static := n.Int(); static && k <= 64 {
			content := make([]ir.Dim, k)
			for i := range content {
				content[i] = start[0].AddInt(int64(i) * step)
			}
			c.SetContent(0, content)
		}
		return nil
	},
	Eval: evalRange,
}

func known(a, b ir.Dim) (x, y int64, ok bool) {
	x, ok = a.Int()
	y, ok2 := b.Int()
	return x, y, ok && ok2
}

// constRange is the length of a range of floating-point constants.
func constRange(c *op.InferCtx) (int64, bool) {
	var v [3]float64
	for i := range v {
		x, ok := c.In(i).ConstScalar()
		if !ok {
			return 0, false
		}
		v[i] = x
	}
	n := math.Ceil((v[1] - v[0]) / v[2])
	if v[2] == 0 || n != n || n > tensor.MaxElements {
		return 0, false
	}
	return max(0, int64(n)), true
}

func evalRange(c *op.EvalCtx) error {
	var v [3]*tensor.Tensor
	for i := range v {
		t, err := c.Need(i)
		if err != nil {
			return err
		}
		if t.Len() != 1 || i > 0 && t.DType() != v[0].DType() {
			return fmt.Errorf("start, limit and delta must be single elements of one type; input %d is %v%v", i, t.DType(), t.Shape())
		}
		v[i] = t
	}
	d := v[0].DType()
	if d.IsInt() {
		var x [3]int64
		for i := range v {
			k, err := v[i].Int64s()
			if err != nil {
				return err
			}
			x[i] = k[0]
		}
		n, err := rangeLength((float64(x[1])-float64(x[0]))/float64(x[2]), d)
		if err != nil {
			return err
		}
		out := make([]int64, n)
		for i := range out {
			out[i] = x[0] + int64(i)*x[2]
		}
		c.Out[0], err = tensor.Of(out, n).Cast(d)
		return err
	}
	if !d.IsFloat() {
		return fmt.Errorf("is not defined for %v", d)
	}
	start, delta := v[0].Float64s()[0], v[2].Float64s()[0]
	n, err := rangeLength((v[1].Float64s()[0]-start)/delta, d)
	if err != nil {
		return err
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = start + float64(i)*delta
	}
	c.Out[0], err = tensor.FromFloat64s(d, out, n)
	return err
}

func rangeLength(quotient float64, d tensor.DType) (int, error) {
	n := max(0, math.Ceil(quotient))
	if n != n || n > tensor.MaxElements {
		return 0, fmt.Errorf("a range of %v elements", n)
	}
	return int(n), kernel.CheckSize(d, []int{int(n)})
}

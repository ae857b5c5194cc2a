package index

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
)

var scatterElementsDef = &op.Def{
	Name: "ScatterElements", Doc: "Writes single elements at their index along one axis of a copy of data.", Family: family,
	Attrs:  []op.Attr{integer("axis", 0), reductionAttr},
	Inputs: op.In("data", "indices", "updates"), Outputs: op.In("output"),
	Infer: inferScatterElements,
	Eval:  evalScatterElements,
	Tol:   op.Elementwise,

	Decompose: elementsByPlace,
}

// scatterDef is the name that ScatterElements had before opset 11.
var scatterDef = &op.Def{
	Name: "Scatter", Doc: "Writes single elements at their index along one axis; the old name of ScatterElements.", Family: family,
	Attrs:  []op.Attr{integer("axis", 0)},
	Inputs: op.In("data", "indices", "updates"), Outputs: op.In("output"),
	Infer: inferScatterElements,
	Eval:  evalScatterElements,
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		return []*ir.Value{b.Op("ScatterElements", b.Attrs.Clone(), b.Inputs...)}, nil
	},
	FromONNX: func(s *op.Src) error { return s.Lower("ScatterElements", s.AttrsOf("axis"), s.Inputs...) },
}

func inferScatterElements(c *op.InferCtx) error {
	if err := checkReduction(c.Node); err != nil {
		return err
	}
	if s := c.InShape(0); s != nil {
		if _, err := kernel.Axis(c.Int("axis", 0), len(s)); err != nil {
			return err
		}
		for i := 1; i <= 2; i++ {
			if t := c.InShape(i); t != nil && len(t) != len(s) {
				return fmt.Errorf("data %v and %v differ in rank", s, t)
			}
		}
	}
	return inferSame(c)
}

func evalScatterElements(c *op.EvalCtx) error {
	data, err := c.Need(0)
	if err != nil {
		return err
	}
	idx, err := c.Ints64(1)
	if err != nil {
		return err
	}
	updates, err := c.Need(2)
	if err != nil {
		return err
	}
	axis, err := kernel.Axis(c.Int("axis", 0), data.Rank())
	if err != nil {
		return err
	}
	shape := c.Arg(1).Shape()
	if len(shape) != data.Rank() || updates.Len() != len(idx) {
		return fmt.Errorf("indices %v and updates %v do not fit data %v", shape, updates.Shape(), data.Shape())
	}
	for i, d := range shape {
		if i != axis && d > data.Shape()[i] || updates.Rank() != len(shape) || updates.Shape()[i] != d {
			return fmt.Errorf("indices %v and updates %v do not fit data %v", shape, updates.Shape(), data.Shape())
		}
	}
	st := kernel.Strides(data.Shape())
	at := make([]int, len(idx))
	for i, v := range idx {
		p, err := position(v, data.Shape()[axis])
		if err != nil {
			return err
		}
		off, r := p*st[axis], i
		for k := len(shape) - 1; k >= 0; k-- {
			if k != axis {
				off += r % shape[k] * st[k]
			}
			r /= shape[k]
		}
		at[i] = off
	}
	c.Out[0], err = scatter(c.Node, data, updates, at, 1)
	return err
}

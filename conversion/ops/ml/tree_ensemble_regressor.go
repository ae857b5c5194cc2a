package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// treeEnsembleRegressorDef is the older form, in which one leaf may count for
// many targets, as those of a random forest do. Readers make its input float and
// write its post_transform as operators.
var treeEnsembleRegressorDef = &op.Def{
	Name: domain + "TreeEnsembleRegressor", Doc: "Adds up, averages or takes the extremes of what the leaves that each row reaches in decision trees count for each target.", Family: family,
	Attrs: []op.Attr{
		{Name: "aggregate_function", Kind: op.Str, Default: "SUM"},
		{Name: "n_targets", Kind: op.Int, Required: true},
		{Name: "base_values", Kind: op.Floats},
		{Name: "nodes_modes", Kind: op.Strs, Required: true},
		{Name: "nodes_values", Kind: op.Floats, Required: true},
		{Name: "nodes_missing_value_tracks_true", Kind: op.Ints},
		{Name: "target_weights", Kind: op.Floats, Required: true},
		intsAttr("nodes_treeids"), intsAttr("nodes_nodeids"), intsAttr("nodes_featureids"), intsAttr("nodes_truenodeids"),
		intsAttr("nodes_falsenodeids"), intsAttr("target_treeids"), intsAttr("target_nodeids"), intsAttr("target_ids"),
	},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error { return inferForest(c, tensor.Float32) },
	Eval: func(c *op.EvalCtx) error {
		if err := evalForest(c, oldForest, false); err != nil {
			return err
		}
		base, y := c.Floats("base_values"), c.Out[0].Float64s()
		for i := range y {
			if len(base) > 0 {
				y[i] += base[i%len(base)]
			}
		}
		var err error
		c.Out[0], err = tensor.FromFloat64s(tensor.Float32, y, c.Out[0].Shape()...)
		return err
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		columns, _ := columnsOf(b.In(0))
		f, err := oldForest(b.Node, columns)
		if err != nil {
			return nil, err
		}
		return f.asGathers(b, b.Floats("base_values"))
	},
	Tol: op.Accumulating,
	FromONNX: func(s *op.Src) error {
		l := &lowering{Src: s}
		trees := l.trees("target_weights", "target_treeids", "target_nodeids", "target_ids", int(l.Int("n_targets", 1)))
		trees["aggregate_function"] = l.Str("aggregate_function", "SUM")
		if kind := l.Str("post_transform", "NONE"); kind != "NONE" {
			l.fail("post_transform %s of a regression is not understood", kind)
		}
		s.Return(l.op(domain+"TreeEnsembleRegressor", trees, l.rows(0)))
		return l.err
	},
}

// trees are the attributes of a TreeEnsembleRegressor for the node's lists, those
// about leaves under the names given; without ids all leaves count for the first
// target. The trees are checked.
func (l *lowering) trees(weights, treeids, nodeids, ids string, targets int) ir.Attrs {
	a := ir.Attrs{"n_targets": int64(targets)}
	for to, from := range map[string]string{
		"nodes_treeids": "nodes_treeids", "nodes_nodeids": "nodes_nodeids", "nodes_featureids": "nodes_featureids",
		"nodes_truenodeids": "nodes_truenodeids", "nodes_falsenodeids": "nodes_falsenodeids",
		"target_treeids": treeids, "target_nodeids": nodeids, "target_ids": ids,
	} {
		if from == "" {
			continue
		}
		v, ok := l.Ints(from)
		if !ok {
			l.fail("lacks %s", from)
		}
		a[to] = v
	}
	raw, _ := l.Raw("nodes_modes")
	modes, ok := raw.([]string)
	if !ok {
		l.fail("lacks nodes_modes")
	}
	a["nodes_modes"] = modes
	a["nodes_values"], a["target_weights"] = l.numbersOf("nodes_values"), l.numbersOf(weights)
	if ids == "" {
		a["target_ids"] = make([]int64, len(l.numbersOf(weights)))
	}
	if v, ok := l.Ints("nodes_missing_value_tracks_true"); ok && len(v) > 0 {
		a["nodes_missing_value_tracks_true"] = v
	}
	if base := l.numbersOf("base_values"); len(base) > 0 {
		if len(base) != targets {
			l.fail("%d base_values for %d targets", len(base), targets)
		}
		a["base_values"] = base
	}
	l.numbersOf("nodes_hitrates")
	if x := l.In(0); x != nil && x.DType == tensor.Float64 {
		l.fail("trees over float64 are not supported")
	}
	if l.err == nil {
		columns, _ := columnsOf(l.In(0))
		if _, err := oldForest(&ir.Node{Attrs: a}, columns); err != nil {
			l.fail("%w", err)
		}
	}
	return a
}

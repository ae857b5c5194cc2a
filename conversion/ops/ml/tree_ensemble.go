package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

func intsAttr(name string) op.Attr { return op.Attr{Name: name, Kind: op.Ints, Required: true} }

var treeEnsembleDef = &op.Def{
	Name: domain + "TreeEnsemble", Doc: "Adds up, or takes the extremes of, the leaves that each row reaches in decision trees.", Family: family,
	Attrs: []op.Attr{
		{Name: "aggregate_function", Kind: op.Int, Default: int64(1)},
		{Name: "post_transform", Kind: op.Int, Default: int64(0)},
		{Name: "n_targets", Kind: op.Int},
		{Name: "membership_values", Kind: op.Tensor},
		{Name: "nodes_missing_value_tracks_true", Kind: op.Ints},
		{Name: "nodes_hitrates", Kind: op.Tensor},
		{Name: "leaf_weights", Kind: op.Tensor, Required: true},
		{Name: "nodes_modes", Kind: op.Tensor, Required: true},
		{Name: "nodes_splits", Kind: op.Tensor, Required: true},
		intsAttr("leaf_targetids"), intsAttr("nodes_falseleafs"), intsAttr("nodes_falsenodeids"), intsAttr("nodes_featureids"),
		intsAttr("nodes_trueleafs"), intsAttr("nodes_truenodeids"), intsAttr("tree_roots"),
	},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error { return inferForest(c, c.InType(0)) },
	Eval: func(c *op.EvalCtx) error {
		return evalForest(c, newForest, true)
	},
	Decompose: func(b *op.Builder) ([]*ir.Value, error) {
		columns, _ := columnsOf(b.In(0))
		f, err := newForest(b.Node, columns)
		if err != nil {
			return nil, err
		}
		return f.asGathers(b, nil)
	},
	Tol: op.Accumulating,
}

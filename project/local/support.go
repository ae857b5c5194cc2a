package local

import (
	"context"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/plan"
	"slipway/conversion/source"
	"slipway/conversion/target"
	targetall "slipway/conversion/target/all"
	"slipway/project"
)

// Support finds out what each of the targets would do with a model file, which is
// read and simplified once for all of them.
func Support(ctx context.Context, path string, targets []string, shapes map[string][]int64, q plan.Wanted) ([]plan.Support, error) {
	for _, name := range targets {
		if _, err := targetall.Get(name); err != nil {
			return nil, err
		}
	}
	m, err := Open(ctx, path, source.Options{InputShapes: shapes})
	if err != nil {
		var out []plan.Support
		for _, name := range targets {
			out = append(out, plan.Support{
				Target: name, Precision: q.Precision, Decomposed: []plan.Decomposition{}, Slow: []target.Slow{}, Findings: diag.FromError("source.unreadable", err),
			})
		}
		return out, nil
	}
	defer func() { _ = m.Close() }() // only releases the map
	return supportOf(ctx, m.Graph, targets, q)
}

// supportOpen is Support of an open model, which is in memory already, and what is
// known of its weights with it.
func supportOpen(ctx context.Context, m *project.Model, targets []string, shapes map[string][]int64, q plan.Wanted) ([]plan.Support, error) {
	if len(shapes) > 0 || len(m.Source.Findings.Errors()) > 0 {
		return Support(ctx, m.Path, targets, shapes, q) // it reads otherwise, or is refused
	}
	return supportOf(ctx, m.Graph.Clone(), targets, q)
}

// supportOf is Support of a graph, which it changes.
func supportOf(ctx context.Context, g *ir.Graph, targets []string, q plan.Wanted) ([]plan.Support, error) {
	in, err := plan.Inspect(ctx, g, opsall.Registry(), targetall.Targets()...)
	if err != nil {
		return nil, err
	}
	var out []plan.Support
	for _, name := range targets {
		t, err := targetall.Get(name)
		if err != nil {
			return nil, err
		}
		s, err := in.Target(ctx, t, q)
		if err != nil {
			return nil, err
		}
		out = append(out, *s)
	}
	return out, nil
}

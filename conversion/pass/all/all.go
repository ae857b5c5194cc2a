package all

import (
	"context"
	"fmt"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/pass/fold"
	"slipway/conversion/pass/fuse"
	"slipway/conversion/pass/recognise"
)

// Passes lists the simplifying passes in the order they run in. A test checks
// that it agrees with every pass's After.
func Passes() []*pass.Pass {
	return []*pass.Pass{
		fold.Constants,
		fold.Control,
		fold.Identity,
		fold.Duplicates,
		fold.Reshapes,
		fold.Slices,
		fold.Gathers,
		fuse.Pad,
		fuse.Activation,
		recognise.Split,
		recognise.Transpose,
		recognise.LayerNorm,
		recognise.RMSNorm,
		recognise.GroupNorm,
		recognise.Gelu,
		recognise.Swish,
		recognise.Softplus,
		recognise.HardSigmoid,
		recognise.LeakyRelu,
		recognise.Softmax,
		recognise.Attention,
		recognise.L2Norm,
		recognise.Blocks,
		recognise.Focus,
		fold.Axes,
		recognise.GlobalPool,
		fuse.BatchNorm,
		fuse.Scale,
		fuse.Bias,
	}
}

// Get returns the pass with the given name.
func Get(name string) (*pass.Pass, error) {
	var names []string
	for _, p := range Passes() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("there is no pass %q; there are %v", name, names)
}

// maxRounds bounds repetition; each round but the last makes the graph smaller.
const maxRounds = 8

// Simplify runs the passes in order, again and again until none fires, so that
// what one uncovers another takes up. only (where not empty) and skip select by
// name; options are passed to a pass by its name. The reports add up all rounds;
// near misses are those of the last.
func Simplify(ctx context.Context, g *ir.Graph, reg *op.Registry, only, skip []string, options map[string]any, findings *diag.List) ([]pass.Report, error) {
	for _, name := range slices.Concat(only, skip) {
		if _, err := Get(name); err != nil {
			return nil, err
		}
	}
	var run []*pass.Pass
	var reports []pass.Report
	for _, p := range Passes() {
		if (len(only) == 0 || slices.Contains(only, p.Name)) && !slices.Contains(skip, p.Name) {
			run = append(run, p)
			reports = append(reports, pass.Report{Name: p.Name})
		}
	}
	for range maxRounds {
		fired := 0
		for i, p := range run {
			r, err := runAll(ctx, p, g, reg, options[p.Name], findings)
			if err != nil {
				return reports, err
			}
			fired += r.Fired
			reports[i].Fired += r.Fired
			reports[i].Missed = r.Missed
		}
		if fired == 0 {
			break
		}
	}
	return reports, nil
}

// runAll runs a pass on g and on the bodies of its nodes.
func runAll(ctx context.Context, p *pass.Pass, g *ir.Graph, reg *op.Registry, options any, findings *diag.List) (pass.Report, error) {
	r, err := p.Run1(ctx, g, reg, options, findings)
	if err != nil {
		return r, err
	}
	inner := 0
	for _, n := range g.Nodes {
		if n.Op == "If" && n.In(0).IsConst() {
			continue // one branch is about to go away, and need not fit
		}
		for _, body := range n.Bodies() {
			b, err := runAll(ctx, p, body, reg, options, findings)
			if err != nil {
				return r, fmt.Errorf("in the body of %q: %w", n.Name, err)
			}
			inner += b.Fired
			r.Missed = append(r.Missed, b.Missed...)
		}
	}
	if r.Fired += inner; inner > 0 {
		err = reg.InferGraph(g) // what a body now tells of its results
	}
	return r, err
}

package legalize

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// maxRounds bounds the chain of decompositions; an operator that needs more
// steps has a decomposition that leads back to itself.
const maxRounds = 64

// By is the name stamped on the nodes that decomposition makes.
const By = "legalize"

// blocked is a node that neither the target nor a decomposition can handle.
type blocked struct {
	why  *diag.Finding
	note string // why the decomposition did not help; "" where there is none
}

// Run changes every node for which t.Legal gives a finding, one step a round, to
// a fixed point: it is computed in fewer axes where it has more than the target's
// tensors or operators, in a wider element type where the target has it in that
// one, else decomposed. What is left becomes one error finding for each operator
// kind and reason, all of them at once, with all source layers in
// Finding.Layers. g must have been inferred; where no error is returned, every
// node of g, and of the bodies in it, is legal for t.
func Run(ctx context.Context, g *ir.Graph, reg *op.Registry, t target.Target, o target.Options) diag.List {
	stuck, settled := map[*ir.Node]blocked{}, map[*ir.Node]bool{}
	wide := &widener{reg: reg, t: t, o: o, cast: map[[2]tensor.DType]bool{}, own: map[*ir.Node]bool{}}
	var join *joiner // where tensors have a limit of axes
	switch f := t.(type) {
	case target.Flat:
		join = &joiner{most: f.MaxAxes(), g: g, reg: reg}
	case target.Joining:
		join = &joiner{most: f.JoinAxes(), held: true, g: g, reg: reg}
	}
	was := map[string]string{} // layer -> operator, before any became others
	for _, n := range g.Nodes {
		for _, layer := range n.Origin {
			was[layer] = n.Op
		}
	}
	for round := 0; ; round++ {
		if err := ctx.Err(); err != nil {
			return diag.FromError("convert.cancelled", fmt.Errorf("legalize: %w", err))
		}
		p := g.Edit(By, reg.Infer)
		progress := false
		wide.p, wide.made = p, map[*ir.Value][]*ir.Value{}
		if join != nil {
			join.p = p
		}
		for _, n := range slices.Clone(g.Nodes) {
			if _, known := stuck[n]; known || settled[n] {
				continue
			}
			why := t.Legal(n, o)
			if why == nil {
				continue
			}
			if round >= maxRounds {
				stuck[n] = blocked{why, fmt.Sprintf("its decomposition did not end after %d steps", maxRounds)}
				continue
			}
			if join != nil && join.fewer(n) {
				progress = true
				continue
			}
			if len(n.Bodies()) == 0 && wide.widen(n) {
				progress = true
				continue
			}
			switch err := reg.Decompose(p, n); {
			case err == nil:
				progress = true
			case errors.Is(err, op.ErrNoDecomposition) && lastResort(t, n, o):
				settled[n] = true
			case errors.Is(err, op.ErrNoDecomposition):
				stuck[n] = blocked{why, note(n, was, err)}
			default:
				stuck[n] = blocked{why, err.Error()}
			}
		}
		if err := p.Done(); err != nil {
			return diag.List{diag.Errorf("legalize.failed", "decomposing operators for %s: %v", t.Info().Title, err)}
		}
		if !progress {
			break
		}
		// What became of others may tell how long a loop or a sequence is, or show a
		// tensor of many axes in few.
		for n := range stuck {
			if round < maxRounds && join != nil && join.many(n) {
				delete(stuck, n)
			}
			if round < maxRounds && (len(n.Bodies()) > 0 || reg.Get(n.Op) != nil && reg.Get(n.Op).Containers) {
				delete(stuck, n)
			}
		}
	}
	out := append(report(g, reg, t, o, stuck), drawing(g, reg, t)...)
	for _, n := range g.Nodes {
		if _, bad := stuck[n]; bad {
			continue
		}
		for _, body := range n.Bodies() {
			out = append(out, Run(ctx, body, reg, t, o)...)
		}
	}
	return out
}

// lastResort reports whether t takes n in a form that it avoids as long as there
// is a decomposition.
func lastResort(t target.Target, n *ir.Node, o target.Options) bool {
	l, ok := t.(target.LastResort)
	return ok && l.LastResort(n, o) == nil
}

// note is what a node's form says about why it has no decomposition, and what
// operator of the model it was made of; "" where the operator has none at all.
func note(n *ir.Node, was map[string]string, err error) string {
	s := strings.TrimSuffix(strings.TrimSuffix(err.Error(), op.ErrNoDecomposition.Error()), ": ")
	if s == n.Op {
		return ""
	}
	if n.By == By && len(n.Origin) > 0 && was[n.Origin[0]] != "" && was[n.Origin[0]] != n.Op {
		s = fmt.Sprintf("made of %s; %s", was[n.Origin[0]], s)
	}
	return s
}

package fold

import (
	"errors"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/control"
	"slipway/conversion/pass"
)

// ControlOptions bound what is unrolled.
type ControlOptions struct {
	MaxTrips int `key:"max_trips" title:"Most iterations" help:"A loop of known length with more iterations stays a loop" min:"0" max:"4096"`
	MaxNodes int `key:"max_nodes" title:"Most nodes" help:"A loop that would become more nodes than this stays a loop" min:"0" max:"16384"`
}

// Control is the pass fold_control.
var Control = &pass.Pass{
	Name:    "fold_control",
	About:   "Counts the iterations of loops whose condition is known ahead, takes decided branches and short loops apart, and sequences and optional values away",
	After:   []string{"fold_constants"},
	Options: &ControlOptions{MaxTrips: 32, MaxNodes: 1024},
	Run:     foldControl,
}

// containers are the operators on sequences and optional values that go away
// where it is known what those hold.
var containers = map[string]bool{
	"SequenceAt": true, "SequenceLength": true, "ConcatFromSequence": true, "OptionalGetElement": true, "OptionalHasElement": true,
	"SequenceMap": true, "SplitToSequence": true,
}

func foldControl(g *ir.Graph, c *pass.Ctx) error {
	o, ok := c.Options.(*ControlOptions)
	if !ok {
		o = &ControlOptions{MaxTrips: 32, MaxNodes: 1024}
	}
	p := c.Edit(g)
	for _, n := range slices.Clone(g.Nodes) {
		if err := c.Err(); err != nil {
			return err
		}
		if len(n.Bodies()) > 0 && narrow(p, n) {
			c.Fire()
		}
		if counted(p, n, c) {
			c.Fire()
		}
		if !decided(n, o, c) {
			continue
		}
		switch err := c.Registry.Decompose(p, n); {
		case err == nil:
			c.Fire()
		case !errors.Is(err, op.ErrNoDecomposition):
			c.Miss(n, "%v", err)
		}
	}
	return p.Done()
}

// decided reports whether n is to be taken apart for every target.
func decided(n *ir.Node, o *ControlOptions, c *pass.Ctx) bool {
	switch n.Op {
	case "If":
		return n.In(0).IsConst()
	case "Loop":
		trips, nodes, ok := control.Unrollable(n)
		if ok && (trips > int64(o.MaxTrips) || trips*int64(max(nodes, 1)) > int64(o.MaxNodes)) {
			c.Miss(n, "%d iterations of %d nodes are more than it may become", trips, nodes)
			return false
		}
		return ok
	}
	return containers[n.Op]
}

// narrow makes captured constants the bodies' own and leaves out captured values
// that no body reads.
func narrow(p *ir.Patch, n *ir.Node) bool {
	bodies, k := n.Bodies(), n.Captured()
	formal := len(n.Inputs) - k
	var keep []*ir.Value
	gone := make([]bool, k)
	for i, v := range n.Inputs[formal:] {
		used := false
		for _, g := range bodies {
			in := g.Inputs[len(g.Inputs)-k+i]
			used = used || len(in.Uses()) > 0 || g.IsOutput(in)
		}
		if gone[i] = !used || v.IsConst(); !gone[i] {
			keep = append(keep, v)
		}
	}
	if len(keep) == k {
		return false
	}
	seen := map[*ir.Graph]bool{}
	for _, g := range bodies {
		if seen[g] {
			continue
		}
		seen[g] = true
		first := len(g.Inputs) - k
		for i := k - 1; i >= 0; i-- {
			if !gone[i] {
				continue
			}
			in := g.Inputs[first+i]
			if v := n.Inputs[formal+i]; v.IsConst() && (len(in.Uses()) > 0 || g.IsOutput(in)) {
				g.Adopt(in, v)
			} else {
				g.DropInput(in)
			}
		}
	}
	attrs := n.Attrs
	attrs[ir.CapturedAttr] = int64(len(keep))
	by, origin := n.By, n.Origin
	p.Rewrite(n, n.Op, attrs, append(slices.Clone(n.Inputs[:formal]), keep...)...)
	n.By, n.Origin = by, origin
	return true
}

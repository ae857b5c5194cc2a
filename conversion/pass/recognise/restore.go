package recognise

import (
	"context"
	"errors"
	"slices"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
)

// restored is the name stamped on the nodes that Restore makes.
const restored = "restore_parts"

// Restore gives the parts back of every operator that a pass of this package
// made and that has does not want, until it wants all that is left or nothing
// simpler is known. Operators of the source itself stay.
func Restore(has func(*ir.Node) bool) *pass.Pass {
	return &pass.Pass{
		Name:  restored,
		About: "Writes recognised operators out again where the target has none",
		Run:   func(g *ir.Graph, c *pass.Ctx) error { return restore(c, g, c.Registry, has, c) },
	}
}

func restore(ctx context.Context, g *ir.Graph, reg *op.Registry, has func(*ir.Node) bool, c *pass.Ctx) error {
	stuck := map[*ir.Node]bool{}
	for again := true; again; {
		again = false
		p := g.Edit(restored, reg.Infer)
		for _, n := range slices.Clone(g.Nodes) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !strings.HasPrefix(n.By, "recognise_") && n.By != restored || stuck[n] || has(n) {
				continue
			}
			switch err := reg.Decompose(p, n); {
			case err == nil:
				again = true
				c.Fire()
			case errors.Is(err, op.ErrNoDecomposition):
				stuck[n] = true
			default:
				stuck[n] = true
				c.Miss(n, "%v", err)
			}
		}
		if err := p.Done(); err != nil {
			return err
		}
	}
	return nil
}

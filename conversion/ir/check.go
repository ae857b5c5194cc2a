package ir

import (
	"fmt"
	"slices"
)

// Check reports the first broken invariant of a graph: a node out of order, a
// duplicate name, an input that nothing produces, a use list that disagrees, a
// body that does not fit its node.
func Check(g *Graph) error { return check(g, 0) }

func check(g *Graph, depth int) error {
	names := map[string]bool{}
	name := func(v *Value) error {
		if v.Name == "" {
			return fmt.Errorf("ir: graph %q has a value without a name", g.Name)
		}
		if names[v.Name] {
			return fmt.Errorf("ir: two values are called %q", v.Name)
		}
		names[v.Name] = true
		return nil
	}
	defined := map[*Value]bool{}
	for _, v := range g.Inputs {
		if err := name(v); err != nil {
			return err
		}
		defined[v] = true
	}
	nodes := map[string]bool{}
	for _, n := range g.Nodes {
		if nodes[n.Name] {
			return fmt.Errorf("ir: two nodes are called %q", n.Name)
		}
		nodes[n.Name] = true
		for i, v := range n.Inputs {
			switch {
			case v == nil:
				continue
			case v.IsConst() && !defined[v]:
				if err := name(v); err != nil {
					return err
				}
				defined[v] = true
			case !defined[v]:
				return fmt.Errorf("ir: node %q (%s) reads %q, which nothing before it produces", n.Name, n.Op, v.Name)
			}
			if !slices.Contains(v.uses, Use{n, i}) {
				return fmt.Errorf("ir: node %q (%s) reads %q, which does not know of it", n.Name, n.Op, v.Name)
			}
		}
		if err := checkBodies(n, depth); err != nil {
			return err
		}
		for i, v := range n.Outputs {
			if v == nil {
				continue
			}
			if v.node != n || v.index != i {
				return fmt.Errorf("ir: output %d of node %q (%s) belongs to another node", i, n.Name, n.Op)
			}
			if err := name(v); err != nil {
				return err
			}
			defined[v] = true
		}
	}
	for _, v := range g.Outputs {
		if v == nil || !defined[v] && !v.IsConst() {
			return fmt.Errorf("ir: graph %q has an output that nothing produces", g.Name)
		}
	}
	return nil
}

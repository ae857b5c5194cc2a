package onnx

import (
	"strconv"

	"slipway/conversion/diag"
)

// order checks the names of a list of nodes and returns it in topological
// order: as it is where the file is sorted, which nearly all are.
func (s *scope) order(list []*nodeProto) ([]*nodeProto, error) {
	producer := make(map[string]int, len(list))
	for i, n := range list {
		for _, o := range n.outputs {
			if o == "" {
				continue
			}
			if j, dup := producer[o]; dup {
				return nil, diag.Errorf("onnx.duplicate-name", "nodes %s and %s both produce %q", label(list[j], j), label(n, i), clip(o))
			}
			if _, dup := s.values[o]; dup {
				return nil, diag.Errorf("onnx.duplicate-name", "node %s produces %q, which is an input or a weight already", label(n, i), clip(o))
			}
			producer[o] = i
		}
	}
	needs := make([][]int, len(list))
	sorted := true
	for i, n := range list {
		for _, name := range reads(n) {
			if j, ok := producer[name]; ok {
				needs[i] = append(needs[i], j)
				sorted = sorted && j < i
			} else if !s.has(name) {
				return nil, diag.Errorf("onnx.missing-input", "%s reads %q, which nothing produces", label(n, i), clip(name)).At(s.prefix + n.name)
			}
		}
	}
	if sorted {
		return list, nil
	}
	const (
		untouched = iota
		open
		done
	)
	state := make([]uint8, len(list))
	out := make([]*nodeProto, 0, len(list))
	type frame struct{ node, next int }
	for root := range list {
		if state[root] != untouched {
			continue
		}
		state[root] = open
		stack := []frame{{root, 0}}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if f.next == len(needs[f.node]) {
				state[f.node] = done
				out = append(out, list[f.node])
				stack = stack[:len(stack)-1]
				continue
			}
			j := needs[f.node][f.next]
			f.next++
			switch state[j] {
			case open:
				return nil, diag.Errorf("graph.cycle", "the graph has a cycle through %s", label(list[j], j)).At(s.prefix + list[j].name)
			case untouched:
				state[j] = open
				stack = append(stack, frame{j, 0})
			}
		}
	}
	return out, nil
}

func label(n *nodeProto, i int) string {
	if n.name != "" {
		return `"` + clip(n.name) + `" (` + clip(n.op) + ")"
	}
	return "number " + strconv.Itoa(i) + " (" + clip(n.op) + ")"
}

// reads lists the names that a node needs: its inputs and what its subgraphs
// take from outside.
func reads(n *nodeProto) []string {
	var out []string
	for _, x := range n.inputs {
		if x != "" {
			out = append(out, x)
		}
	}
	for _, a := range n.attrs {
		if a.g != nil {
			out = append(out, free(a.g)...)
		}
		for _, g := range a.graphs {
			out = append(out, free(g)...)
		}
	}
	return out
}

// free lists the names that a subgraph reads and does not define.
func free(g *graphProto) []string {
	own := map[string]bool{}
	for _, v := range g.inputs {
		own[v.name] = true
	}
	for _, t := range g.inits {
		own[t.name] = true
	}
	for _, n := range g.nodes {
		for _, o := range n.outputs {
			own[o] = true
		}
	}
	var out []string
	add := func(name string) {
		if !own[name] {
			own[name] = true
			out = append(out, name)
		}
	}
	for _, n := range g.nodes {
		for _, x := range reads(n) {
			add(x)
		}
	}
	for _, v := range g.outputs {
		add(v.name)
	}
	return out
}

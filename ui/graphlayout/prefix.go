package graphlayout

// Prefix returns the part of g that a first screen shows: up to limit nodes, each after all its predecessors and in the order
// of their layers, and the edges between them. nodes and edges give, for every node and edge of the part, its index in g.
// An ill-formed g gives an empty part.
func Prefix(g Graph, limit int) (part Graph, nodes, edges []int) {
	if g.check() != nil || limit <= 0 {
		return Graph{}, nil, nil
	}
	w := &work{g: &g, n: len(g.Nodes)}
	if w.n > 0 {
		w.assignLayers()
	}
	index := make([]int, w.n)
	for i := range index {
		index[i] = -1
	}
	for _, v := range w.byLayer() {
		if len(nodes) == limit {
			break
		}
		index[v] = len(nodes)
		nodes = append(nodes, int(v))
		part.Nodes = append(part.Nodes, g.Nodes[v])
	}
	for i, e := range g.Edges {
		if index[e.From] >= 0 && index[e.To] >= 0 {
			part.Edges = append(part.Edges, Edge{From: index[e.From], To: index[e.To], Source: e.Source})
			edges = append(edges, i)
		}
	}
	return part, nodes, edges
}

package graphlayout

import "math/rand/v2"

// builder grows a test graph.
type builder struct {
	Graph
}

func (b *builder) node(kind Kind, w, h float32, from ...int) int {
	b.Nodes = append(b.Nodes, Node{W: w, H: h, Kind: kind})
	v := len(b.Nodes) - 1
	for _, f := range from {
		b.Edges = append(b.Edges, Edge{From: f, To: v, Source: f})
	}
	return v
}

func (b *builder) op(from ...int) int { return b.node(Op, 120, 40, from...) }

// resNet builds residual blocks up to about nodes nodes; every fourth block has a convolution in its shortcut. trunk lists the
// nodes on the main path.
func resNet(nodes int) (g Graph, trunk []int) {
	var b builder
	x := b.node(Input, 80, 24)
	trunk = append(trunk, x)
	for block := 0; len(b.Nodes)+9 <= nodes; block++ {
		shortcut := x
		for range 2 {
			x = b.op(x)
			trunk = append(trunk, x)
			x = b.node(Op, 90, 24, x)
			trunk = append(trunk, x)
		}
		x = b.op(x)
		trunk = append(trunk, x)
		if block%4 == 0 {
			shortcut = b.op(shortcut)
		}
		x = b.node(Op, 70, 24, x, shortcut)
		trunk = append(trunk, x)
		x = b.node(Op, 90, 24, x)
		trunk = append(trunk, x)
	}
	y := b.node(Output, 80, 24, x)
	return b.Graph, append(trunk, y)
}

// transformer builds attention blocks up to about nodes nodes, with one mask and one table of constants that feed them all.
func transformer(nodes int) Graph {
	var b builder
	x := b.node(Input, 80, 24)
	mask := b.node(Input, 80, 24)
	table := b.node(Constant, 100, 24)
	for len(b.Nodes)+24 <= nodes {
		n := b.op(x)
		heads := make([]int, 3)
		for i := range heads {
			h := b.op(n)
			h = b.op(h)
			shape := b.op(h)
			dim := b.node(Constant, 60, 20)
			h = b.op(h, b.op(shape, dim))
			heads[i] = b.op(h, table)
		}
		s := b.op(heads[0], heads[1])
		s = b.op(s, mask)
		s = b.op(s)
		s = b.op(b.op(s, heads[2]))
		x = b.op(x, s)
		n = b.op(x)
		n = b.op(b.op(b.op(n)))
		x = b.op(x, n)
	}
	b.node(Output, 80, 24, x)
	return b.Graph
}

// random builds a graph with edges in any direction, loops and parallel edges included.
func random(nodes, edges int, seed uint64) Graph {
	r := rand.New(rand.NewPCG(seed, 7))
	var b builder
	for range nodes {
		b.node(Kind(r.IntN(4)), 20+200*r.Float32(), 10+60*r.Float32())
	}
	for range edges {
		b.Edges = append(b.Edges, Edge{From: r.IntN(nodes), To: r.IntN(nodes), Source: r.IntN(3)})
	}
	return b.Graph
}

// forward turns all edges of g to run from lower to higher indices.
func forward(g Graph) Graph {
	out := Graph{Nodes: g.Nodes}
	for _, e := range g.Edges {
		if e.From > e.To {
			e.From, e.To = e.To, e.From
		}
		if e.From != e.To {
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}
